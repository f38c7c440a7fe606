"""What may go wrong, as sentences that a person can act on.

ClusterError            the cluster cannot be had; the message names what, value and way out
└── CommandError        a command failed; the message ends with the last lines it printed
Stopped                 another step has failed or the user has had enough: no error of one's own
"""


class ClusterError(Exception):
    """The cluster cannot be had. The message is one clear sentence."""


class CommandError(ClusterError):
    """A command that this tool ran ended badly."""


class Stopped(Exception):  # noqa: N818  # not an error: nobody is to catch it as one
    """The run is being ended; no command is started any more."""
