"""Packages of the PyTorch family come from the profile's index, and nothing else does."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.programs import tool
from falapp_builder.resolve import family, step
from falapp_requirements import tokens
from tests.unit.builder.index import Index

Ask = Callable[..., None]
pytestmark = pytest.mark.usefixtures("alone")
both = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def ordinary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The index that is asked where nothing else is said."""
    with Index(tmp_path / "ordinary") as index:
        index.open = True
        for version in ("2.6.0", "2.7.1"):
            index.add("torch", version, "numpy")
            index.add("torchvision", f"0.{version}", f"torch=={version}")
        index.add("numpy", "2.0")
        index.add("markupsafe", "1.0")
        index.add("accelerate", "1.0", "torch>=2")
        index.add("timm", "1.0", "torchvision", "torch", "markupsafe")
        for name in ("UV_INDEX_URL", "PIP_INDEX_URL"):
            monkeypatch.setitem(tool._SETTINGS, name, index.page)
        yield index


@pytest.fixture
def cpu(tmp_path: Path) -> Iterator[Index]:
    """The profile's index: it has other packages, too, and not of the best."""
    with Index(tmp_path / "cpu") as index:
        index.open = True
        for version in ("2.6.0", "2.7.1"):
            index.add("torch", f"{version}+cpu", "numpy")
            index.add("torchvision", f"0.{version}+cpu", f"torch=={version}")
        index.add("numpy", "1.0")
        index.add("markupsafe", "1.0", tag="cp27-none-win32")
        yield index


@pytest.fixture
def resolved(
    places: Places, ask: Ask, ordinary: Index, cpu: Index
) -> Callable[..., dict[str, Any]]:
    def resolve(*layers: list[str], **changes: Any) -> dict[str, Any]:
        ask(*layers, **{"pytorchIndex": cpu.page} | changes)
        step.resolve(places)
        data = json.loads(places.resolved.read_text())
        return {package["name"]: package for package in data["packages"]}

    return resolve


def versions(packages: dict[str, Any]) -> dict[str, str]:
    return {name: package["version"] for name, package in packages.items()}


@both
@pytest.mark.parametrize(
    ("layers", "chosen"),
    [
        ([["torch"]], {"torch": "2.7.1+cpu", "numpy": "2.0"}),
        ([["torch==2.6.0"]], {"torch": "2.6.0+cpu", "numpy": "2.0"}),
        (
            [["torchvision<0.2.7"]],
            {"torch": "2.6.0+cpu", "torchvision": "0.2.6.0+cpu", "numpy": "2.0"},
        ),
        (
            [["torch", "timm"]],
            {
                "torch": "2.7.1+cpu",
                "torchvision": "0.2.7.1+cpu",
                "numpy": "2.0",
                "timm": "1.0",
                "markupsafe": "1.0",
            },
        ),
        (
            [["torch<2.7"], ["accelerate"]],
            {"torch": "2.6.0+cpu", "numpy": "2.0", "accelerate": "1.0"},
        ),
    ],
    ids=["any version", "a version", "one that needs torch", "in passing", "in a later list"],
)
def test_the_family_is_the_profiles_and_all_else_is_not(
    resolved: Callable[..., dict[str, Any]],
    ordinary: Index,
    cpu: Index,
    layers: list[list[str]],
    chosen: dict[str, str],
    resolver: str,
) -> None:
    found = resolved(*layers, resolver=resolver)
    assert versions(found) == chosen
    for name, package in found.items():
        expected = cpu if name.startswith("torch") else ordinary
        assert package["files"][0]["url"].startswith(expected.page), name


ORDINARY = "https://packages.example/simple/"


@pytest.mark.parametrize(
    ("layer", "earlier", "meant"),
    [
        (["torch"], [], True),
        (["TorchAudio", "torchvision==0.21"], [], True),
        (["accelerate"], [["torch"]], True),
        (["accelerate"], [], False),
        (["torch-geometric", "pytorch-lightning", "triton"], [], False),
        ([f"--index-url={ORDINARY}", "torch"], [], False),
        ([f"--extra-index-url={ORDINARY}", "torch"], [["torch"]], False),
        ([f"--find-links={ORDINARY}", "torch"], [], False),
        ([f"torch@{ORDINARY}torch-2.7.1-py3-none-any.whl"], [], False),
        (["accelerate"], [[f"--extra-index-url={ORDINARY}", "torch"]], False),
        (["accelerate"], [[f"torch@{ORDINARY}torch-2.7.1-py3-none-any.whl"]], False),
    ],
    ids=str,
)
def test_the_profile_is_asked_where_a_list_names_the_family_and_no_index(
    layer: list[str], earlier: list[list[str]], meant: bool
) -> None:
    before = [tokens.parse(other) for other in earlier]
    expected = "https://p.example/cpu" if meant else ""
    assert family.index("https://p.example/cpu", tokens.parse(layer), before) == expected
    assert family.index("", tokens.parse(layer), before) == ""


