"""A Docker daemon for machines that have none: installs it, starts it, ends it.

A daemon that answers is used as it is. We end only the process that we recorded, and only
while it is still that process: a process id alone may have been given to another since.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.cluster import debian, docker
from tests.cluster.cache import Cache
from tests.cluster.errors import ClusterError
from tests.cluster.run import Run, tail, within

FILES = Path(__file__).parent / "files" / "docker"
RUNTIME = "runc-without-sys-resource"
SYS_RESOURCE = 24  # the number of the capability, linux/capability.h
STATE = Path("/var/run")


@dataclass(frozen=True, kw_only=True)
class Record:
    """The daemon that we started."""

    pid: int
    born: str
    """When the kernel started that process; together they name one process for good."""


def ensure(run: Run) -> bool:
    """Have a Docker daemon answer; tell whether it had to be started."""
    if docker.answers(run):
        return False
    if os.environ.get("DOCKER_HOST"):
        raise ClusterError(
            f"DOCKER_HOST={os.environ['DOCKER_HOST']} does not answer; start it, or unset it"
        )
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise ClusterError(
            "Docker does not answer, and only root on Debian can have it installed here; "
            "start Docker, then run this again"
        )
    if not shutil.which("dockerd"):
        debian.install(run, "docker.io", "iptables")
    with run.progress.step("docker", "starting the daemon"):
        if Path("/run/systemd/system").exists():
            run.call(["systemctl", "start", "docker"], log="docker")
            child = None
        else:
            child = _start(run.cache)
        _wait(run, child)
    return True


def lacks_sys_resource(status: str) -> bool:
    """Read from /proc/self/status whether root is short of that capability."""
    words = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return not int(words["CapEff"].strip(), 16) >> SYS_RESOURCE & 1


def recorded(cache: Cache) -> bool:
    """Tell whether a daemon was started by this tool, and not ended by it since."""
    return _record(cache).exists()


def stop(cache: Cache, patience: float = 40) -> bool:
    """End the daemon if it is ours; tell whether it was."""
    record = _recorded(cache)
    ours = record is not None and _born(record.pid) == record.born
    if record is not None and ours:
        pid, born = record.pid, record.born
        os.kill(pid, signal.SIGTERM)
        if not within(patience, lambda: _born(pid) != born):
            os.kill(pid, signal.SIGKILL)
    _record(cache).unlink(missing_ok=True)
    return ours


def _start(cache: Cache) -> subprocess.Popen[bytes]:
    cache.docker.mkdir(parents=True, exist_ok=True)
    _clear_stale()
    argv = ["dockerd", "--exec-opt", "native.cgroupdriver=cgroupfs"]
    if lacks_sys_resource(Path("/proc/self/status").read_text()):
        runtime = cache.docker / RUNTIME
        shutil.copy(FILES / RUNTIME, runtime)  # the daemon may outlive this work tree
        argv += ["--add-runtime", f"nosysres={runtime}", "--default-runtime", "nosysres"]
    with (cache.docker / "dockerd.log").open("wb") as log:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            start_new_session=True,  # it is to outlive the shell that started us
        )
    record = Record(pid=child.pid, born=_born(child.pid) or "")
    _record(cache).write_text(json.dumps(asdict(record)))
    return child


def _wait(run: Run, child: subprocess.Popen[bytes] | None, patience: float = 60) -> None:
    def settled() -> bool:
        return docker.answers(run) or (child is not None and child.poll() is not None)

    within(patience, settled)
    if not docker.answers(run):
        log = run.cache.docker / "dockerd.log"
        raise ClusterError(
            f"the Docker daemon does not answer after {patience:.0f} s, or ended; "
            f"{log} ends with:\n{tail(log)}"
        )


def _clear_stale() -> None:
    """Remove what a daemon that died left behind.

    Docker believes a pid file whose number any process has today, and waits for a containerd
    that is gone.
    """
    for pid_file, name in (
        (STATE / "docker.pid", "dockerd"),
        (STATE / "docker/containerd/containerd.pid", "containerd"),
    ):
        if not pid_file.exists():
            continue
        if _runs(pid_file.read_text().strip(), name):
            continue  # alive after all: it may only be slow to answer
        pid_file.unlink()
        for socket in (*pid_file.parent.glob("*.sock"), *pid_file.parent.glob("*.sock.ttrpc")):
            if socket.stem.split(".")[0] in ("docker", "containerd", "containerd-debug"):
                socket.unlink()


def _runs(pid: str, name: str) -> bool:
    """Tell whether this process lives and is that program; Docker takes a zombie for alive."""
    if not pid.isdecimal() or _born(int(pid)) is None:
        return False
    return Path(f"/proc/{pid}/comm").read_text().strip() == name


def _record(cache: Cache) -> Path:
    return cache.docker / "daemon.json"


def _recorded(cache: Cache) -> Record | None:
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Record(**json.loads(_record(cache).read_text()))
    return None


def _born(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name before it may hold spaces
    return None if fields[0] == "Z" else fields[19]
