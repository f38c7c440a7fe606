"""The base of users' environments and of our images: a small Debian with Python.

Pulled where that works. Where not, it is unpacked from Debian packages; it holds neither
systemd nor documentation, nor the host's own certificates, so that a product which must work
behind a TLS proxy is tested as such.
"""

from tests.cluster import debian, docker, fingerprint, versions
from tests.cluster.choice import Way
from tests.cluster.run import Run

REPOSITORY = "falapp/python"
IMPORTED = (
    "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "ENV LANG=C.UTF-8",
    'CMD ["python3"]',
)


def tag(minor: str, way: Way) -> str:
    """Name the base image of a Python minor version by what it is made from."""
    release = versions.PYTHONS[minor]
    assembled = way is Way.ASSEMBLED
    source = debian.archive_fingerprint(release) if assembled else versions.python_image(minor)
    return f"{minor}-{fingerprint.of({'source': source, 'imported': IMPORTED})}"


def image(run: Run, minor: str, way: Way) -> str:
    """Give the name of the base image in the local Docker, making it if it is missing."""
    name = f"{REPOSITORY}:{tag(minor, way)}"
    if docker.inspect(run, "image", name):
        return name
    if way is not Way.ASSEMBLED:
        with run.progress.step("base", f"pulling {versions.python_image(minor)}"):
            run.call(["docker", "pull", versions.python_image(minor)], log="base", timeout=900)
            run.call(["docker", "tag", versions.python_image(minor), name], log="base")
        return name
    archive = debian.archive(run, versions.PYTHONS[minor])
    changes = [f"LABEL {docker.LABEL}={tag(minor, way)}", *IMPORTED]
    with run.progress.step("base", "importing into Docker"):
        options = [word for change in changes for word in ("--change", change)]
        run.call(["docker", "import", *options, archive, name], log="base")
    return name
