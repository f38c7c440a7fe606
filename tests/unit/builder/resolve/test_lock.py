import tomllib
from pathlib import Path

from falapp_builder.resolve import lock
from falapp_builder.resolve.lock import File, Package

TEXT = """
lock-version = "1.0"
[[packages]]
name = "alpha"
version = "1.0"
sdist = { url = "https://h/alpha-1.0.tar.gz", hashes = { sha256 = "01" } }
wheels = [{ url = "https://h/alpha%2B.whl?x=1", size = 5, hashes = { sha256 = "00" } }]
[[packages]]
name = "beta"
version = "2.0"
archive = { url = "https://h/beta.whl", hashes = { md5 = "00" } }
[[packages]]
name = "gamma"
vcs = { type = "git", url = "https://h/g.git", commit-id = "3f1c", subdirectory = "py" }
"""

PACKAGES = (
    Package(
        name="alpha",
        version="1.0",
        files=(
            File(url="https://h/alpha%2B.whl?x=1", sha256="00", size=5),
            File(url="https://h/alpha-1.0.tar.gz", sha256="01"),
        ),
    ),
    Package(name="beta", version="2.0", files=(File(url="https://h/beta.whl"),), direct=True),
    Package(
        name="gamma",
        repository="https://h/g.git",
        commit="3f1c",
        subdirectory="py",
        direct=True,
    ),
)


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(TEXT)
    assert lock.read(path) == PACKAGES
    assert [file.name for file in PACKAGES[0].files] == ["alpha+.whl", "alpha-1.0.tar.gz"]


def test_addresses() -> None:
    found = [package.address for package in PACKAGES]
    assert found == ["", "https://h/beta.whl", "git+https://h/g.git@3f1c#subdirectory=py"]


def test_later_layers_win() -> None:
    newer = Package(name="alpha", version="2.0")
    assert lock.merged([PACKAGES, (newer,)]) == {
        "alpha": newer,
        "beta": PACKAGES[1],
        "gamma": PACKAGES[2],
    }


def test_preferences_are_a_lock() -> None:
    data = tomllib.loads(lock.preferences({"alpha": "1.0"}))
    assert data["packages"] == [{"name": "alpha", "version": "1.0"}]
    assert tomllib.loads(lock.preferences({}))["packages"] == []


def test_constraints_are_addresses() -> None:
    lines = "beta @ https://h/beta.whl\ngamma @ git+https://h/g.git@3f1c#subdirectory=py\n"
    assert lock.constraints(PACKAGES[1:]) == lines
    assert lock.constraints([]) == ""
