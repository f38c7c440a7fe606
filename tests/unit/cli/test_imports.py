"""What the command line leaves alone until it is needed."""

import subprocess
import sys


def test_help_imports_neither_fal_nor_kubernetes():
    script = (
        "import sys; from falapp_cli.main import run; run(['--help']);"
        "print({'fal', 'kubernetes', 'pydantic', 'rich', 'yaml', 'aiohttp'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "set()"
