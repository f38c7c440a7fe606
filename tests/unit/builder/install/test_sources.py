"""Packages that are built: from git at a commit and from archives, with the real uv and pip."""

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from falapp_builder.install import step
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.pod.recipe import Item, Recipe
from tests.unit.builder.forge import TOKEN, Forge, _git, project
from tests.unit.builder.index import PASSWORD, SIGNATURE, USER, Index
from tests.unit.builder.made import packages
from tests.unit.builder.wheelhouse import group, wheel

OPEN = {"0": ("--no-build-isolation",)}
RESOLVERS = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    folder = tmp_path / "forge"
    folder.mkdir()
    with Forge(folder) as started:
        yield started


def sources(*items: Item, **changes: Any) -> Recipe:
    return group(*items, kind="sources", **changes)


def archive(places: Places, name: str, files: dict[str, str], **changes: Any) -> Item:
    """Put a source distribution where plan puts it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        for path, text in {"PKG-INFO": metadata, **files}.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    path = places.wheel(digest, f"{name}-1.0.tar.gz")
    path.parent.mkdir(parents=True)
    path.write_bytes(buffer.getvalue())
    return Item(**{"name": name, "version": "1.0", "path": str(path), "sha256": digest} | changes)


def version(environment: Path, name: str) -> str:
    code = f"import {name}; print({name}.version)"
    command = [str(environment / "bin" / "python"), "-B", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def secret(places: Places, **values: str) -> tuple[str, ...]:
    places.secrets.mkdir()
    for name, value in values.items():
        (places.secrets / name).write_text(value)
    return tuple(values)


@RESOLVERS
@pytest.mark.parametrize("userinfo", ["${TOKEN}", "oauth2:${TOKEN}", "${TOKEN}:x-oauth-basic"])
def test_git_at_its_commit_with_a_token(
    places: Places,
    environment: Path,
    forge: Forge,
    resolver: str,
    userinfo: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    commit = forge.add("alpha", project("alpha", "1.5"))
    direct = {"url": f"http://{forge.host}/alpha.git", "vcs_info": {"vcs": "git"}}
    item = Item(
        name="alpha",
        version="1.5",
        repository=f"http://{userinfo}@{forge.host}/alpha.git",
        commit=commit,
        direct=direct,
    )
    step.install(places, sources(item, resolver=resolver, variables=secret(places, TOKEN=TOKEN)))
    assert version(environment, "alpha") == "1.5"
    site = packages(environment)
    assert json.loads((site / "alpha-1.5.dist-info/direct_url.json").read_text()) == direct
    assert list(site.glob("alpha/__pycache__/*.pyc"))
    assert not places.stage.exists()
    files = b"".join(p.read_bytes() for p in environment.rglob("*") if p.is_file())
    assert TOKEN.encode() not in files
    assert TOKEN not in "".join(capfd.readouterr())


@RESOLVERS
def test_archives_and_their_folders(places: Places, environment: Path, resolver: str) -> None:
    folder = {f"python/{path}": text for path, text in project("beta", "1.0").items()}
    items = [
        archive(places, "alpha", project("alpha", "1.0")),
        archive(places, "beta", folder, subdirectory="python"),
    ]
    step.install(places, sources(*items, resolver=resolver))
    assert (version(environment, "alpha"), version(environment, "beta")) == ("1.0", "1.0")
    assert not list(packages(environment).glob("*/direct_url.json"))


def test_a_folder_of_a_repository(places: Places, environment: Path, forge: Forge) -> None:
    forge.open = True
    files = {f"python/{path}": text for path, text in project("alpha", "1.0").items()}
    item = Item(
        name="alpha",
        version="",
        repository=f"http://{forge.host}/alpha.git",
        commit=forge.add("alpha", files),
        subdirectory="python",
    )
    step.install(places, sources(item))
    assert version(environment, "alpha") == "1.0"


@RESOLVERS
def test_build_requirements_come_from_the_indexes_of_the_layer(
    places: Places,
    environment: Path,
    index: Index,
    resolver: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    index.add("helper", "3.0")
    files = project("alpha", "1.0", extra="import helper")
    files["pyproject.toml"] = files["pyproject.toml"].replace("[]", '["helper"]')
    item = archive(places, "alpha", files, layer=1)
    options = {"0": (), "1": ("--index-url=${INDEX}",)}
    names = secret(places, INDEX=index.url)
    step.install(places, sources(item, resolver=resolver, options=options, variables=names))
    assert version(environment, "alpha") == "1.0"
    assert not list(packages(environment).glob("helper*"))
    said = "".join(capfd.readouterr())
    assert not any(word in said for word in (USER, PASSWORD, SIGNATURE))


@RESOLVERS
def test_without_isolation_sources_see_the_environment(
    places: Places, environment: Path, resolver: str
) -> None:
    step.install(places, group(wheel(places, "helper"), resolver=resolver))
    tool = environment / "bin" / "tool-of-the-environment"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    extra = f"import helper, shutil; assert shutil.which('{tool.name}')"
    files = project("alpha", "1.0", extra=extra)
    item = archive(places, "alpha", files)
    with pytest.raises(Failure, match="alpha") as caught:
        step.install(places, sources(item, resolver=resolver))
    assert caught.value.reason is Reason.COMPILE_FAILED
    assert "No module named 'helper'" in caught.value.log
    step.install(places, sources(item, resolver=resolver, options=OPEN))
    assert version(environment, "alpha") == "1.0"
    assert (packages(environment) / "helper/__init__.py").exists()


@RESOLVERS
def test_a_layer_without_isolation_sees_what_earlier_ones_built(
    places: Places, environment: Path, resolver: str
) -> None:
    files = project("alpha", "1.0", extra="import beta, gamma")
    items = [
        archive(places, "alpha", files, layer=2),
        archive(places, "beta", project("beta", "1.0")),
        archive(places, "gamma", project("gamma", "1.0"), layer=1),
    ]
    options = {"0": (), "1": OPEN["0"], "2": OPEN["0"]}
    step.install(places, sources(*items, resolver=resolver, options=options))
    assert [version(environment, name) for name in ("alpha", "beta", "gamma")] == ["1.0"] * 3
    assert not places.stage.exists()


@RESOLVERS
def test_a_layer_without_isolation_leaves_the_others_isolated(
    places: Places, environment: Path, resolver: str
) -> None:
    step.install(places, group(wheel(places, "helper"), resolver=resolver))
    alone = "import importlib.util as u; assert not u.find_spec('helper'), 'it is seen'"
    items = [
        archive(places, "alpha", project("alpha", "1.0", extra="import helper")),
        archive(places, "beta", project("beta", "1.0", extra=alone), layer=1),
    ]
    options = {"0": OPEN["0"], "1": ()}
    step.install(places, sources(*items, resolver=resolver, options=options))
    assert [version(environment, name) for name in ("alpha", "beta")] == ["1.0"] * 2


def test_an_archive_that_is_another(places: Places, environment: Path) -> None:
    item = archive(places, "alpha", project("alpha", "1.0"))
    with Path(item.path).open("ab") as file:
        file.write(b"!")
    with pytest.raises(Failure, match="hash mismatch") as caught:
        step.install(places, sources(item))
    assert caught.value.reason is Reason.HASH_MISMATCH


@pytest.mark.parametrize("folder", ["nowhere", "../../.."])
def test_a_folder_that_an_archive_lacks(places: Places, environment: Path, folder: str) -> None:
    item = archive(places, "alpha", project("alpha", "1.0"), subdirectory=folder)
    with pytest.raises(Failure, match=r"has no folder .*; check subdirectory="):
        step.install(places, sources(item))


def test_a_server_that_gives_no_commit_by_its_hash(
    places: Places, environment: Path, forge: Forge
) -> None:
    commit = forge.add("alpha", project("alpha", "1.0"))
    work = forge.folder / "work-alpha"
    _git(work, "commit", "--quiet", "--allow-empty", "--message", "a later one")
    _git(work, "push", "--quiet", "--force", str(forge.folder / "alpha.git"), "main", ":v1")
    forge.open, answer = True, forge.answer

    def of_old(request: BaseHTTPRequestHandler) -> None:
        del request.headers["Git-Protocol"]
        answer(request)

    forge.answer = of_old  # type: ignore[method-assign]
    url = f"http://{forge.host}/alpha.git"
    step.install(places, sources(Item(name="alpha", version="1.0", repository=url, commit=commit)))
    assert version(environment, "alpha") == "1.0"


@pytest.mark.parametrize(
    ("token", "status", "reason"),
    [
        ("wrong", 0, Reason.ACCESS_DENIED),
        (TOKEN, 404, Reason.PACKAGE_NOT_FOUND),
        (TOKEN, 403, Reason.ACCESS_DENIED),
    ],
)
def test_git_refuses(  # noqa: PLR0917
    places: Places,
    environment: Path,
    forge: Forge,
    token: str,
    status: int,
    reason: Reason,
    capfd: pytest.CaptureFixture[str],
) -> None:
    commit = forge.add("alpha", project("alpha", "1.0"))
    forge.status = status
    repository = f"http://${{TOKEN}}@{forge.host}/alpha.git"
    item = Item(name="alpha", version="1.0", repository=repository, commit=commit)
    with pytest.raises(Failure) as caught:
        step.install(places, sources(item, variables=secret(places, TOKEN=token)))
    assert caught.value.reason is reason
    assert f"`alpha @ git+http://{forge.host}/alpha.git`" in caught.value.message
    assert token not in caught.value.message + caught.value.log + "".join(capfd.readouterr())


@pytest.mark.parametrize("value", ["--upload-pack=touch /tmp/x", "ext::sh -c true", "file:///etc"])
def test_an_address_that_git_must_not_follow(places: Places, environment: Path, value: str) -> None:
    item = Item(name="alpha", version="1.0", repository="${URL}", commit="0" * 40)
    with pytest.raises(Failure, match="holds none of git") as caught:
        step.install(places, sources(item, variables=secret(places, URL=value)))
    assert caught.value.reason is Reason.INVALID_REQUIREMENT


def test_no_other_server_is_shown_the_token(
    places: Places, environment: Path, forge: Forge, tmp_path: Path
) -> None:
    """A repository may name submodules anywhere; their servers are asked without the token."""
    folder = tmp_path / "other"
    folder.mkdir()
    with Forge(folder) as other:
        other.open = True
        seen: list[str | None] = []
        answer = other.answer
        other.answer = lambda r: (seen.append(r.headers["Authorization"]), answer(r))[1]  # type: ignore[method-assign]
        module = other.add("module", {"file.txt": "text\n"})
        files = project("alpha", "1.0", extra="assert pathlib.Path('sub/file.txt').exists()")
        url = f"http://{other.host}/module.git"
        files[".gitmodules"] = f'[submodule "sub"]\npath = sub\nurl = {url}\n'
        forge.add("alpha", files)
        work = forge.folder / "work-alpha"
        _git(work, "update-index", "--add", "--cacheinfo", f"160000,{module},sub")
        _git(work, "commit", "--quiet", "--message", "a submodule")
        _git(work, "push", "--quiet", str(forge.folder / "alpha.git"), "main")
        commit = _git(work, "rev-parse", "HEAD").strip()
        repository = f"http://${{TOKEN}}@{forge.host}/alpha.git"
        item = Item(name="alpha", version="1.0", repository=repository, commit=commit)
        step.install(places, sources(item, variables=secret(places, TOKEN=TOKEN)))
    assert seen
    assert set(seen) == {None}
