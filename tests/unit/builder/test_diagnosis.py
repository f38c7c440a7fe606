"""What uv 0.13.9 really said (samples/*.txt), and what becomes of it."""

from pathlib import Path

import pytest

from falapp_builder import diagnosis
from falapp_builder.failure import Reason
from falapp_requirements import tokens
from falapp_requirements.redact import Redactor

SAMPLES = Path(__file__).with_name("samples")
ABSENT, IMPOSSIBLE = Reason.PACKAGE_NOT_FOUND, Reason.RESOLUTION_IMPOSSIBLE
INVALID, UNREACHABLE = Reason.INVALID_REQUIREMENT, Reason.INDEX_UNREACHABLE
INSTALL = Reason.INSTALL_FAILED
GIT = "git+http://CANARY@127.0.0.1:8765"
WHEEL = "nope-1.0-py3-none-any.whl?sig=QSECRET"

CASES = {
    "missing": (["requests", "falapp-no-such-pkg==1.0"], ABSENT, "`falapp-no-such-pkg==1.0`: no"),
    "missing-transitive": (["delta==1.0"], ABSENT, "`delta==1.0`: no index has a package called n"),
    "noversion": (["click", "Requests==99.1"], ABSENT, "`Requests==99.1`: no index has requests=="),
    "noversion-range": (["requests>=99"], ABSENT, "no index has such a version, only requests<=2."),
    "conflict": (
        ["requests==2.32.3", "click", "urllib3==1.20"],
        IMPOSSIBLE,
        "satisfies requirements `requests==2.32.3` and `urllib3==1.20`: Because requests==2.32.3",
    ),
    "twopins": (
        ["urllib3==2.2.1", "urllib3==1.26.1"],
        IMPOSSIBLE,
        "`urllib3==2.2.1` and `urllib3==1.26.1`",
    ),
    "impossible": (["click>1,<0"], IMPOSSIBLE, "`click>1,<0`: you require click<0 and click>1"),
    "python": (["numpy==2.2.0"], IMPOSSIBLE, "`numpy==2.2.0`: numpy==2.2.0 needs Python >=3.10"),
    "python-own": (["newpy"], IMPOSSIBLE, "`newpy`: newpy==1.0 needs Python >=3.13"),
    "platform": (["winonly"], ABSENT, "no wheels with a matching platform tag"),
    "abi": (["oldpy"], ABSENT, "`oldpy`: oldpy==1.0 has no wheels with a matching Python ABI tag"),
    "only-binary": (["gooda"], ABSENT, "`gooda`: gooda==1.0 has no usable wheels"),
    "no-binary": (["beta"], ABSENT, "`beta`: beta has no source distribution"),
    "corrupt": (["corrupt"], ABSENT, "corrupt==1.0 has an invalid package format"),
    "malformed": (["click", "requests===>2"], INVALID, "`requests===>2` is not one that pip acc"),
    "url-name": (
        ["other2 @ http://127.0.0.1:8765/simple/beta/beta-2.0-py3-none-any.whl?sig=QSECRET"],
        INVALID,
        "asks for other2, and its URL gives beta",
    ),
    "name-in-file": (["mismatch"], INVALID, "`mismatch` asks for mismatch, and its file says"),
    "git-absent": (
        ["a", "git+https://h.example/x"],
        INVALID,
        "`git+https://h.example/x`: the base image",
    ),
    "git-401": ([f"x @ {GIT}/s401/nope.git"], ABSENT, "`x @ git+http://****@127.0.0.1:8765/s401"),
    "git-404": ([f"{GIT}/nope.git"], ABSENT, "/nope.git`: there is no such git repository"),
    "git-ref": ([f"{GIT}/pkg.git@nosuchref"], ABSENT, "its repository has no nosuchref"),
    "git-dns": (["x @ git+https://CANARY@nosuchhost.invalid/x.git"], UNREACHABLE, "resolved"),
    "git-certificate": (["x @ git+https://CANARY@127.0.0.1:8766/x.git"], UNREACHABLE, "trusted"),
    "certificate": (["requests"], UNREACHABLE, "the certificate of index.example is not trusted"),
    "dns": (["requests"], UNREACHABLE, "the name nosuchhost.invalid cannot be resolved"),
    "unreachable": (["requests"], UNREACHABLE, "127.0.0.1:9 did not answer"),
    "find-links": (["requests"], UNREACHABLE, "127.0.0.1:9 did not answer"),
    "index-500": (["alpha"], UNREACHABLE, "127.0.0.1:8765 answered with an error (500)"),
    "url-refused": (
        ["requests @ http://127.0.0.1:9/requests-1-py3-none-any.whl?sig=QSECRET"],
        UNREACHABLE,
        "`requests @ http://127.0.0.1:9/requests-1-py3-none-any.whl?****`: 127.0.0.1:9 did not",
    ),
    "url-401": ([f"http://user:CANARY@127.0.0.1:8765/s401/{WHEEL}"], ABSENT, "refused access (401"),
    "url-404": ([f"http://user:CANARY@127.0.0.1:8765/{WHEEL}"], ABSENT, "has no such file (404)"),
    "build-needs": (["badc"], INSTALL, "`badc`: what is needed to build it from source"),
    "build-metadata": (["badmeta==1.0"], INSTALL, "`badmeta==1.0`: badmeta==1.0 has no wheel"),
    "install-compile": (["click", "badc"], INSTALL, "`badc`: badc==1.0 has no wheel that fits"),
    "install-hash": (["alpha"], INSTALL, "`alpha`: the file of alpha==2.0 is not the one"),
    "install-hash-url": (
        ["beta@http://127.0.0.1:8765/simple/beta/beta-2.0-py3-none-any.whl"],
        INSTALL,
        "hash mismatch",
    ),
    "install-refused": (["alpha"], UNREACHABLE, "the requirements: 127.0.0.1:9 did not answer"),
    "install-404": (["beta==2.0"], ABSENT, "`beta==2.0`: 127.0.0.1:8765 has no such file (404)"),
    "install-500": (["alpha==1.0"], UNREACHABLE, "`alpha==1.0`: 127.0.0.1:8765 answered with an"),
}


