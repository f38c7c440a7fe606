"""The errors of this package. Their texts name hosts and files, and never credentials."""


class CredentialsError(ValueError):
    """A file of credentials cannot be used; the text is one sentence that says which and why."""


class ImageNameError(ValueError):
    """A text is not the name of an image; the text is one sentence."""


class TokenError(Exception):
    """A registry wants a token, and the service that it names gives none.

    Attributes:
        status: The answer's status; 0 if the service was never asked.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
