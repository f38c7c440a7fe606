import pytest

from falapp_registry.challenge import Challenge, best

BEARER = 'Bearer realm="https://auth.example/token",service="registry.example"'


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], None),
        (["Negotiate"], None),
        (['Basic realm="Registry"'], Challenge(scheme="basic", parameters={"realm": "Registry"})),
        (["basic"], Challenge(scheme="basic")),
        (
            [f'{BEARER},scope="repository:a/b:pull,push repository:c:pull"'],
            Challenge(
                scheme="bearer",
                parameters={
                    "realm": "https://auth.example/token",
                    "service": "registry.example",
                    "scope": "repository:a/b:pull,push repository:c:pull",
                },
            ),
        ),
        (
            ['Bearer Realm="a \\"b\\"", service=x , error="insufficient_scope"'],
            Challenge(
                scheme="bearer",
                parameters={"realm": 'a "b"', "service": "x", "error": "insufficient_scope"},
            ),
        ),
    ],
)
def test_headers(headers, expected):
    assert best(headers) == expected


@pytest.mark.parametrize(
    "headers",
    [['Basic realm="R"', BEARER], [BEARER, 'Basic realm="R"'], [f'Basic realm="R", {BEARER}']],
)
def test_a_token_is_better_than_a_password(headers):
    found = best(headers)
    assert found.scheme == "bearer"
    assert found.parameters["service"] == "registry.example"


def test_scopes_are_told_apart():
    found = best([f'{BEARER},scope="repository:a/b:pull,push repository:c:pull"'])
    assert found.scopes == ("repository:a/b:pull,push", "repository:c:pull")
    assert best([BEARER]).scopes == ()
