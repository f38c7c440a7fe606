"""Groups of wheels become files in the venv, with the real uv and the real pip."""

import base64
import csv
import hashlib
import importlib.util
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from falapp_builder.install import step
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from tests.unit.builder.conftest import PYTHON
from tests.unit.builder.made import packages
from tests.unit.builder.wheelhouse import group, wheel, written

RESOLVERS = pytest.mark.parametrize("resolver", ["uv", "pip"])
SITE = f"lib/python{PYTHON}/site-packages"
TORCH_METADATA = "Metadata-Version: 2.1\nName: torch\nVersion: 1.0\n"
ENTRY = "[console_scripts]\nalpha = alpha:main\n"


def snapshot(environment: Path) -> dict[str, tuple[int, int, int]]:
    """What Kaniko looks at when it decides what belongs into a layer."""
    found = {}
    for folder, _, files in os.walk(environment):
        for name in files:
            path = Path(folder, name)
            about = path.lstat()
            place = str(path.relative_to(environment))
            found[place] = (about.st_mtime_ns, about.st_size, about.st_mode)
    return found


def layer(places: Places, before: dict[str, tuple[int, int, int]]) -> dict[str, bytes]:
    """Return what a RUN that began at ``before`` adds, as Kaniko's snapshot does."""
    after = snapshot(places.environment)
    assert before.keys() <= after.keys(), "a layer removes nothing"
    changed = (name for name, about in after.items() if before.get(name) != about)
    return {name: (places.environment / name).read_bytes() for name in changed}


def untimed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Bytecode without the time stamp of its source."""
    return {n: c[:8] + c[12:] if n.endswith(".pyc") else c for n, c in files.items()}


def run(environment: Path, code: str) -> str:
    command = [str(environment / "bin" / "python"), "-B", "-c", code]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@RESOLVERS
def test_wheels_become_files_with_bytecode(
    places: Places, environment: Path, resolver: str
) -> None:
    before = snapshot(environment)
    items = [
        wheel(places, "alpha"),
        wheel(places, "Beta_x"),
        wheel(places, "gamma", pure=False),
    ]
    step.install(places, group(*items, resolver=resolver))
    new = layer(places, before)
    assert run(environment, "import alpha, Beta_x, gamma; print(gamma.name)") == "gamma"
    site = str(packages(environment).relative_to(environment))
    assert all(name.startswith(f"{site}/") for name in new)
    tops = {name.removeprefix(f"{site}/").split("/")[0] for name in new}
    infos = {f"{name}-1.0.dist-info" for name in ("alpha", "Beta_x", "gamma")}
    assert tops == {"alpha", "Beta_x", "gamma"} | infos
    assert not places.stage.exists()
    for source in packages(environment).glob("*/__init__.py"):
        compiled = Path(importlib.util.cache_from_source(str(source)))
        content = compiled.read_bytes()
        assert int.from_bytes(content[8:12], "little") == int(source.stat().st_mtime)
        assert source.stat().st_nlink == 1, "Kaniko would look for the other names"


@RESOLVERS
def test_scripts_are_run_by_the_environment(
    places: Places, environment: Path, resolver: str
) -> None:
    files = {
        "alpha/__init__.py": "def main(): print('main')\n",
        "alpha-1.0.dist-info/entry_points.txt": ENTRY,
        "alpha-1.0.data/scripts/tool": "#!python\nimport sys; print(sys.prefix)\n",
        "alpha-1.0.data/scripts/shell": "#!/bin/sh\necho shell\n",
        "alpha-1.0.data/data/share/alpha.txt": "data\n",
    }
    step.install(places, group(wheel(places, "alpha", files), resolver=resolver))
    ends = [
        subprocess.run([environment / "bin" / name], check=True, capture_output=True)
        .stdout.decode()
        .strip()
        for name in ("alpha", "tool", "shell")
    ]
    assert ends == ["main", str(environment), "shell"]
    assert (environment / "share/alpha.txt").read_text() == "data\n"
    assert stat.S_IMODE((environment / "bin/alpha").stat().st_mode) == 0o755
    site = packages(environment)
    rows = list(csv.reader((site / "alpha-1.0.dist-info/RECORD").read_text().splitlines()))
    listed = {os.path.normpath(site / row[0]) for row in rows}
    new = (p for p in snapshot(environment) if "alpha" in p or p in ("bin/tool", "bin/shell"))
    assert {str(environment / p) for p in new if not p.endswith(".pyc")} <= listed
    for name, told, size in rows:
        if told:
            content = (site / name).read_bytes()
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            assert (told, size) == (f"sha256={digest.decode()}", str(len(content))), name
    files_of_stage = str(places.stage).encode()
    assert not any(
        files_of_stage in script.read_bytes() for script in (environment / "bin").iterdir()
    )


@RESOLVERS
def test_where_a_package_is_from(places: Places, environment: Path, resolver: str) -> None:
    direct = {"url": "https://files.example/alpha.whl", "archive_info": {}}
    items = [wheel(places, "alpha", direct=direct), wheel(places, "beta")]
    step.install(places, group(*items, resolver=resolver))
    site = packages(environment)
    told = site / "alpha-1.0.dist-info/direct_url.json"
    assert json.loads(told.read_text()) == direct
    digest = base64.urlsafe_b64encode(hashlib.sha256(told.read_bytes()).digest()).rstrip(b"=")
    record = (site / "alpha-1.0.dist-info/RECORD").read_text()
    assert f"direct_url.json,sha256={digest.decode()},{told.stat().st_size}\n" in record
    assert not (site / "beta-1.0.dist-info/direct_url.json").exists()
    assert "direct_url" not in (site / "beta-1.0.dist-info/RECORD").read_text()


@RESOLVERS
def test_hashes_are_verified(places: Places, environment: Path, resolver: str) -> None:
    item = wheel(places, "alpha")
    Path(wheel(places, "alpha", {"alpha.py": "other = 1\n"}).path).replace(item.path)
    before = snapshot(environment)
    with pytest.raises(Failure, match="alpha") as caught:
        step.install(places, group(item, resolver=resolver))
    assert caught.value.reason is Reason.HASH_MISMATCH
    assert layer(places, before) == {}
    assert not places.stage.exists()


EVIL = {
    "code that runs whenever Python starts": {
        "evil.pth": "import os; open(os.environ['MARK'], 'a').close()\n",
        "sitecustomize.py": "import os; open(os.environ['MARK'], 'a').close()\n",
    },
    # An installer refuses a second .dist-info beside the first one; not so one that hides.
    "metadata of a package that is not there": {
        f"evil-1.0.data/data/{SITE}/torch-1.0.dist-info/METADATA": TORCH_METADATA,
        f"evil-1.0.data/data/{SITE}/torch-1.0.dist-info/RECORD": "../../../bin/python,,\n",
        "evil-1.0.data/purelib/torch-1.0.dist-info/INSTALLER": "uv",
        "evil-1.0.data/purelib/torch-9.0.dist-info/METADATA": TORCH_METADATA,
        "evil-1.0.data/purelib/torch-9.0.dist-info/RECORD": "torch/__init__.py,,\n",
    },
    "files of another package": {
        # As long and, in the archive, as old as the real one.
        "torch/__init__.py": "name = 'pwned'\n",
        "torch/extra.py": "import os\n",
        "torch/__pycache__/__init__.cpython-311.pyc": "nonsense",
        "evil-1.0.data/scripts/torchrun": "#!/bin/sh\necho pwned\n",
    },
}
TORCH = {
    "torch/__init__.py": "name = 'torch'\n",
    "torch-1.0.data/scripts/torchrun": "#!python\nprint('torch')\n",
}


@RESOLVERS
@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
def test_no_earlier_group_changes_the_layer_of_a_later_one(
    places: Places,
    environment: Path,
    resolver: str,
    evil: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The later group's layer is everybody's, and the earlier one is any tenant's."""
    mark = tmp_path / "mark"
    monkeypatch.setenv("MARK", str(mark))
    torch = group(wheel(places, "torch", TORCH), resolver=resolver)
    step.install(places, group(wheel(places, "evil", evil), resolver=resolver))
    before = snapshot(environment)
    step.install(places, torch)
    poisoned = layer(places, before)
    assert not mark.exists(), "nothing of the earlier group was run"
    for name in snapshot(environment):
        if not name.startswith("bin/py") and name != "pyvenv.cfg":
            (environment / name).unlink()
    before = snapshot(environment)
    step.install(places, torch)
    clean = layer(places, before)
    assert untimed(poisoned) == untimed(clean)
    assert any(name.endswith("torch/__init__.py") for name in clean)
    assert b"pwned" not in b"".join(poisoned.values())