@pytest.mark.parametrize(
    ("reason", "message", "told"),
    [
        (Reason.PACKAGE_NOT_FOUND, "no index has torch==9.9; ask for another", True),
        (Reason.RESOLUTION_IMPOSSIBLE, "requirements `Torch<2` and `torchvision` …", True),
        (Reason.PACKAGE_NOT_FOUND, "no index has pytorch-lightning; check the name", False),
        (Reason.NO_MATCHING_WHEEL, "torch-scatter has no usable wheels", False),
        (Reason.INDEX_UNREACHABLE, "the name p.example cannot be resolved", True),
        (Reason.INDEX_UNREACHABLE, "p.example:8443 did not answer; check that", True),
        (Reason.INDEX_UNREACHABLE, "requirement `torch`: packages.example did not answer", False),
        (Reason.OUT_OF_MEMORY, "torch: what builds it was killed", False),
    ],
)
def test_a_failure_names_the_profile_where_it_is_about_its_index(
    reason: Reason, message: str, told: bool
) -> None:
    failure = Failure(reason, message, "log")
    found = family.explained(failure, "https://p.example:8443/whl/cpu")
    assert (found.reason, found.log) == (reason, "log")
    assert ("spec.profile.pytorchIndex of the app's MachineType" in found.message) is told
    assert family.explained(failure, "") is failure


def test_a_list_with_an_index_of_its_own_is_resolved_as_it_says(
    resolved: Callable[..., dict[str, Any]], ordinary: Index
) -> None:
    found = resolved([f"--extra-index-url={ordinary.page}", "torch"])
    assert versions(found)["torch"] == "2.7.1"


def test_an_older_index_gives_what_it_has(
    resolved: Callable[..., dict[str, Any]], ordinary: Index
) -> None:
    ordinary.add("torch", "3.0", "numpy")
    assert versions(resolved(["torch"]))["torch"] == "2.7.1+cpu"


def test_pip_takes_the_best_of_all_indexes_and_that_is_refused(
    resolved: Callable[..., dict[str, Any]], ordinary: Index, cpu: Index
) -> None:
    ordinary.add("torch", "3.0", "numpy")
    with pytest.raises(Failure) as caught:
        resolved(["torch"], resolver="pip")
    assert caught.value.reason == Reason.PACKAGE_NOT_FOUND
    assert f"torch: {cpu.host} has no version 3.0" in caught.value.message
    assert versions(resolved(["torch<3"], resolver="pip"))["torch"] == "2.7.1+cpu"


@both
def test_a_version_that_the_index_lacks_is_not_taken_from_elsewhere(
    resolved: Callable[..., dict[str, Any]], ordinary: Index, cpu: Index, resolver: str
) -> None:
    ordinary.add("torch", "3.0", "numpy")
    with pytest.raises(Failure) as caught:
        resolved(["torch==3.0"], resolver=resolver)
    assert caught.value.reason == Reason.PACKAGE_NOT_FOUND
    assert f"{cpu.page} is spec.profile.pytorchIndex of the app's MachineType" in str(caught.value)


@pytest.mark.parametrize(
    ("resolver", "status", "reason"),
    [
        ("uv", 401, Reason.ACCESS_DENIED),
        ("pip", 401, Reason.ACCESS_DENIED),
        ("pip", 503, Reason.INDEX_UNREACHABLE),
    ],
)
def test_an_index_that_refuses_is_named_with_its_field(
    resolved: Callable[..., dict[str, Any]],
    cpu: Index,
    resolver: str,
    status: int,
    reason: Reason,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(tool._SETTINGS, "PIP_RETRIES", "0")
    cpu.refusal = status
    with pytest.raises(Failure) as caught:
        resolved(["torch"], resolver=resolver)
    assert caught.value.reason == reason, caught.value
    assert f"{cpu.page} is spec.profile.pytorchIndex" in str(caught.value)


@both
def test_an_index_that_does_not_answer_is_named_with_its_field(
    resolved: Callable[..., dict[str, Any]], resolver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tool._SETTINGS, "UV_HTTP_RETRIES", "0")
    monkeypatch.setitem(tool._SETTINGS, "PIP_RETRIES", "0")
    nobody = "http://127.0.0.1:9/cpu"
    with pytest.raises(Failure) as caught:
        resolved(["torch"], resolver=resolver, pytorchIndex=nobody)
    assert caught.value.reason == Reason.INDEX_UNREACHABLE
    assert f"{nobody} is spec.profile.pytorchIndex" in str(caught.value)
