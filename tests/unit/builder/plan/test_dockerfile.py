import pytest

from falapp_builder.plan import dockerfile
from falapp_builder.pod.failure import Failure

PINNED = f"registry.example:5000/team/python@sha256:{'0' * 64}"
ONE, TWO = "a" * 16, "b" * 16
VENV = "RUN python3 -m venv --without-pip --system-site-packages /opt/env\n"
INSTALL = "RUN python3 -B /kaniko/falapp/install.py"


def test_each_missing_group_is_a_run() -> None:
    text = dockerfile.wheels(PINNED, "", [ONE, TWO])
    assert text == f"FROM {PINNED}\n{VENV}{INSTALL} {ONE}\n{INSTALL} {TWO}\n"


def test_sources_see_the_wheels_only_if_they_must() -> None:
    assert dockerfile.sources(PINNED, "", [], ONE) == f"FROM {PINNED}\n{VENV}{INSTALL} {ONE}\n"
    text = dockerfile.sources(PINNED, "", [ONE, TWO], "c" * 16)
    assert text == f"FROM {PINNED}\n{VENV}{INSTALL} {ONE} {TWO}\n{INSTALL} {'c' * 16}\n"


@pytest.mark.parametrize(("user", "expected"), [("1000", True), ("app", True), ("0:0", False)])
def test_a_base_whose_commands_are_not_roots(user: str, expected: bool) -> None:
    lines = dockerfile.wheels(PINNED, user, []).splitlines()
    assert ("USER root" in lines) is expected
    assert user not in lines[1:]


@pytest.mark.parametrize(
    "pinned",
    [
        "registry.example/python:3.11",
        f"registry.example/python:3.11@sha256:{'0' * 64}",
        f"registry.example/python@sha256:{'0' * 63}",
        f"registry.example/python@sha256:{'0' * 64}\nRUN evil",
        f"registry.example/python@sha256:{'0' * 64} AS x",
        f"--platform=x registry.example/python@sha256:{'0' * 64}",
        f"registry.example/$BASE@sha256:{'0' * 64}",
        f"python@sha256:{'0' * 64}",
        "scratch",
    ],
)
def test_nothing_else_passes_for_a_base(pinned: str) -> None:
    with pytest.raises(Failure, match="is no name of an image with a digest"):
        dockerfile.wheels(pinned, "", [ONE])


@pytest.mark.parametrize("identity", ["", "A" * 16, "a" * 15, "a; rm", "a" * 16 + "\n"])
def test_nothing_else_passes_for_a_group(identity: str) -> None:
    with pytest.raises(ValueError, match="is no name of a group"):
        dockerfile.wheels(PINNED, "", [identity])
