from pathlib import Path

import pytest

from falapp_runner import contract, settings

RUNTIME = Path("/falapp/runtime")


def test_what_the_pod_says():
    given = settings.read(
        RUNTIME, [], {contract.ENTRYPOINT: "app.py::Hello", contract.GRACE_SECONDS: "90"}
    )
    assert given == settings.Settings(
        entrypoint="app.py::Hello",
        grace=90,
        folder=Path.cwd(),
        runtime=RUNTIME,
        app_port=8080,
        control_port=8081,
        termination_log="/dev/termination-log",
    )


def test_what_the_falapp_does_not_say_is_left_to_the_class():
    given = settings.read(RUNTIME, [], {contract.ENTRYPOINT: "app.py"})
    assert (given.grace, given.startup) == (None, None)


def test_the_falapp_says_how_long_a_start_may_take():
    variables = {contract.ENTRYPOINT: "app.py", contract.STARTUP_TIMEOUT: "1200"}
    assert settings.read(RUNTIME, [], variables).startup == 1200


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "set FALAPP_ENTRYPOINT"),
        ({contract.ENTRYPOINT: ""}, "set FALAPP_ENTRYPOINT"),
        ({contract.ENTRYPOINT: "a.py", contract.GRACE_SECONDS: "30s"}, "SECONDS: 30s is no number"),
        ({contract.ENTRYPOINT: "a.py", contract.GRACE_SECONDS: "-1"}, "SECONDS: -1 is no number"),
        ({contract.ENTRYPOINT: "a.py", contract.GRACE_SECONDS: "nan"}, "SECONDS: nan is no number"),
    ],
)
def test_what_is_wrong_is_said(variables, says, capsys):
    with pytest.raises(SystemExit):
        settings.read(RUNTIME, [], variables)
    assert says in capsys.readouterr().err