@pytest.mark.parametrize(
    ("name", "resolver"), [("pyvenv.cfg", "uv"), ("bin/python3", "uv"), ("bin/python", "pip")]
)
def test_a_wheel_that_replaces_the_environments_own(
    places: Places, environment: Path, resolver: str, name: str
) -> None:
    evil = wheel(places, "evil", {f"evil-1.0.data/data/{name}": "evil\n"})
    before = snapshot(environment)
    # uv refuses some of them by itself.
    own = rf"holds {name}, which is the environment's own|a file of the package could not be used"
    with pytest.raises(Failure, match=own) as caught:
        step.install(places, group(evil, resolver=resolver))
    assert caught.value.reason is Reason.INSTALL_FAILED
    assert layer(places, before) == {}


@RESOLVERS
def test_later_groups_replace_files(places: Places, environment: Path, resolver: str) -> None:
    for name, text in (("alpha", "one = 1\n"), ("beta", "two = 2\n")):
        item = wheel(places, name, {"shared/__init__.py": text, f"shared/{name}.py": ""})
        step.install(places, group(item, resolver=resolver))
    assert run(environment, "import shared, shared.alpha, shared.beta; print(shared.two)") == "2"


def test_a_file_where_another_package_has_a_folder(places: Places, environment: Path) -> None:
    step.install(places, group(wheel(places, "alpha", {"shared/__init__.py": ""})))
    beta = group(wheel(places, "beta", {"shared": "a file\n"}))
    with pytest.raises(Failure, match=r"whether .*/shared is a file or a folder") as caught:
        step.install(places, beta)
    assert caught.value.reason is Reason.INSTALL_FAILED


@RESOLVERS
def test_nothing_is_left_elsewhere(
    places: Places,
    environment: Path,
    resolver: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    for folder, variable in ((home, "HOME"), (temporary, "TMPDIR")):
        folder.mkdir()
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    step.install(places, group(wheel(places, "alpha"), resolver=resolver))
    assert [*home.iterdir(), *temporary.iterdir()] == []


def test_several_groups_at_once(places: Places, environment: Path) -> None:
    one = written(places, "a" * 16, wheel(places, "alpha"))
    two = written(places, "b" * 16, wheel(places, "beta"))
    step.install_all(places, [one, two])
    assert run(environment, "import alpha, beta; print(beta.name)") == "beta"


@pytest.mark.parametrize(("names", "part"), [([], "needs the names"), (["c" * 16], "no group ccc")])
def test_builder_and_plan_differ(places: Places, names: list[str], part: str) -> None:
    with pytest.raises(Failure, match=part) as caught:
        step.install_all(places, names)
    assert caught.value.reason is Reason.BUILD_FAILED


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)
