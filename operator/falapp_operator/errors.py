"""The operator's errors.

    FalappError
    ├── UserError        the spec is wrong; waits for a new one
    ├── TransientError   the world is wrong; tried again with growing pauses
    │   ├── ConflictError    somebody wrote the object in between
    │   ├── FencedError      another operator may lead: this one writes nothing
    │   ├── ForbiddenError   the operator may not read the object
    │   └── RefusedError     the API server does not accept what we write
    └── MissingError     the object is not there

Everything else that is raised is a bug: it is logged with its traceback and tried again, too.
"""


class FalappError(Exception):
    """The base of the operator's errors."""


class UserError(FalappError):
    """A spec that cannot be used as it stands.

    Attributes:
        reason: The condition's reason.
        message: One sentence: field, value, way out.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class TransientError(FalappError):
    """Something outside did not answer, or answered that it cannot now.

    Attributes:
        pause: The seconds that it asked to be left alone; 0 if it named none.
    """

    def __init__(self, text: str = "", *, pause: float = 0.0) -> None:
        super().__init__(text)
        self.pause = pause


class ConflictError(TransientError):
    """The API server holds a newer version of the object than the one that was looked at."""


class FencedError(TransientError):
    """A write that was not sent, since the Lease may be another operator's by now."""


class ForbiddenError(TransientError):
    """A read that the operator's roles do not allow."""


class RefusedError(TransientError):
    """A write that the API server does not accept: invalid, forbidden, over a quota.

    Attributes:
        detail: The API server's words. They may quote values, so they belong into the status of
            the object that holds those values, and into no log.
    """

    def __init__(self, text: str, detail: str) -> None:
        super().__init__(text)
        self.detail = detail


class MissingError(FalappError):
    """The API server does not have the object."""
