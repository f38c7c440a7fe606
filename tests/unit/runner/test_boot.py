import subprocess
import sys
from pathlib import Path

import pytest

from falapp_runner import boot, contract


@pytest.mark.parametrize(
    "path",
    [
        ["/falapp/runtime", "/usr/lib/python3.11", "/opt/env/lib"],
        ["", "/usr/lib/python3.11", "/opt/env/lib"],
        ["/usr/lib/python3.11", "/opt/env/lib"],
    ],
)
def test_the_runtime_is_last(path):
    assert boot.order(path, "/falapp/runtime") == [
        "/usr/lib/python3.11",
        "/opt/env/lib",
        "/falapp/runtime",
    ]


def test_nothing_of_the_app_is_needed_before_the_gate():
    """The modules that run before the gate's port is open are the standard library's and ours."""
    code = (
        "import sys; before = set(sys.modules);"
        "import falapp_runner.launch, falapp_runner.settings;"
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - sys.stdlib_module_names == {"falapp_runner"}


def test_the_contract_names_this_script():
    assert Path(contract.BOOT).name == Path(boot.__file__).name
