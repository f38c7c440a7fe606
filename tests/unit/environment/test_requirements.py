import pytest
from hypothesis import given, settings

from falapp_operator.environment import requirements
from falapp_requirements import redact, tokens, variables
from falapp_requirements.errors import RequirementError
from tests.unit.requirements import corpus, strategies
from tests.unit.requirements.corpus import FILES, SIGNATURE, WHEEL

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
INDEXES = ["--extra-index-url=https://a/", "--extra-index-url=https://b/"]


def canonical(items: list[str]) -> tuple[str, ...]:
    return requirements.canonical([items])[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["Click==8.1.7"], ["click==8.1.7"]),
        (["a_b.c--d"], ["A-b-c-d"]),
        ([" click >=8 , <9"], ["click>=8,<9"]),
        (["click (>=8)"], ["click>=8"]),
        (["click; os_name=='posix'"], ['click ; os_name == "posix"']),
        (["uvicorn[standard,Extra_A]"], ["uvicorn [extra-a, standard]"]),
        (["click<9,>=8"], ["click>=8,<9"]),
        (["--extra-index-url=https://h/s"], ["--extra-index-url", "https://h/s"]),
        (["--extra-index-url=https://h/s"], ["--extra-index-url https://h/s"]),
        (["-i", "https://h/s"], ["--index-url=https://h/s"]),
        (["-fhttps://h/s"], ["--find-links", "https://h/s"]),
        ([f"Click@{FILES}/{WHEEL}"], [f"click @ {FILES}/{WHEEL}"]),
        ([f"c @ {FILES}/x.zip; os_name=='a'"], [f"c@{FILES}/x.zip ;os_name=='a'"]),
        ([f"{FILES}/x.zip; os_name=='a'"], [f"{FILES}/x.zip ; os_name=='a'"]),
        ([f"c@HTTPS{FILES[5:]}/x.zip"], [f"c@{FILES}/x.zip"]),
        (["git+https://OLD@h/x"], ["git+https://NEWTOKEN@h/x"]),
        (["-i", "https://u:old@h/s"], ["-i", "https://v:new@h/s"]),
        ([f"c @ {FILES}/x.zip?v=1&{SIGNATURE}"], [f"c @ {FILES}/x.zip?X-Amz-Date=b&v=1"]),
        (["a==1", "--hash", A], [f"a==1 --hash={A.upper().replace('SHA', 'sha')}"]),
        (["a==1", f"--hash={A}", f"--hash={B}"], [f"a==1 --hash {B}  --hash={A}"]),
        (["--no-binary=B_c,a,a"], ["--no-binary", "a,b-c"]),
    ],
    ids=str,
)
def test_one_meaning_has_one_spelling(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["a", "b"], ["b", "a"]),
        (INDEXES, INDEXES[::-1]),
        (["--index-url=https://a/"], ["--extra-index-url=https://a/"]),
        (["--find-links=https://a/"], ["--extra-index-url=https://a/"]),
        (["a[b]"], ["a"]),
        (["a[b]"], ["a[c]"]),
        (["a; os_name=='b'"], ["a; os_name=='c'"]),
        (["a; os_name=='b'"], ["a"]),
        (["a==1"], ["a==2"]),
        (["a==1"], [f"a==1 --hash={A}"]),
        ([f"a==1 --hash={A}"], [f"a==1 --hash={B}"]),
        (["a @ https://h/a.zip"], [f"a @ https://h/a.zip#{A.replace(':', '=')}"]),
        (["a"], ["a", "--pre"]),
        (["a", "--pre"], ["--pre", "a"]),
        (["a"], ["a", "--no-build-isolation"]),
        (["git+https://h/x@a"], ["git+https://h/x@b"]),
        (["a @ https://h/a.zip?sig=x"], ["a @ https://h/b.zip?sig=x"]),
        (["a @ https://h/a.zip?v=1&sig=x"], ["a @ https://h/a.zip?v=2&sig=x"]),
        (["a @ https://h/a.zip?se=1"], ["a @ https://h/a.zip?se=2"]),
        (["git+https://${A}@h/x"], ["git+https://${B}@h/x"]),
        (["git+https://TOKEN@h/x"], ["git+https://h/x"]),
        (["https://H/a.zip"], ["https://H/A.zip"]),
        (["--no-binary=a,:none:"], ["--no-binary=:none:,a"]),
    ],
    ids=str,
)
def test_two_meanings_have_two(one, other):
    assert canonical(one) != canonical(other)


def test_layers_stay_layers():
    assert requirements.canonical([["A"], [], ["B_b"]]) == (("a",), (), ("b-b",))


