"""What may go wrong, as sentences that a person can act on.

ClusterError            the cluster cannot be had; the message names what, value and way out
└── CommandError        a command failed; the message ends with the last lines it printed
"""


class ClusterError(Exception):
    """The cluster cannot be had. The message is one clear sentence."""


class CommandError(ClusterError):
    """A command that this tool ran ended badly."""
