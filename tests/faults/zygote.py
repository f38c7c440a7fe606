"""Operators at short notice: imports everything once, and forks a process for each operator.

``python -m tests.faults.zygote`` reads the name of a log from each line of its input, starts an
operator that writes there, and prints its process's number. Importing costs seconds, forking
milliseconds; what runs in the fork is `falapp_operator.__main__.main`, as in a pod.
"""

import gc
import os
import signal
import sys

from falapp_operator import __main__ as operator


def main() -> None:
    """Start operators until there is nothing more to read, and end the last one then."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    gc.freeze()
    last = 0
    for line in sys.stdin:
        last = os.fork()
        if not last:
            _become_operator(line.strip())
        print(last, flush=True)
    if last:
        os.kill(last, signal.SIGKILL)


def _become_operator(log: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    sys.argv[:] = ["falapp_operator"]
    code = 1
    try:
        operator.main()
        code = 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