@pytest.mark.parametrize(
    ("items", "spelling"),
    [
        (["Torch[B,a] >=2 ; python_version<'3.12'"], 'torch[a,b]>=2 ; python_version < "3.12"'),
        (["a;os_name=='x\"y'"], "a ; os_name == 'x\"y'"),
        (["P_p[X]@https://h/p.zip"], "p-p[x] @ https://h/p.zip"),
        (["p@${WHEEL_URL}"], "p @ ${WHEEL_URL}"),
        (["-i", "https://u:${PW}@h/${X}"], "--index-url=https://u:${PW}@h/${X}"),
        (["p @ https://h/p.zip?sig=1"], "p @ https://h/p.zip?${FALAPP_CREDENTIAL_1}"),
        (["git+https://u:p@h/x#egg=A_b"], "git+https://${FALAPP_CREDENTIAL_1}@h/x#egg=A_b"),
    ],
)
def test_the_spelling(items, spelling):
    assert canonical(items) == (spelling,)


@pytest.mark.parametrize("case", corpus.ACCEPTED, ids=lambda case: case.name)
def test_the_spelling_of_a_spelling_is_itself(case):
    once = requirements.canonical([case.items, case.items])
    assert requirements.canonical(once) == once
    before, after = tokens.parse(case.items), tokens.parse(once[0])
    assert [r.name for r in after.requirements] == [r.name for r in before.requirements]
    assert [set(r.hashes) for r in after.requirements] == [
        set(r.hashes) for r in before.requirements
    ]
    assert len(once[0]) == len(before.items)


@pytest.mark.parametrize("case", corpus.ACCEPTED, ids=lambda case: case.name)
def test_with_its_credentials_the_spelling_means_what_was_written(case):
    found = requirements.read([case.items])
    values = {**found.values, **case.values}
    after = variables.expanded(tokens.parse(found.layers[0]), values)
    before = variables.expanded(tokens.parse(case.items), values)
    assert after.options == before.options
    assert [r.name for r in after.requirements] == [r.name for r in before.requirements]
    spelled = [[r.line for r in found.requirements] for found in (after, before)]
    assert requirements.canonical(spelled[:1]) == requirements.canonical(spelled[1:])
    assert all(value in after.text + repr(after.options) for value in values.values())


@settings(deadline=None)  # a busy machine is no failure
@given(strategies.ITEMS)
def test_whatever_is_accepted_has_one_spelling(items: list[str]):
    try:
        once = requirements.canonical([items])
    except RequirementError:
        return
    assert requirements.canonical(once) == once
    assert len(once[0]) == len(tokens.parse(items).items)
    assert not any(redact.secrets(token) for token in once[0] if "?" not in token)


def test_the_credentials_of_what_a_user_wrote():
    written = [
        "git+https://TOKEN@h/x",
        "-i",
        "https://u:pw@h/s",
        f"c @ https://h/x.zip?{SIGNATURE}",
    ]
    found = requirements.read([written])
    assert found.layers == requirements.canonical([written])
    assert found.values == {
        "FALAPP_CREDENTIAL_1": "TOKEN",
        "FALAPP_CREDENTIAL_2": "u:pw",
        "FALAPP_CREDENTIAL_3": SIGNATURE,
    }
    assert found.exposed == (
        "git+https://****@h/x",
        "--index-url=https://****@h/s",
        "c @ https://h/x.zip?****",
    )
    assert "TOKEN" not in repr(found)


def test_a_user_has_no_names_of_the_operator():
    with pytest.raises(RequirementError, match="names that begin with FALAPP_ are the operator's"):
        requirements.read([["git+https://${FALAPP_CREDENTIAL_1}@h/x"]])


@pytest.mark.parametrize(
    ("item", "part"),
    [
        ("a=1", "write == instead of ="),
        ("a>=1.x", "not a requirement that pip accepts (Expected comma"),
        ("a>=1.*", "not a requirement that pip accepts"),
        ("a[x,]", "not a requirement that pip accepts"),
        ("a; colour=='1'", "not a requirement that pip accepts"),
        ("a @ https://h/a.zip ; os_name", "has a marker that pip does not accept"),
        ("a[b @ https://h/a.zip", "is a path"),
        ("https://h/a-1.whl", "is not the name of a wheel"),
        ("a @ https://h/b-1-py3-none-any.whl", "gives a wheel of b; write b @"),
        ("../a", "is a path"),
    ],
)
def test_refused(item, part):
    with pytest.raises(RequirementError) as caught:
        canonical([item])
    assert part in str(caught.value)


def test_a_refusal_holds_no_credential():
    for item in ("a @ https://u:CANARYCANARY@h/a.zip ; os_name", "https://CANARYCANARY@h/a-1.whl"):
        with pytest.raises(RequirementError) as caught:
            canonical([item])
        assert "CANARY" not in str(caught.value)
        assert caught.value.__cause__ is None
