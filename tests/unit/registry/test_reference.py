import pytest

from falapp_registry.errors import ImageNameError
from falapp_registry.reference import HUB, canonical_host, parse

DIGEST = f"sha256:{'0a' * 32}"


@pytest.mark.parametrize(
    ("text", "host", "repository", "tag", "digest"),
    [
        ("python", HUB, "library/python", "latest", ""),
        ("python:3.11-slim", HUB, "library/python", "3.11-slim", ""),
        (f"{HUB}/python:3", HUB, "library/python", "3", ""),
        (f"index.{HUB}/team/app", HUB, "team/app", "latest", ""),
        ("team/app:1", HUB, "team/app", "1", ""),
        ("registry/app", HUB, "registry/app", "latest", ""),
        ("localhost/app", "localhost", "app", "latest", ""),
        ("kind-registry:5000/e", "kind-registry:5000", "e", "latest", ""),
        ("registry.example/a/b_c/d--e:v1", "registry.example", "a/b_c/d--e", "v1", ""),
        (f"registry.example/a@{DIGEST}", "registry.example", "a", "", DIGEST),
        (f"registry.example/a:1@{DIGEST}", "registry.example", "a", "1", DIGEST),
        ("[::1]:5000/a", "[::1]:5000", "a", "latest", ""),
    ],
)
def test_names(text, host, repository, tag, digest):
    found = parse(text)
    assert (found.host, found.repository, found.tag, found.digest) == (
        host,
        repository,
        tag,
        digest,
    )
    assert found.name == f"{host}/{repository}"
    assert found.target == (digest or tag)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":1",
        "Registry.example/Upper",
        "registry.example/",
        "registry.example/a:",
        "registry.example/a@",
        "registry.example/a@sha256:12",
        "registry.example/../a",
        "registry.example/a b",
        "https://registry.example/a",
        "user@registry.example/a",
        "registry.example:port/a",
        "registry.example/a:1\nFROM x",
    ],
)
def test_what_is_no_name(text):
    with pytest.raises(ImageNameError, match="names no image: write registry"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "insecure", "address"),
    [
        ("python", False, f"https://registry-1.{HUB}"),
        ("registry.example:5000/a", False, "https://registry.example:5000"),
        ("registry.example:5000/a", True, "http://registry.example:5000"),
    ],
)
def test_addresses(text, insecure, address):
    assert parse(text).address(insecure=insecure) == address


@pytest.mark.parametrize("host", [HUB, f"index.{HUB}", f"registry-1.{HUB}", HUB.upper()])
def test_one_registry_has_several_names(host):
    assert canonical_host(host) == HUB
    assert canonical_host("other.example") == "other.example"
