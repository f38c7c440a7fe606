"""resolve, plan and install, one after the other, as a build pod runs them."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from falapp_builder.install.step import install_all
from falapp_builder.plan.step import plan
from falapp_builder.pod import planned
from falapp_builder.pod.places import Places
from falapp_builder.resolve.step import resolve

from .forge import TOKEN, Forge, project
from .index import PASSWORD, SIGNATURE, USER, Index
from .oci import FakeRegistry
from .plan.test_base import put


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    folder = tmp_path / "forge"
    folder.mkdir()
    with Forge(folder) as started:
        yield started


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_from_arguments_to_an_environment(  # noqa: PLR0917
    places: Places,
    ask: Callable[..., None],
    index: Index,
    forge: Forge,
    registry: FakeRegistry,
    environment: Path,
    resolver: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    put(registry, "3")
    index.add("alpha", "1.0", "beta>=1")
    index.add("beta", "2.0")
    forge.add("delta", project("delta", "3.0", "beta"))
    values = {
        "INDEX": index.url,
        "WHEEL": index.add("gamma", "1.0"),
        "TOKEN": TOKEN,
    }
    places.secrets.mkdir()
    for name, value in values.items():
        (places.secrets / name).write_text(value)
    ask(
        ["--index-url=${INDEX}", "alpha", "gamma @ ${WHEEL}"],
        ["--index-url=${INDEX}", f"delta @ git+http://${{TOKEN}}@{forge.host}/delta.git@v1"],
        variables=list(values),
        resolver=resolver,
        base=f"{registry.host}/team/python:3",
        image=f"{registry.host}/environments",
    )
    resolve(places)
    plan(places)
    groups = planned.read(places.plan_file).groups
    assert [group.kind for group in groups] == ["venv", "wheels", "sources"]
    install_all(places, [group.identity for group in groups[1:]])
    code = "import alpha, beta, gamma, delta; print(beta.version, delta.version)"
    python = environment / "bin" / "python"
    done = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "2.0 3.0\n"
    kept = [places.plan, places.locks, environment]
    files = [path for folder in kept for path in folder.rglob("*") if path.is_file()]
    said = b"".join(path.read_bytes() for path in files) + "".join(capfd.readouterr()).encode()
    assert not any(word.encode() in said for word in (PASSWORD, SIGNATURE, TOKEN, f"{USER}:"))
