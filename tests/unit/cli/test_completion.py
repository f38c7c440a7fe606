"""What a shell, and kubectl, complete: commands, and the names of what a cluster has."""

import os
import subprocess
import sys

import pytest

from tests.unit import samples


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell):
    environment = {
        "PATH": "/usr/bin:/bin",
        "_FALAPP_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": "falapp re",
        "COMP_CWORD": "1",
        "_TYPER_COMPLETE_ARGS": "falapp re",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }
    script = "from falapp_cli.main import app; app(prog_name='falapp')"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    for command in ("render", "restart", "resume"):
        assert command in done.stdout


def completed(*words, **variables):
    """Return what kubectl gets for `kubectl falapp words…`; the last word is being typed."""
    script = "from falapp_cli.__main__ import complete; complete()"
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        env=os.environ | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    *found, directive = done.stdout.splitlines()
    assert directive == ":0"
    return [line.partition("\t")[0] for line in found]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["re"], ["render", "restart", "resume"]),
        (["env", ""], ["list", "show", "warm"]),
        (["logs", "h"], ["hello"]),
        (["logs", "hello", "--bu"], ["--build", "--builds-namespace"]),
        (["delete", ""], ["hello", "other"]),
        (["env", "show", "env-"], ["env-made"]),
        (["status", "-n", "elsewhere", ""], ["far"]),
        (["status", "--context", "there", ""], ["far"]),
    ],
    ids=" ".join,
)
def test_kubectl_completes_commands_and_names(server, words, found):
    server.cluster.put(samples.app("other"))
    server.cluster.put(samples.app("far", namespace="elsewhere"))
    environment = samples.environment_of(samples.app())
    environment["metadata"]["name"] = "env-made"
    server.cluster.put(environment)
    assert sorted(completed(*words)) == found


def test_a_cluster_that_is_not_there_completes_nothing(server):
    server.close()
    assert completed("logs", "") == []
    assert completed("logs", "", KUBECONFIG="/nowhere") == []
