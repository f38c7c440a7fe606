import pytest

from tests.cluster import debian, versions
from tests.cluster.errors import ClusterError

TARGETS = """\
bookworm-security main http://mirror.example/debian-security/
bookworm contrib http://mirror.example/contrib/
bookworm main http://mirror.example/debian/
trixie main http://mirror.example/trixie/
"""


@pytest.mark.parametrize(
    ("release", "address"),
    [
        ("bookworm", "http://mirror.example/debian/"),
        ("trixie", "http://mirror.example/trixie/"),
        ("forky", "http://mirror.example/debian/"),  # one mirror has all of them
    ],
)
def test_the_mirror_is_the_machines_own(release, address):
    assert debian.mirror(TARGETS, release) == address


def test_each_release_is_an_archive_of_its_own():
    stamps = {debian.archive_fingerprint(release) for release in versions.PYTHONS.values()}
    assert len(stamps) == len(versions.PYTHONS)


@pytest.mark.parametrize("targets", ["", "noble main http://mirror.example/ubuntu/\n"])
def test_another_distribution_is_told_what_is_missing(targets):
    with pytest.raises(ClusterError, match="do not have Debian bookworm"):
        debian.mirror(targets, "bookworm")


def test_slimming_leaves_a_tree_that_apt_can_work_in(tmp_path):
    for name in ("usr/share/doc/x", "var/lib/apt/lists/partial", "etc/dpkg/dpkg.cfg.d"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "usr/share/doc/x/copyright").write_text("long")
    (tmp_path / "etc/resolv.conf").write_text("nameserver 192.0.2.1")
    debian.slim(tmp_path)
    assert list((tmp_path / "usr/share/doc").iterdir()) == []
    assert (tmp_path / "var/lib/apt/lists/partial").is_dir()
    assert not (tmp_path / "etc/resolv.conf").exists()
    assert "path-exclude" in (tmp_path / "etc/dpkg/dpkg.cfg.d/slim").read_text()
