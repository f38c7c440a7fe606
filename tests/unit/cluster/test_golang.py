import dataclasses

import pytest

from tests.cluster import golang
from tests.cluster.cache import Cache
from tests.cluster.errors import ClusterError, CommandError
from tests.cluster.progress import Progress
from tests.cluster.run import Run

COMPILER = """\
#!/bin/sh
while [ "$1" != -o ]; do shift; done
echo half > "$2"
[ -n "$BROKEN" ] && exit 1
echo whole > "$2"
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run on a machine whose Go writes one word; BROKEN makes it stop half-way."""
    compiler = tmp_path / "path" / "go"
    compiler.parent.mkdir()
    compiler.write_text(COMPILER)
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:/usr/bin:/bin")
    return Run(Cache(tmp_path / "cache"), Progress(lambda _: None))


def test_a_program_is_compiled_once(run, monkeypatch):
    made = golang.build(run, golang.PAUSE)
    assert made.read_text() == "whole\n"
    monkeypatch.setenv("BROKEN", "yes")
    assert golang.build(run, golang.PAUSE) == made


def test_half_a_program_is_never_taken_for_a_whole_one(run, monkeypatch):
    monkeypatch.setenv("BROKEN", "yes")
    with pytest.raises(CommandError):
        golang.build(run, golang.PAUSE)
    monkeypatch.delenv("BROKEN")
    assert golang.build(run, golang.PAUSE).read_text() == "whole\n"


def test_a_new_program_replaces_the_old(run):
    golang.build(run, golang.PAUSE)
    golang.build(run, dataclasses.replace(golang.PAUSE, flags="other"))
    assert len(list(run.cache.binaries.iterdir())) == 1


def test_no_go_is_one_clear_sentence(run, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ClusterError, match=r"helm v4\.3\.1 is not on PATH .* install Go"):
        golang.build(run, golang.HELM)


def test_kubernetes_knows_its_version():
    assert f"gitVersion={golang.KUBERNETES.version}" in golang.KUBERNETES_SAYS
    assert "gitMinor=36" in golang.KUBERNETES_SAYS