@pytest.mark.parametrize("sample", CASES)
def test_reason_and_requirement(sample: str) -> None:
    written, reason, part = CASES[sample]
    said = Redactor(written)((SAMPLES / f"{sample}.txt").read_text())
    failure = diagnosis.diagnosed(said, tokens.parse(written), Reason.BUILD_FAILED)
    assert failure.reason is reason
    assert part in failure.message
    assert "\n" not in failure.message
    assert "{" not in failure.message
    assert not {s for s in ("CANARY", "QSECRET") if s in failure.message + failure.log}


def test_every_sample_is_a_case() -> None:
    assert {path.stem for path in SAMPLES.iterdir()} == {*CASES, "malformed-secret"}


def test_a_malformed_line_is_echoed_without_its_secrets() -> None:
    line = "name=@http://user:CANARY@example.test/x.whl?sig=QSECRET"
    said = Redactor([line])((SAMPLES / "malformed-secret.txt").read_text())
    assert "example.test" in said
    assert "CANARY" not in said
    assert "QSECRET" not in said


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("error: something new", "the requirements: uv failed: error: something new"),
        ("", "the requirements: uv failed: it said nothing"),
        ("error: x\n  cause: No space left on device (os error 28)", "the disk of the build is"),
    ],
)
def test_what_no_pattern_knows(said: str, message: str) -> None:
    failure = diagnosis.diagnosed(said, tokens.parse(["click"]), Reason.BUILD_FAILED)
    assert failure.reason is Reason.BUILD_FAILED
    assert failure.message.startswith(message)


def test_progress_is_no_part_of_the_log() -> None:
    said = "Using Python 3.11.2\nDownloading numpy (15MiB)\n Downloaded numpy\nerror: bad"
    failure = diagnosis.diagnosed(said, tokens.parse([]), Reason.INSTALL_FAILED)
    assert failure.log == "error: bad"
