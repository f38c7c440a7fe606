"""What runtime.Dockerfile and its lock file promise, as far as it shows without Docker."""

import re
import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[3]
DOCKERFILE = (ROOT / "operator/images/runtime.Dockerfile").read_text()
LOCKED = re.findall(
    r"^([a-z0-9.-]+)==([^ ;]+)", (ROOT / "requirements/runtime.txt").read_text(), re.M
)


def test_bytecode_survives_the_copy(tmp_path):
    """`cp -r` dates every file anew; bytecode that is dated by its source would be useless."""
    runtime, copied = tmp_path / "runtime", tmp_path / "copied"
    runtime.mkdir()
    module = runtime / "module.py"
    module.write_text("VALUE = 'compiled'\n")
    command = re.search(r"python3 (-m compileall .*) /opt/falapp/runtime", DOCKERFILE)
    assert command
    subprocess.run([sys.executable, *shlex.split(command[1]), runtime], check=True)
    subprocess.run(["cp", "-r", runtime, copied], check=True)
    (copied / "module.py").write_text("VALUE = 'compiled once more'\n")
    code = "import module; print(module.VALUE)"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=copied, capture_output=True, text=True, check=True
    )
    assert done.stdout == "compiled\n"


def test_the_lock_is_what_the_tests_run_with():
    """The runtime's versions are those of .venv, where every other test here runs them."""
    other = {"pywin32", "pathspec"}  # of Windows; of app_files uploads (see dev-overrides.txt)
    differ = {
        name: version
        for name, version in LOCKED
        if name not in other and metadata.version(name) != version
    }
    assert differ == {}


def test_fal_and_what_serves_it_are_in_the_lock():
    names = dict(LOCKED)
    assert {"fal", "fastapi", "uvicorn", "uvloop", "httptools", "packaging"} <= set(names)
    # dropped by runtime-overrides.txt: the user's own, whatever their version
    assert not {"pillow", "dill", "fsspec", "attrs"} & set(names)


def test_a_runner_imports_nothing_outside_the_lock():
    """Import all that a runner and fal.toolkit load, with every other package barred."""
    locked = {name for name, _ in LOCKED} | {"falapp"}
    barred = [
        top
        for top, names in metadata.packages_distributions().items()
        if top.isidentifier() and not {re.sub("[-_.]+", "-", n).lower() for n in names} & locked
    ]
    assert {"yaml", "PIL"} & set(barred) == {"PIL"}
    code = (
        f"import sys; sys.modules.update(dict.fromkeys({barred}));"
        "sys.path.append('operator');"
        "import falapp_runner.serve, falapp_runner.stores, fal.toolkit, obstore"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True)
