from pathlib import Path

import pytest

from falapp_operator.api.environment import EnvironmentSpec
from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.profile import Profile
from falapp_operator.environment import key, manifest
from tests.unit import golden, samples
from tests.unit.samples import NAMESPACE

GOLDEN = Path(__file__).parent / "key.golden.yaml"
SECRET = {"name": "GH_TOKEN", "secretKeyRef": {"name": "gh", "key": "token"}}
PRIVATE = ["git+https://${GH_TOKEN}@git.example/video/fork.git@v1"]
SIGNED = "https://wheels.example/demo-1.0-py3-none-any.whl?v=1&X-Amz-Signature="

DOCKERFILE = "ARG TAG\nFROM base.example/python:${TAG}\nRUN true"

ASKED = {
    "nothing": {"requirements": None},
    "one package": {},
    "another resolver": {"resolver": "pip"},
    "options, extras and markers": {
        "requirements": [
            "--extra-index-url https://index.example/über",
            "Torch == 2.6.0",
            "uvicorn[standard] ; python_version<'3.13'",
        ]
    },
    "layers": {"requirements": None, "requirementLayers": [["torch==2.6.0"], ["numpy<3"]]},
    "an image of one's own": {"image": {"name": "nvcr.example/cuda:12.4", "pullSecret": "nvcr"}},
    "a Dockerfile": {"image": {"dockerfile": DOCKERFILE, "buildArgs": {"TAG": "3.11"}}},
    "a secret": {"requirements": PRIVATE, "requirementSecrets": [SECRET]},
    "a literal credential": {"requirements": ["-i", "https://user:hunter2@index.example/simple"]},
}


def spec(**app):
    return manifest.spec_of(
        FalAppSpec.model_validate(samples.app_spec(**app)), "3.11", samples.settings()
    )


def of(items, namespace=NAMESPACE, **app):
    return key.key(spec(requirements=items, **app), namespace)


def test_the_keys_of_version_1_never_change():
    """Were they others, every environment of every cluster would be built again."""
    assert key.VERSION == 1
    made = {asked: spec(**app) for asked, app in ASKED.items()}
    rows = [
        {
            "asked": asked,
            "canonical": key.canonical(spec, NAMESPACE),
            "name": key.name(spec, NAMESPACE),
            "tag": key.tag(spec, NAMESPACE),
        }
        for asked, spec in made.items()
    ]
    golden.check(GOLDEN, *rows)
    assert len({row["tag"] for row in rows}) == len(rows)
    assert "hunter2" not in GOLDEN.read_text()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["Foo_Bar.baz==1"], ["foo-bar-baz==1"]),
        (["requests >= 2 , < 3"], ["requests<3,>=2"]),
        (["uvicorn[standard,Extra]"], ["uvicorn[extra, standard]"]),
        (["a; os_name=='posix'"], ['a ; os_name == "posix"']),
        (["--extra-index-url", "https://i.example/s"], ["--extra-index-url=https://i.example/s"]),
        (["--extra-index-url https://i.example/s"], ["--extra-index-url=https://i.example/s"]),
        (["-i", "https://me:old@i.example/s"], ["-i", "https://me:new@i.example/s"]),
        ([f"demo @ {SIGNED}old"], [f"demo@{SIGNED}new"]),
    ],
    ids=str,
)
def test_what_means_the_same_has_the_same_key(one, other):
    assert of(one) == of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "b"], ["b", "a"]),  # items keep their order, as on fal
        (["-f", "https://a.example", "-f", "https://b.example"],
         ["-f", "https://b.example", "-f", "https://a.example"]),
        (["uvicorn"], ["uvicorn[standard]"]),
        (["a ; os_name == 'posix'"], ["a ; os_name == 'nt'"]),
        (["a==1"], [f"a==1 --hash=sha256:{'0' * 64}"]),
        ([f"demo @ {SIGNED}x"], [f"demo @ {SIGNED.replace('v=1', 'v=2')}x"]),
    ],
    ids=str,
)  # fmt: skip
def test_what_means_something_else_has_another_key(one, other):
    assert of(one) != of(other)


@pytest.mark.parametrize(
    "change",
    [
        {"base_image": "other"},
        {"python_version": "3.12"},
        {"platform": "linux/arm64"},
        {"resolver": "pip"},
        {"layers": ()},
        {"layers": (("requests==2.32.4",),)},
        {"layers": (("requests==2.32.3", "idna"),)},
        {"layers": (("requests==2.32.3",), ("idna",))},
        {"pull_secret": "base"},
        {"secrets": (SECRET,)},
        {"profile": {"accelerator": "cpu"}},
    ],
    ids=str,
)
def test_every_field_of_the_spec_changes_the_key(change):
    changed, plain = samples.environment_spec(**change), samples.environment_spec()
    assert key.key(changed, NAMESPACE) != key.key(plain, NAMESPACE)


