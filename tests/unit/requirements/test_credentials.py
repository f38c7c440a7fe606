import pytest
from hypothesis import given, settings

from falapp_requirements import credentials, tokens, variables
from falapp_requirements.errors import RequirementError
from tests.unit.requirements import strategies
from tests.unit.requirements.corpus import SIGNATURE

ONE, TWO = "${FALAPP_CREDENTIAL_1}", "${FALAPP_CREDENTIAL_2}"


@pytest.mark.parametrize(
    ("token", "left", "values"),
    [
        ("git+https://TOKEN@h/x", f"git+https://{ONE}@h/x", ["TOKEN"]),
        ("--index-url=https://u:p@h/s", f"--index-url=https://{ONE}@h/s", ["u:p"]),
        ("x @ https://u:p@ss@h/s@v", f"x @ https://{ONE}@h/s@v", ["u:p@ss"]),
        ("https://TOKEN:@h/s", f"https://{ONE}@h/s", ["TOKEN:"]),
        ("https://oauth2:T@h/s", f"https://{ONE}@h/s", ["oauth2:T"]),
        ("https://${U}:p@h/s", f"https://${{U}}:{ONE}@h/s", ["p"]),
        (f"x@https://h/x?{SIGNATURE}", f"x@https://h/x?{ONE}", [SIGNATURE]),
        ("https://h/x?a=1&sig=s&b=2&se=3", f"https://h/x?a=1&b=2&{ONE}", ["sig=s&se=3"]),
        ("https://h/x?token=t#egg=a", f"https://h/x?{ONE}#egg=a", ["token=t"]),
        ("https://h/x?TOKEN=t ; os_name>'a'", f"https://h/x?{ONE} ; os_name>'a'", ["TOKEN=t"]),
        ("https://u:p@h/x?sig=s", f"https://{ONE}@h/x?{TWO}", ["u:p", "sig=s"]),
        (
            "https://h/x?Expires=1&Signature=s&Key-Pair-Id=k&v=1",
            f"https://h/x?v=1&{ONE}",
            ["Expires=1&Signature=s&Key-Pair-Id=k"],
        ),
        ("https://h/x?X-Goog-Date=1&AWSAccessKeyId=k", f"https://h/x?{ONE}", None),
    ],
)
def test_taken_out(token: str, left: str, values: list[str] | None) -> None:
    found = credentials.separated([[token]])
    assert found.layers == ((left,),)
    assert values is None or list(found.values.values()) == values
    assert credentials.separated(found.layers).layers == found.layers
    assert len(found.exposed) == 1
    tokens.parse([left])


@pytest.mark.parametrize(
    "token",
    [
        "click",
        "x @ https://h/a@b.zip",
        "git+https://h/x.git@v1",
        "git+https://git@h/x.git",
        "git+https://${T}@h/x",
        "https://user:${T}@h/x",
        "https://${T}:x-oauth-basic@h/x",
        "https://${U}:${T}@h/x",
        "https://h/x?sv=1&st=2&expires=3&version=4",
        "https://h/x?token=${T}&v=1",
        "https://h/x?token=",
        f"https://h/x?{ONE}",
        "--pre",
        "x @ ${W}",
    ],
)
def test_left_as_it_is(token: str) -> None:
    found = credentials.separated([[token]])
    assert found.layers == ((token,),)
    assert found.values == {}
    assert found.exposed == ()


def test_numbers_run_in_order_over_layers_and_leave_out_those_in_use() -> None:
    written = [["git+https://A@h/x", "b", "-i", "https://B@h"], [f"git+https://{TWO}@h/y"]]
    found = credentials.separated([*written, ["git+https://A@h/z"]])
    assert found.values == {
        "FALAPP_CREDENTIAL_1": "A",
        "FALAPP_CREDENTIAL_3": "B",
        "FALAPP_CREDENTIAL_4": "A",
    }
    assert [len(layer) for layer in found.layers] == [4, 1, 1]


def test_it_shows_nothing() -> None:
    found = credentials.separated([["git+https://CANARY@h/x", "https://h/x?sig=CANARY"]])
    assert found.exposed == ("git+https://****@h/x", "https://h/x?****")
    assert "CANARY" not in repr(found)


@settings(deadline=None)  # a busy machine is no failure
@given(strategies.ITEMS)
def test_what_was_taken_out_can_be_put_back(items: list[str]) -> None:
    try:
        before = tokens.parse(items)
    except RequirementError:
        return
    found = credentials.separated([tokens.render(before)])
    after = variables.expanded(tokens.parse(found.layers[0]), found.values)
    for old, new in zip(before.requirements, after.requirements, strict=True):
        assert sorted(old.line) == sorted(new.line), "parameters may change places"
        assert old.hashes == new.hashes
    assert sorted(repr(before.options)) == sorted(repr(after.options))
