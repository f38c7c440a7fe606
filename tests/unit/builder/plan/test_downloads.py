import errno
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from falapp_builder.plan import cache, downloads
from falapp_builder.plan.cache import Cache
from falapp_builder.plan.downloads import Downloads
from falapp_builder.plan.wheels import Choice
from falapp_builder.pod import request
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.packages import File, Package
from falapp_builder.pod.places import Places

from .test_fetch import CONTENT, SHA256, Files

Ask = Callable[..., None]


@pytest.fixture
def server() -> Iterator[Files]:
    with Files() as started:
        yield started


@pytest.fixture
def files(places: Places, ask: Ask) -> Iterator[Downloads]:
    ask()
    with downloads.opened(places, request.read(places.request), {}) as opened:
        yield opened


@pytest.fixture
def private(places: Places, ask: Ask) -> Iterator[Downloads]:
    ask(private=True)
    with downloads.opened(places, request.read(places.request), {}) as opened:
        yield opened


def choice(server: Files, name: str = "a", size: int | None = 5000, sha256: str = SHA256) -> Choice:
    file = f"{name}-1.0-py3-none-any.whl"
    wheel = File(url=f"http://{server.host}/{file}", name=file, size=size, sha256=sha256)
    package = Package(name=name, version="1.0", kind="wheel", files=(wheel,))
    return Choice(package=package, kind="wheel", file=wheel)


def test_files_come_to_their_places_and_into_the_cache(
    places: Places, files: Downloads, server: Files
) -> None:
    places.cache.mkdir()
    assert files.fetched([choice(server, name) for name in "abcdefgh"]) == 8 * len(CONTENT)
    for name in "abcdefgh":
        assert places.wheel(SHA256, f"{name}-1.0-py3-none-any.whl").read_bytes() == CONTENT
    assert [path.name for path in places.wheels.iterdir()] == [SHA256]
    assert [path.name for path in places.cache.iterdir()] == [SHA256]


def test_what_is_kept_is_not_fetched(places: Places, files: Downloads, server: Files) -> None:
    places.cache.mkdir()
    kept = places.cache / SHA256
    kept.write_bytes(CONTENT)
    os.utime(kept, (1, 1))
    assert files.fetched([choice(server)]) == len(CONTENT)
    assert server.seen == []
    assert kept.stat().st_mtime > 1, "it was used"


@pytest.mark.parametrize(
    ("kind", "changes", "kept"),
    [
        ("files", {"secret": True}, False),
        ("files", {"url": "https://files.example/a.whl"}, True),
        ("private", {"secret": True}, False),
        ("private", {"url": "https://files.example/a.whl"}, False),
        ("private", {}, True),
    ],
)
@pytest.mark.parametrize("hashed", [True, False])
def test_who_knows_a_hash_gets_no_file_of_others(
    *,
    places: Places,
    server: Files,
    kind: str,
    changes: dict[str, Any],
    kept: bool,
    hashed: bool,
    request: pytest.FixtureRequest,
) -> None:
    """What only some may read is not put into the cache, nor taken from it."""
    files: Downloads = request.getfixturevalue(kind)
    places.cache.mkdir()
    found = choice(server, sha256=SHA256 if hashed else "")
    found = replace(found, package=replace(found.package, **changes))
    files.fetched(files.measured([found]))
    assert (places.cache / SHA256).exists() is kept
    (places.cache / SHA256).write_bytes(CONTENT)
    for path in places.wheels.glob("*/*"):
        path.unlink()
    server.seen.clear()
    known = choice(server)
    files.fetched([replace(known, package=replace(known.package, **changes))])
    assert len(server.seen) == (0 if kept else 1)


def test_a_damaged_one_is_replaced(places: Places, files: Downloads, server: Files) -> None:
    places.cache.mkdir()
    (places.cache / SHA256).write_bytes(CONTENT[:-1] + b"!")
    files.fetched([choice(server)])
    assert len(server.seen) == 1
    assert (places.cache / SHA256).read_bytes() == CONTENT
    assert places.wheel(SHA256, "a-1.0-py3-none-any.whl").read_bytes() == CONTENT


def test_without_a_volume_nothing_is_kept(places: Places, files: Downloads, server: Files) -> None:
    files.fetched([choice(server)])
    assert not places.cache.exists()


def test_sizes_and_hashes_that_the_lock_lacks(
    files: Downloads, server: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [choice(server, "a"), choice(server, "b", size=None)]
    asked.append(choice(server, "c", size=None, sha256=""))
    found = [c.file for c in files.measured(asked) if c.file]
    assert [(f.size, f.sha256) for f in found] == [(len(CONTENT), SHA256)] * 3
    said = capsys.readouterr().out
    assert said == f"falapp: c-1.0-py3-none-any.whl: no hash was announced, it is {SHA256}\n"
    requests = sorted(request for request, _ in server.seen)
    assert requests == ["GET /c-1.0-py3-none-any.whl", "HEAD /b-1.0-py3-none-any.whl"]
    files.fetched(c for c in files.measured(asked) if c.name != "b")
    assert len([r for r, _ in server.seen if r.startswith("GET /c")]) == 2, "and no third time"


def test_the_failure_that_began_it_is_told(files: Downloads, server: Files) -> None:
    asked = [choice(server, name) for name in "abc"]
    asked += [choice(server, "d", sha256="0" * 64, size=None)]
    with pytest.raises(Failure, match="hash mismatch") as caught:
        files.fetched(asked)
    assert caught.value.reason is Reason.HASH_MISMATCH


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (errno.ENOSPC, Reason.DISK_FULL),
        (errno.EDQUOT, Reason.DISK_FULL),
        (errno.EIO, Reason.BUILD_FAILED),
    ],
)
def test_a_disk_that_takes_no_more(
    files: Downloads, server: Files, monkeypatch: pytest.MonkeyPatch, code: int, reason: Reason
) -> None:
    def full(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(Failure, match="disk of the build") as caught:
        files.fetched([choice(server)])
    assert caught.value.reason is reason


@pytest.mark.parametrize("name", ["../a.whl", ".a.whl", "a b.whl", "a/b.whl", "", "a\n.whl"])
def test_a_name_that_would_lead_elsewhere(files: Downloads, server: Files, name: str) -> None:
    wheel = File(url=f"http://{server.host}/a", name=name, size=1, sha256=SHA256)
    package = Package(name="a", version="1", kind="wheel", files=(wheel,))
    with pytest.raises(Failure, match="is no name of a package's file"):
        files.measured([Choice(package=package, kind="wheel", file=wheel)])


def test_a_full_volume_loses_what_was_not_used_for_longest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, source = tmp_path / "cache", tmp_path / "new"
    folder.mkdir()
    source.write_bytes(b"n" * 150)
    for age, name in enumerate("dcba"):
        (folder / name).write_bytes(b"x" * 100)
        os.utime(folder / name, (1000 + age, 1000 + age))
    real = Cache._copy

    def copy(self: Cache, sha256: str, path: Path) -> None:
        if sum(file.stat().st_size for file in folder.iterdir()) > 250:
            raise OSError(errno.ENOSPC, "full")
        real(self, sha256, path)

    monkeypatch.setattr(cache.Cache, "_copy", copy)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    Cache(folder).keep(digest, source)
    assert sorted(file.name for file in folder.iterdir()) == sorted(["a", "b", digest])


def test_a_volume_that_cannot_be_written_is_no_hindrance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(cache.Cache, "_copy", refuse)
    Cache(tmp_path).keep(SHA256, tmp_path / "absent")
    assert "is not kept (Read-only file system)" in capsys.readouterr().out