def test_no_field_of_the_spec_is_forgotten():
    """A new one belongs into the key, or two environments would be taken for one."""
    assert set(EnvironmentSpec.model_fields) == {
        *("base_image", "python_version", "platform", "resolver", "layers"),
        *("secrets", "pull_secret", "dockerfile", "profile"),
    }


CUDA = {"accelerator": "cuda", "cudaVersion": "12.8", "pytorchIndex": "https://p.example/cu128"}
PROFILES = (
    {"accelerator": "cpu"},
    {"accelerator": "cpu", "pytorchIndex": "https://p.example/cpu"},
    CUDA,
    CUDA | {"cudaVersion": "12.6"},
    CUDA | {"pytorchIndex": "https://mirror.example/cu128"},
)


def profiled(profile, **app):
    asking = FalAppSpec.model_validate(samples.app_spec(**app))
    known = Profile.model_validate(profile) if profile else None
    return manifest.spec_of(asking, "3.11", samples.settings(), known)


def test_each_profile_has_a_key_and_none_is_in_none_of_those_that_were_before():
    made = [profiled(profile) for profile in (*PROFILES, None)]
    assert len({key.key(one, NAMESPACE) for one in made}) == len(made)
    assert profiled(CUDA) == profiled(dict(reversed(CUDA.items())))
    assert "profile" not in key.canonical(made[-1], NAMESPACE)
    assert made[-1] == spec()
    assert '"profile":{"accelerator":"cpu"}' in key.canonical(made[0], NAMESPACE)


def test_the_image_of_a_dockerfile_is_the_same_for_every_profile():
    made = [profiled(profile, image={"dockerfile": DOCKERFILE}) for profile in (*PROFILES, None)]
    assert len({key.key(manifest.base_of(one), NAMESPACE) for one in made}) == 1


def test_what_a_dockerfile_runs_is_the_namespaces_own():
    made = spec(image={"dockerfile": DOCKERFILE, "buildArgs": {"TAG": "3.11"}})
    base = manifest.base_of(made)
    for one in (made, base):
        assert key.key(one, "video") != key.key(one, "audio")
        assert not key.is_private(one)  # as far as its packages go
    assert key.key(base, "video") != key.key(made, "video")


def test_one_dockerfile_is_built_once_whatever_goes_on_top():
    image = {"dockerfile": DOCKERFILE, "buildArgs": {"TAG": "3.11"}}
    other = {**image, "dockerfile": DOCKERFILE.replace("\n", "\r\n") + "\n"}
    asked = ({}, {"requirements": ["numpy"]}, {"resolver": "pip"}, {"image": other})
    bases = [manifest.base_of(spec(**({"image": image} | app))) for app in asked]
    assert len({key.key(base, NAMESPACE) for base in bases}) == 1


@pytest.mark.parametrize(
    ("app", "private"),
    [
        ({}, False),
        ({"image": {"name": "base.example/python:3.11"}}, False),
        ({"image": {"name": "base.example/python:3.11", "pullSecret": "base"}}, True),
        ({"requirements": PRIVATE, "requirementSecrets": [SECRET]}, True),
        ({"requirementSecrets": [SECRET]}, False),  # not used
        ({"requirements": ["git+https://hunter2@git.example/x"]}, True),
    ],
    ids=str,
)
def test_what_credentials_open_is_the_namespaces_own(app, private):
    made = spec(**app)
    assert key.is_private(made) == private
    assert (key.key(made, "video") != key.key(made, "audio")) == private
    assert ('"namespace":"video"' in key.canonical(made, "video")) == private


def test_another_secret_is_another_environment_but_another_value_is_not():
    other = SECRET | {"secretKeyRef": {"name": "gh", "key": "other"}}
    keys = {of(PRIVATE, requirementSecrets=[secret]) for secret in (SECRET, other)}
    assert len(keys) == 2


def test_name_and_tag_are_made_from_the_key():
    spec = samples.environment_spec()
    digits = key.key(spec, NAMESPACE)
    assert len(digits) == 64
    assert set(digits) <= set("0123456789abcdef")
    assert key.name(spec, NAMESPACE) == f"env-{digits[:16]}"
    assert key.tag(spec, NAMESPACE) == f"env-{digits}"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        (key.name(samples.environment_spec(), NAMESPACE), True),
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
