import pytest

from falapp_operator.environment.dockerfile import dockerfile
from tests.unit import samples


@pytest.mark.parametrize(
    ("layers", "runs"),
    [
        ((), []),
        ((("a",),), ["RUN python3 /kaniko/falapp/install.py 0"]),
        (
            (("a",), ("b",)),
            [
                "RUN python3 /kaniko/falapp/install.py 0",
                "RUN python3 /kaniko/falapp/install.py 1",
            ],
        ),
    ],
)
def test_a_venv_on_the_base_and_a_run_for_each_layer(layers, runs):
    text = dockerfile(samples.environment_spec(layers=layers))
    assert text.endswith("\n")
    assert text.splitlines() == [
        f"FROM {samples.BASE}",
        "RUN python3 -m venv --without-pip --system-site-packages /opt/env",
        *runs,
    ]


def test_nothing_that_a_user_wrote_is_in_it():
    layers = (("x==1\nRUN evil", "--index-url", "https://user:token@pypi.example/simple"),)
    assert dockerfile(samples.environment_spec(layers=layers)) == dockerfile(
        samples.environment_spec(layers=(("y",),))
    )
