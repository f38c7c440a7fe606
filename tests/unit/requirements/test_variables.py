import pytest

from falapp_requirements import tokens, variables
from falapp_requirements.errors import RequirementError

HASH = "0123456789abcdef" * 4


def test_names_in_the_order_of_their_first_use() -> None:
    written = ["git+https://${B}:${A_1}@h/x", "click", "-i", "${B}", "--pre", "x @ ${C}"]
    assert variables.names(written) == ("B", "A_1", "C")
    assert variables.names(["$A", "${a}", "${1A}", "{A}", "$(A)"]) == ()


@pytest.mark.parametrize(
    ("item", "values", "line"),
    [
        ("git+https://${T}@h/x.git@v1", {"T": "ghp_1"}, "git+https://ghp_1@h/x.git@v1"),
        ("x@https://${U}:${T}@h/x.zip", {"U": "u", "T": "p@%2F:"}, "x @ https://u:p@%2F:@h/x.zip"),
        ("x @ ${W}", {"W": "https://h/x.whl?sig=a/b"}, "x @ https://h/x.whl?sig=a/b"),
        ("x @ git+${W}@v1", {"W": "https://h/x"}, "x @ git+https://h/x@v1"),
        ("x @ https://h/x.zip?${Q}", {"Q": "a=b&c=/?"}, "x @ https://h/x.zip?a=b&c=/?"),
        ("x @ https://${T}@h/x ; os_name>'a'", {"T": "t"}, "x @ https://t@h/x ; os_name>'a'"),
    ],
)
def test_values_in_the_file(item: str, values: dict[str, str], line: str) -> None:
    before = tokens.parse(["click", item, "--pre"])
    after = variables.expanded(before, values)
    assert after.text == f"click\n{line}\n"
    assert after.requirements[1].written == item
    assert after.requirements[1].url == before.requirements[1].url
    assert tokens.render(after) == tokens.render(before), "no value is ever rendered"
    assert after.at(len("click\n") + 1) == after.requirements[1]
    assert all(f"{value}@" not in repr(after) for value in values.values())


def test_values_in_options() -> None:
    before = tokens.parse(["-i", "${I}", "--extra-index-url=https://${U}:${P}@h/${I2}/", "--pre"])
    values = {"I": "https://h/simple", "U": "me", "P": "secret", "I2": "a b".replace(" ", "%20")}
    after = variables.expanded(before, values)
    assert after.options.index_url == "https://h/simple"
    assert after.options.extra_index_urls == ("https://me:secret@h/a%20b/",)
    assert after.options.prerelease
    assert tokens.render(after) == tokens.render(before)
    assert "secret" not in repr(after)


def test_the_hash_of_a_whole_address_counts() -> None:
    before = tokens.parse([f"x @ ${{W}} --hash=sha256:{'1' * 64}"])
    after = variables.expanded(before, {"W": f"https://h/x.whl#sha256={HASH}"})
    assert after.requirements[0].hashes == (f"sha256:{'1' * 64}", f"sha256:{HASH}")


@pytest.mark.parametrize(
    ("item", "values", "part"),
    [
        ("x @ ${W}", {}, "uses ${W}, which has no value; name the Secret"),
        ("x @ ${W}", {"W": ""}, "uses ${W}, whose value is empty"),
        ("x @ https://${A}@h/x", {"A": "CANARY\n"}, "holds a line break, a space"),
        ("x @ https://${A}@h/x", {"A": "CANARY b"}, "holds a line break, a space"),
        ("x @ https://${A}@h/x", {"A": "CANARY\0"}, "holds a line break, a space"),
        ("x @ https://${A}@h/x", {"A": "${B}CANARY", "B": "b"}, "holds ${"),
        ("x @ https://${A}@h/x", {"A": "CANARY/b"}, "holds one of / ? # \\; write them as %2F"),
        ("x @ https://u:${A}@h/x", {"A": "CANARY#b"}, "holds one of"),
        ("x @ https://${A}@h/x", {"A": "CANARY'b"}, "with ${A} holds ' in its URL"),
        ("x @ ${W}", {"W": "file:///CANARY"}, "with ${W} is a path"),
        ("x @ ${W}", {"W": "/CANARY"}, "with ${W} is a path"),
        ("x @ ${W}", {"W": "CANARY"}, "with ${W} is a path"),
        ("x @ ${W}", {"W": "https://h/x;CANARY"}, "with ${W} holds ; in its URL"),
        ("x @ ${W}", {"W": "ssh://CANARY@h/x"}, "cannot read"),
        ("x @ git+${W}", {"W": "ssh://CANARY@h/x"}, "needs an SSH key"),
        ("x @ ${W}", {"W": "https://h:CANARY/"}, "no host or port"),
        ("x @ ${W} --hash=sha256:" + HASH, {"W": "git+https://CANARY@h/x#sha256="}, "wrong length"),
        ("--index-url=${W}", {"W": "/CANARY"}, "with ${W} does not name a web address"),
        ("--find-links=${W}", {"W": "file:///CANARY"}, "with ${W} does not name a web address"),
    ],
)
def test_a_value_that_does_not_fit(item: str, values: dict[str, str], part: str) -> None:
    with pytest.raises(RequirementError) as caught:
        variables.expanded(tokens.parse([item]), values)
    assert part in str(caught.value)
    assert "CANARY" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_reserved_names() -> None:
    variables.refuse_reserved(["x @ ${WHEEL}", "-i", "${A_FALAPP_B}"])
    with pytest.raises(RequirementError, match=r"uses \$\{FALAPP_X\}, and names that begin"):
        variables.refuse_reserved(["click", "x @ ${FALAPP_X}"])
