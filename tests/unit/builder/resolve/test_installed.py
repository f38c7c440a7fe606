"""What the base image has installed is kept where it will do; what sources see of other layers."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from falapp_builder.pod.places import Places
from falapp_builder.resolve import installed, scratch, step
from falapp_builder.resolve.scratch import Bench
from tests.unit.builder.forge import project
from tests.unit.builder.index import Index

Ask = Callable[..., None]
pytestmark = pytest.mark.usefixtures("alone")
both = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that every venv sees, as those of a base image."""
    folder = tmp_path / "dist-packages"
    folder.mkdir()
    real = scratch.make

    def make(*given: Any) -> Bench:
        bench = real(*given)
        (bench.site / "base.pth").write_text(f"{folder}\n")
        return bench

    monkeypatch.setattr(scratch, "make", make)
    return folder


def has(base: Path, name: str, version: str, *needs: str) -> None:
    info = base / f"{name}-{version}.dist-info"
    info.mkdir()
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {n}" for n in needs)]
    (info / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(lines) + "\n")


@pytest.fixture
def stocked(index: Index) -> Index:
    for version in ("1.0", "1.5", "2.0"):
        index.add("beta", version)
    index.add("alpha", "1.0", "beta>=1")
    index.add("newer", "1.0", "beta>=2")
    index.add("older", "1.0", "beta<1.5")
    return index


def versions(places: Places) -> dict[str, str]:
    step.resolve(places)
    packages = json.loads(places.resolved.read_text())["packages"]
    assert all("://" in file["url"] for p in packages for file in p["files"])
    assert "file:" not in places.resolved.read_text()
    return {package["name"]: package["version"] for package in packages}


CASES = {
    "it will do": (["alpha"], {"alpha": "1.0"}),
    "it is asked for": (["beta"], {}),
    "it is too old": (["newer"], {"newer": "1.0", "beta": "2.0"}),
    "it is too new": (["alpha", "beta==1.0"], {"alpha": "1.0", "beta": "1.0"}),
    "no index has it": (["torch>=2"], {"beta": "1.0"}),
}


@both
@pytest.mark.parametrize("case", CASES)
def test_a_package_of_the_base(
    *, places: Places, ask: Ask, stocked: Index, base: Path, resolver: str, case: str
) -> None:
    has(base, "beta", "1.5")
    # A development version, as in the images of some makers of GPUs; it needs another beta.
    if case == "no index has it":
        has(base, "torch", "2.6.0a0+nv25.1", "older")
        has(base, "older", "1.0", "beta<1.5")
    asked, expected = CASES[case]
    ask(["-i", stocked.url, *asked], resolver=resolver)
    assert versions(places) == expected


@both
def test_a_later_layer_replaces_what_replaced_the_bases(
    places: Places, ask: Ask, stocked: Index, base: Path, resolver: str
) -> None:
    has(base, "beta", "1.0")
    index = ["-i", stocked.url]
    ask([*index, "beta==2.0"], [*index, "older"], resolver=resolver)
    assert versions(places) == {"beta": "1.0", "older": "1.0"}, "the base's is hidden by now"


def test_what_is_no_package(base: Path, tmp_path: Path) -> None:
    has(base, "good", "1.0", "other>=1; extra == 'x'", "not (a requirement")
    has(base, "odd", "1.0-ubuntu-5")
    (base / "empty-1.0.dist-info").mkdir()
    (base / "legacy-1.0.egg-info").write_text("Metadata-Version: 1.0\nName: legacy\nVersion: 1.0\n")
    found = {
        name: package
        for name, package in installed.found(venv(tmp_path, base)).items()
        if name in {"good", "odd", "empty", "legacy"}
    }
    assert set(found) == {"good", "legacy"}
    assert found["good"].metadata == ("Requires-Dist: other>=1; extra == 'x'",)


def venv(folder: Path, base: Path) -> Path:
    import venv as builder

    builder.create(folder / "v", symlinks=True)
    (site,) = folder.glob("v/lib/python*/site-packages")
    (site / "base.pth").write_text(f"{base}\n")
    return folder / "v" / "bin" / "python"


@both
def test_without_isolation_a_layer_sees_those_before_it(
    places: Places, ask: Ask, stocked: Index, resolver: str
) -> None:
    stocked.add_source("kernel", "1.0", project("kernel", "1.0", extra="import beta, helper"))
    stocked.add_source("helper", "1.0", project("helper", "1.0"))
    index = ["-i", stocked.url]
    ask([*index, "beta<2", "helper"], [*index, "--no-build-isolation", "kernel"], resolver=resolver)
    assert versions(places) == {"beta": "1.5", "helper": "1.0", "kernel": "1.0"}


def test_without_isolation_a_layer_sees_the_file_that_has_the_hash(
    places: Places, ask: Ask, stocked: Index
) -> None:
    better = f"py3{sys.version_info.minor}-none-any"
    for tag in ("py3-none-any", better):
        stocked.add("helper", "1.0", tag=tag)
    seen = 'import importlib.metadata as m; wheel = m.distribution("helper").read_text("WHEEL")'
    extra = f"{seen}; assert 'Tag: py3-none-any' in wheel, wheel"
    stocked.add_source("kernel", "1.0", project("kernel", "1.0", extra=extra))
    index, digest = ["-i", stocked.url], stocked.sha256("helper", "helper-1.0-py3-none-any.whl")
    pinned = f"helper==1.0 --hash=sha256:{digest}"
    ask([*index, pinned], [*index, "--no-build-isolation", "kernel"])
    assert versions(places) == {"helper": "1.0", "kernel": "1.0"}
