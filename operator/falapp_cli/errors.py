"""What ends a command, and with which exit code.

    CliError        1: what was asked for did not come about
    ├── InputError      3: a file or an option is wrong
    └── ClusterError    4: the cluster does not answer, refuses, or lacks what falapp needs
        ├── MissingError
        ├── ForbiddenError
        └── UnavailableError

Wrong usage (an unknown option) is 2, as everywhere; Ctrl-C is 130.
"""


class CliError(Exception):
    """One sentence: what, where, and what to do."""

    code = 1


class InputError(CliError):
    """A file or an option that cannot be used."""

    code = 3


class ClusterError(CliError):
    """A cluster that does not answer, refuses, or lacks what falapp needs."""

    code = 4


class MissingError(ClusterError):
    """The cluster does not have the object."""


class ForbiddenError(ClusterError):
    """The cluster does not let you."""


class UnavailableError(ClusterError):
    """The cluster does not answer, or not now; it may a moment later."""
