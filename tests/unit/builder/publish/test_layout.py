import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.planned import Layer
from falapp_builder.publish import layout
from tests.unit.builder.layouts import (
    ALPHA,
    BASE,
    BETA,
    VENV_GROUP,
    descriptor,
    diff_id,
    run,
    write_layout,
)
from tests.unit.builder.oci import DOCKER, OCI, digest_of

GROUND = [Layer(digest=digest_of(b), size=len(b), media_type="", diff_id=diff_id(b)) for b in BASE]
STEPS = [VENV_GROUP.step, ALPHA.step, BETA.step]
BY_STEP = {layout.VENV: VENV_GROUP, ALPHA.id: ALPHA, BETA.id: BETA}

Change = Callable[[dict[str, Any], dict[str, Any]], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out" / "oci"


@pytest.mark.parametrize("media_type", [DOCKER, OCI])
def test_layers_are_found_by_what_made_them(folder: Path, media_type: str) -> None:
    write_layout(folder, STEPS, media_type)
    found = layout.read(folder, GROUND)
    assert set(found) == set(BY_STEP)
    for step, group in BY_STEP.items():
        made = found[step]
        assert (made.digest, made.size) == (digest_of(group.content), len(group.content))
        assert made.diff_id == diff_id(group.content)
        assert made.is_genuine()
        with made.opened() as chunks:
            assert b"".join(chunks) == group.content


def test_the_base_names_no_layer(folder: Path) -> None:
    write_layout(folder, [])
    assert layout.read(folder, GROUND) == {}


@pytest.mark.parametrize(
    "command",
    [
        "RUN python3 /kaniko/falapp/install.py",
        "RUN python3 /kaniko/falapp/install.py aa bb",
        "RUN python3 /kaniko/falapp/install.py aa && true",
        "RUN python3 /kaniko/falapp/uninstall.py aa",
        "RUN pip install x",
        "",
    ],
)
def test_other_commands_make_no_group(folder: Path, command: str) -> None:
    write_layout(folder, [(command, b"x"), ALPHA.step])
    assert set(layout.read(folder, GROUND)) == {ALPHA.id}


def _short(_: dict[str, Any], config: dict[str, Any]) -> None:
    del config["history"][:3]


def _empties(_: dict[str, Any], config: dict[str, Any]) -> None:
    nothing = {"created_by": run(BETA.id), "empty_layer": True}
    config["history"] = [e for entry in config["history"] for e in (entry, nothing)]


@pytest.mark.parametrize("change", [_short, _empties])
def test_histories_of_bases_differ(folder: Path, change: Change) -> None:
    write_layout(folder, [VENV_GROUP.step, ALPHA.step], change=change)
    found = layout.read(folder, GROUND)
    assert found[ALPHA.id].digest == digest_of(ALPHA.content)
    assert set(found) == {layout.VENV, ALPHA.id}


def _other_base(_: dict[str, Any], config: dict[str, Any]) -> None:
    config["rootfs"]["diff_ids"][0] = diff_id(b"other")


def _lost_diff_id(_: dict[str, Any], config: dict[str, Any]) -> None:
    config["rootfs"]["diff_ids"].pop()


def _odd_diff_id(_: dict[str, Any], config: dict[str, Any]) -> None:
    config["rootfs"]["diff_ids"][-1] = "sha256:x"


def _no_history(_: dict[str, Any], config: dict[str, Any]) -> None:
    config["history"] = config["history"][-2:]


def _twice(_: dict[str, Any], config: dict[str, Any]) -> None:
    config["history"][-1] = config["history"][-2]


def _odd_size(manifest: dict[str, Any], _: dict[str, Any]) -> None:
    manifest["layers"][-1]["size"] += 1


def _climbing(manifest: dict[str, Any], _: dict[str, Any]) -> None:
    manifest["layers"][-1]["digest"] = "sha256:../../../../secret"


def _absent(manifest: dict[str, Any], _: dict[str, Any]) -> None:
    manifest["layers"][-1] = descriptor(b"not there")


@pytest.mark.parametrize(
    "change",
    [
        _other_base,
        _lost_diff_id,
        _odd_diff_id,
        _no_history,
        _twice,
        _odd_size,
        _climbing,
        _absent,
    ],
)
def test_what_cannot_be_believed(folder: Path, change: Change) -> None:
    write_layout(folder, STEPS, change=change)
    with pytest.raises(Failure, match="what was built is incomplete") as caught:
        layout.read(folder, GROUND)
    assert caught.value.reason is Reason.BUILD_FAILED


def _no_index(folder: Path) -> None:
    (folder / "index.json").unlink()


def _no_manifest(folder: Path) -> None:
    (folder / "index.json").write_text("{}")


def _list(folder: Path) -> None:
    (folder / "index.json").write_text("[]")


def _two(folder: Path) -> None:
    data = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({"manifests": data["manifests"] * 2}))


def _huge(folder: Path) -> None:
    (folder / "index.json").write_text(" " * (5 << 20) + (folder / "index.json").read_text())


def _link_index(folder: Path) -> None:
    outside = folder.parent.parent / "index.json"
    (folder / "index.json").rename(outside)
    (folder / "index.json").symlink_to(outside)


def _link_layer(folder: Path) -> None:
    blob = folder / "blobs/sha256" / digest_of(BETA.content).removeprefix("sha256:")
    outside = folder.parent.parent / "push-credentials"
    blob.rename(outside)
    blob.symlink_to(outside)


def _link_blobs(folder: Path) -> None:
    outside = folder.parent.parent / "blobs"
    (folder / "blobs").rename(outside)
    (folder / "blobs").symlink_to(outside)


def _link_layout(folder: Path) -> None:
    outside = folder.parent.parent / "wheels"
    folder.rename(outside)
    folder.symlink_to(outside)


def _folder(folder: Path) -> None:
    blob = folder / "blobs/sha256" / digest_of(BETA.content).removeprefix("sha256:")
    blob.unlink()
    blob.mkdir()


SPOILED = [
    _no_index,
    _no_manifest,
    _list,
    _two,
    _huge,
    _link_index,
    _link_layer,
    _link_blobs,
    _link_layout,
    _folder,
]


@pytest.mark.parametrize("spoil", SPOILED)
def test_a_layout_that_somebody_changed(folder: Path, spoil: Callable[[Path], None]) -> None:
    write_layout(folder, STEPS)
    spoil(folder)
    with pytest.raises(Failure, match="what was built is incomplete"):
        layout.read(folder, GROUND)


def test_no_layout(folder: Path) -> None:
    with pytest.raises(Failure, match="see the log"):
        layout.read(folder, GROUND)


def test_a_layer_that_is_not_what_its_name_says(folder: Path) -> None:
    write_layout(folder, STEPS)
    found = layout.read(folder, GROUND)[BETA.id]
    found.path.write_bytes(b"x" * found.size)
    assert not found.is_genuine()
