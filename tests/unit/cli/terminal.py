"""A program in a real pseudo-terminal, which what it shows is read from."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time


class Terminal:
    """`falapp` with arguments, on a terminal of 120 by 40."""

    def __init__(self, *arguments, variables=None, folder=None):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "falapp_cli", *arguments],
            stdin=slave, stdout=slave, stderr=slave, close_fds=True, start_new_session=True,
            env=(variables or os.environ) | {"TERM": "xterm-256color"}, cwd=folder,
            preexec_fn=hears_ctrl_c,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def until(self, wanted, seconds=30):
        """Read until it has shown ``wanted``."""
        deadline = time.monotonic() + seconds
        while wanted not in self.text:
            assert time.monotonic() < deadline, f"{wanted!r} was not shown:\n{self.text}"
            assert self._read() or wanted in self.text, f"{wanted!r} was not shown:\n{self.text}"
        return self

    def press_ctrl_c(self):
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self):
        """Read what is left, and return the exit code."""
        while self._read():
            pass
        return self.process.wait(timeout=30)

    def _read(self):
        """Read what there is, and return whether there may be more."""
        readable, _, _ = select.select([self._master], [], [], 0.2)
        if not readable:
            return self.process.poll() is None
        try:
            self.text += os.read(self._master, 65536).decode(errors="replace")
        except OSError:  # the other end is closed
            return False
        return True


def hears_ctrl_c():
    """Undo what a shell does to what it runs in its background, as CI may: SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
