import pytest

from tests.unit import samples
from tests.unit.cli.apiserver import Server


@pytest.fixture
def server(tmp_path, monkeypatch):
    """An API server that a kubeconfig leads to, with a FalApp that is ready."""
    made = Server(samples.machine_type(), ready())
    monkeypatch.setenv("KUBECONFIG", str(made.kubeconfig(tmp_path / "kubeconfig")))
    yield made
    made.close()


def ready(name="hello", **spec):
    """Return a FalApp that serves."""
    return samples.app(name, status=status("RunnersReady", "1 of 1 runners are ready"), **spec)


def status(reason, message, *, ready=True, environment=True, stalled=False, **more):
    """Return a FalApp's status."""
    built = ("Built", "5 packages") if environment is True else environment
    return {
        "observedGeneration": 1,
        "conditions": [
            samples.condition("Ready", str(ready), reason, message),
            samples.condition("EnvironmentReady", str(environment is True), *built),
            samples.condition("Stalled", str(stalled), reason if stalled else "Progressing"),
        ],
        "url": "http://hello.video.svc" if ready else "",
        **more,
    }
