"""What comes from Debian: packages on this machine, and a small file system to build on.

The mirror is read from this machine's own package sources; no host name is written here.
"""

import os
import shutil
from pathlib import Path

from tests.cluster import fingerprint, versions
from tests.cluster.cache import Cache
from tests.cluster.errors import ClusterError, CommandError
from tests.cluster.run import Run

INCLUDED = ("ca-certificates", "python3")

SLIMMED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/zoneinfo/right",
    "var/cache",
    "var/lib/apt/lists",
    "var/log",
)
"""Emptied: Kaniko unpacks the base for every build, and none of this is read in a container."""

EXCLUDED = """\
path-exclude /usr/share/doc/*
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
"""

POLICY = Path("/usr/sbin/policy-rc.d")


def mirror(targets: str, release: str) -> str:
    """Find the address of a release's main component in `apt-get indextargets`' answer.

    A mirror has all releases of Debian that are looked after: another release's will do.
    """
    addresses: dict[str, str] = {}
    for line in targets.splitlines():
        codename, component, address = (*line.split(), "", "", "")[:3]
        if component == "main":
            addresses.setdefault(codename, address)
    found = addresses.get(release) or addresses.get(versions.DEBIAN)
    if found:
        return found
    raise ClusterError(
        f"this machine's package sources do not have Debian {release}, which images are "
        "assembled from; add its main component to /etc/apt/sources.list.d"
    )


def install(run: Run, *packages: str) -> None:
    """Install packages on this machine."""
    with run.progress.step("debian", f"installing {', '.join(packages)} with apt-get"):
        # Without systemd Debian would start services by its own scripts, with its own options.
        barred = not Path("/run/systemd/system").exists() and not POLICY.exists()
        if barred:
            POLICY.write_text("#!/bin/sh\nexit 101\n")
            POLICY.chmod(0o755)
        argv = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        try:
            run.call(argv, log="apt", env=quiet, timeout=900)
        except CommandError:  # the lists of packages may be empty, or old
            run.call(["apt-get", "update"], log="apt", timeout=300)
            run.call(argv, log="apt", env=quiet, timeout=900)
        finally:
            if barred:
                POLICY.unlink()
    run.cache.packages.write_text("\n".join(sorted({*packages, *installed(run.cache)})))


def installed(cache: Cache) -> list[str]:
    """Name the packages that this tool has installed on this machine."""
    return cache.packages.read_text().split() if cache.packages.exists() else []


def archive_fingerprint(release: str = versions.DEBIAN) -> str:
    """Say what the file system of a release is made from."""
    return fingerprint.of(
        {
            "release": release,
            "included": INCLUDED,
            "slimmed": SLIMMED,
            "excluded": EXCLUDED,
        }
    )


def archive(run: Run, release: str = versions.DEBIAN) -> Path:
    """Give a tar file of the smallest Debian with Python, making it if it is missing."""
    target = run.cache.archives / f"debian-{archive_fingerprint(release)}.tar"
    if target.exists():
        return target
    if not shutil.which("debootstrap"):
        install(run, "debootstrap")
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        run.progress.step("debian", f"unpacking {release} with Python (about 1 min)"),
        run.cache.scratch("debian") as scratch,
    ):
        root = scratch / "root"
        _bootstrap(run, root, release)
        half = scratch / "half.tar"
        run.call(["tar", "--numeric-owner", "-C", root, "-cf", half, "."], log="debian")
        half.rename(target)
    return target


def _bootstrap(run: Run, root: Path, release: str) -> None:
    answer = run.read(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)"]
    )
    address = mirror(answer, release)
    included = f"--include={','.join(INCLUDED)}"
    # In a mount namespace of its own: an interrupted debootstrap leaves no /proc mounted.
    argv = ["unshare", "--mount", "debootstrap", "--variant=minbase", included]
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    run.call([*argv, release, str(root), address], log="debian", env={"PATH": path})
    slim(root)


def slim(root: Path) -> None:
    """Empty the folders that no container reads, and keep later packages from filling them."""
    for name in SLIMMED:
        folder = root / name
        if folder.is_dir():
            shutil.rmtree(folder)
            folder.mkdir()
    for name in ("var/cache/apt/archives/partial", "var/lib/apt/lists/partial", "var/log/apt"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "etc/dpkg/dpkg.cfg.d/slim").write_text(EXCLUDED)
    for name in ("etc/resolv.conf", "etc/hostname"):
        (root / name).unlink(missing_ok=True)  # the host's own, copied in by debootstrap
