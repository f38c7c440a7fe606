import pytest

from falapp_operator.environment import key
from tests.unit import samples


def test_the_key_of_version_1_never_changes():
    """Were it another one, every environment of every cluster would be built again."""
    spec = samples.environment_spec(
        base_image="python:3.11-slim",
        layers=(("torch==2.6.0", "--extra-index-url", "https://pypi.example/über"), ("numpy<3",)),
    )
    assert key.VERSION == 1
    assert key.canonical(spec) == (
        '{"base":"python:3.11-slim","layers":[["torch==2.6.0","--extra-index-url",'
        '"https://pypi.example/über"],["numpy<3"]],"platform":"linux/amd64","python":"3.11",'
        '"resolver":"uv","version":1}'
    )
    assert key.key(spec) == "3b97ce34976bef1039d028d15b15007d44b25808cf6d86100645100e57081e41"


@pytest.mark.parametrize(
    "change",
    [
        {"base_image": "other"},
        {"python_version": "3.12"},
        {"platform": "linux/arm64"},
        {"layers": ()},
        {"layers": (("requests==2.32.4",),)},
        {"layers": (("requests==2.32.3", "idna"),)},
        {"layers": (("requests==2.32.3",), ("idna",))},
    ],
    ids=str,
)
def test_what_decides_the_image_changes_the_key(change):
    assert key.key(samples.environment_spec(**change)) != key.key(samples.environment_spec())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((("a", "b"),), (("b", "a"),)),  # an index given first counts first
        ((("a", "b"),), (("a",), ("b",))),  # layers are resolved by themselves
        ((("ab",),), (("a", "b"),)),
        ((("a==1.0",),), (("A==1.0",),)),  # normalising names is the resolver's affair
    ],
)
def test_order_layers_and_spelling_are_in_the_key(one, other):
    keys = {key.key(samples.environment_spec(layers=layers)) for layers in (one, other)}
    assert len(keys) == 2


@pytest.mark.parametrize("token", ["requests==2.32.3 ", " requests==2.32.3", "requests==2.32.3\n"])
def test_white_space_around_a_token_does_not_change_the_key(token):
    assert key.key(samples.environment_spec(layers=((token,),))) == key.key(
        samples.environment_spec()
    )


def test_name_and_tag_are_made_from_the_key():
    spec = samples.environment_spec()
    digits = key.key(spec)
    assert len(digits) == 64
    assert set(digits) <= set("0123456789abcdef")
    assert key.name(spec) == f"env-{digits[:16]}"
    assert key.tag(spec) == f"env-{digits}"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (key.name(samples.environment_spec()), True),
        ("env-0123456789abcdef", True),
        ("env-0123456789abcde", False),
        ("env-0123456789abcdef0", False),
        ("env-0123456789ABCDEF", False),
        ("falapp-custom-ca", False),
        ("kube-root-ca.crt", False),
        ("", False),
    ],
)
def test_what_an_environment_may_be_called(text, holds):
    assert key.is_name(text) == holds
