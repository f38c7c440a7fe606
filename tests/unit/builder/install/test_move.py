import errno
import os
from pathlib import Path

import pytest

from falapp_builder.install.move import move
from falapp_builder.pod.failure import Failure

OLD = 1_000_000_000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A stage with a file, a program in a folder, and a link."""
    folder = tmp_path / "source"
    (folder / "bin").mkdir(parents=True)
    (folder / "a.txt").write_text("new")
    (folder / "bin" / "run").write_text("run")
    (folder / "bin" / "run").chmod(0o755)
    (folder / "link").symlink_to("/nowhere")
    for path in (folder / "a.txt", folder / "bin" / "run", folder / "bin"):
        os.utime(path, (OLD, OLD))
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@pytest.fixture(params=["one file system", "two file systems"])
def _systems(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let moving fail as between two file systems, where it is asked for."""
    if request.param == "one file system":
        return
    real = Path.replace

    def refuse(path: Path, new: Path) -> Path:
        if not path.name.endswith(".falapp"):
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return real(path, new)

    monkeypatch.setattr(Path, "replace", refuse)
    monkeypatch.setattr(Path, "rename", refuse)


@pytest.mark.usefixtures("_systems")
@pytest.mark.parametrize("merged", [False, True])
def test_everything_arrives_as_it_was(source: Path, target: Path, merged: bool) -> None:
    if merged:
        (target / "bin").mkdir()
        (target / "bin" / "other").write_text("other")
        (target / "a.txt").write_text("old")
    move(source, target)
    assert (target / "a.txt").read_text() == "new"
    assert (target / "link").readlink() == Path("/nowhere")
    program = (target / "bin" / "run").stat()
    assert (program.st_mode & 0o777, program.st_mtime) == (0o755, OLD)
    expected = ["other", "run"] if merged else ["run"]
    assert sorted(path.name for path in (target / "bin").iterdir()) == expected
    if not merged:
        assert (target / "bin").stat().st_mtime == OLD


@pytest.mark.usefixtures("_systems")
def test_links_are_replaced_and_not_followed(source: Path, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (target / "a.txt").symlink_to(outside)
    move(source, target)
    assert outside.read_text() == "mine"
    assert not (target / "a.txt").is_symlink()


@pytest.mark.usefixtures("_systems")
def test_no_link_leads_out_of_the_target(source: Path, target: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (target / "bin").symlink_to(outside)
    with pytest.raises(Failure, match="target/bin is a file or a folder"):
        move(source, target)
    assert not list(outside.iterdir())


@pytest.mark.parametrize("name", ["a.txt", "link"])
def test_a_folder_is_not_replaced_by_a_file(source: Path, target: Path, name: str) -> None:
    (target / name).mkdir()
    with pytest.raises(Failure, match=f"{name} is a file or a folder; leave one of them out"):
        move(source, target)


@pytest.mark.parametrize("name", ["replace", "rename"])
def test_other_errors_are_told(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, name, refuse)
    with pytest.raises(OSError, match="No space left"):
        move(source, target)
