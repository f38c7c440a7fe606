"""What uv 0.13.9, pip 26.3 and git really said (samples/*.txt), and what becomes of it."""

from pathlib import Path

import pytest

from falapp_builder.pod.failure import Reason
from falapp_builder.programs import diagnosis
from falapp_requirements import tokens
from falapp_requirements.redact import Redactor

SAMPLES = Path(__file__).with_name("samples")
ABSENT, IMPOSSIBLE = Reason.PACKAGE_NOT_FOUND, Reason.RESOLUTION_IMPOSSIBLE
INVALID, UNREACHABLE = Reason.INVALID_REQUIREMENT, Reason.INDEX_UNREACHABLE
COMPILE, UNFIT = Reason.COMPILE_FAILED, Reason.NO_MATCHING_WHEEL
DENIED, HASH = Reason.ACCESS_DENIED, Reason.HASH_MISMATCH
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
    "platform": (["winonly"], UNFIT, "no wheels with a matching platform tag"),
    "abi": (["oldpy"], UNFIT, "`oldpy`: oldpy==1.0 has no wheels with a matching Python ABI tag"),
    "only-binary": (["gooda"], UNFIT, "`gooda`: gooda==1.0 has no usable wheels"),
    "no-binary": (["beta"], ABSENT, "`beta`: beta has no source distribution"),
    "corrupt": (["corrupt"], Reason.INSTALL_FAILED, "the file of corrupt==1.0 is no package"),
    "malformed": (["click", "requests===>2"], INVALID, "`requests===>2` is not one that pip acc"),
    "url-name": (
        ["other2 @ http://127.0.0.1:8765/simple/beta/beta-2.0-py3-none-any.whl?sig=QSECRET"],
        INVALID,
        "asks for other2, and its URL gives beta",
    ),
    "name-in-file": (["mismatch"], INVALID, "`mismatch` asks for mismatch, and its file says"),
    "git-absent": (
        ["a", "git+https://h.example/x"],
        Reason.BASE_IMAGE_UNUSABLE,
        "`git+https://h.example/x`: git does not run in the base image",
    ),
    "git-401": ([f"x @ {GIT}/s401/nope.git"], DENIED, "`x @ git+http://****@127.0.0.1:8765/s401"),
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
    "url-401": ([f"http://user:CANARY@127.0.0.1:8765/s401/{WHEEL}"], DENIED, "refused access (401"),
    "url-404": ([f"http://user:CANARY@127.0.0.1:8765/{WHEEL}"], ABSENT, "has no such file (404)"),
    "build-needs": (["badc"], COMPILE, "`badc`: what is needed to build it from source"),
    "build-metadata": (["badmeta==1.0"], COMPILE, "`badmeta==1.0`: badmeta==1.0 has no wheel"),
    "install-compile": (
        ["click", "badc"],
        COMPILE,
        "(bad.c:1:9: error: expected expression before",
    ),
    "install-hash": (["alpha"], HASH, "`alpha`: the file of alpha==2.0 is not the one"),
    "install-hash-url": (
        ["beta@http://127.0.0.1:8765/simple/beta/beta-2.0-py3-none-any.whl"],
        HASH,
        "hash mismatch",
    ),
    "install-refused": (["alpha"], UNREACHABLE, "the requirements: 127.0.0.1:9 did not answer"),
    "install-404": (["beta==2.0"], ABSENT, "`beta==2.0`: 127.0.0.1:8765 has no such file (404)"),
    "install-500": (["alpha==1.0"], UNREACHABLE, "`alpha==1.0`: 127.0.0.1:8765 answered with an"),
    "index-401": (["beta"], DENIED, "`beta`: 127.0.0.1:8765 refused access (401)"),
    "compile-killed": (["oom9"], Reason.OUT_OF_MEMORY, "`oom9`: what builds it was killed"),
    "compile-memory": (["oom"], Reason.OUT_OF_MEMORY, "`oom`: what builds it was killed"),
    "compile-disk": (["disk"], Reason.DISK_FULL, "the disk of the build is full"),
    "git-403": ([f"{GIT}/fork.git@v1"], DENIED, "/fork.git@v1`: the git server refused access"),
}
PIP_CASES = {
    "missing": (["beta", "nopepkg"], ABSENT, "`nopepkg`: no index has a package called nopepkg"),
    "noversion": (["beta==9"], ABSENT, "`beta==9`: no index has beta==9, only 1.0, 2.0"),
    "transitive": (["beta", "delta"], ABSENT, "`delta`: no index has a package called nopedep"),
    "conflict": (
        ["alpha", "beta>=2", "gamma", "other"],
        IMPOSSIBLE,
        "`alpha` and `beta>=2` and `gamma`: The user requested beta>=2; alpha 1.0 depends on",
    ),
    "twopins": (["beta==1.0", "beta==2.0"], IMPOSSIBLE, "`beta==1.0` and `beta==2.0`: The user"),
    "platform": (["winonly"], UNFIT, "`winonly`: winonly has no wheel for this platform"),
    "abi": (["oldpy"], UNFIT, "`oldpy`: oldpy has no wheel for this platform and Python"),
    "no-binary": (["beta"], ABSENT, "`beta`: no index has a package called beta with files that"),
    "malformed": (["alpha; python_verson<'3'"], INVALID, "not one that pip accepts: 'alpha': Exp"),
    "name-in-url": (["other @ http://h/beta-1.0-py3-none-any.whl"], INVALID, "its URL gives beta"),
    "plain": (["beta"], INVALID, "pip asks no index over plain http, as nosuchhost.invalid is"),
    "hashes": (["alpha==1.0"], INVALID, "pip wants a version and a hash of beta, too"),
    "hash": (["beta==2.0"], HASH, "`beta==2.0`: the file of beta==2.0 is not the one"),
    "compile": (["alpha", "badc"], COMPILE, "`badc`: badc has no wheel that fits, and building"),
    "install-compile": (["alpha", "badc"], COMPILE, "(x.c:1:10: fatal error: Python.h: No such"),
    "needs": (["needy"], COMPILE, "`needy`: what is needed to build needy from source cannot be"),
    "oom": (["oom"], Reason.OUT_OF_MEMORY, "`oom`: what builds it was killed"),
    "killed": (["killed"], Reason.OUT_OF_MEMORY, "`killed`: what builds it was killed"),
    "disk": (["disk"], Reason.DISK_FULL, "the disk of the build is full"),
    "index-401": (["beta"], DENIED, "`beta`: 127.0.0.1:8765 refused access (401)"),
    "index-403": (["beta"], DENIED, "`beta`: 127.0.0.1:8765 refused access (403)"),
    "index-500": (["beta"], UNREACHABLE, "`beta`: 127.0.0.1 answered with an error (500)"),
    "url-401": (["beta @ http://h/beta.whl"], DENIED, "127.0.0.1:8765 refused access (401)"),
    "url-404": (["beta @ http://h/beta.whl"], ABSENT, "127.0.0.1:8765 has no such file (404)"),
    "url-500": (["beta @ http://h/beta.whl"], UNREACHABLE, "127.0.0.1 answered with an error (500"),
    "refused": (["beta"], UNREACHABLE, "`beta`: 127.0.0.1:9 did not answer"),
    "url-refused": (["beta @ http://h/beta.whl"], UNREACHABLE, "127.0.0.1:9 did not answer"),
    "dns": (["beta"], UNREACHABLE, "`beta`: the name nosuchhost.invalid cannot be resolved"),
    "git-401": (
        ["fork @ git+http://h/fork.git"],
        DENIED,
        "`fork @ git+http://h/fork.git`: the git",
    ),
    "git-403": (["git+http://CANARYtoken@127.0.0.1:8765/fork.git"], DENIED, "fork.git`: "),
    "git-404": (["beta @ git+http://h/nope.git"], ABSENT, "there is no such git repository"),
    "git-ref": (["fork @ git+http://h/fork.git@nope"], ABSENT, "repository has no nope; check"),
}
CASES |= {f"pip-{sample}": case for sample, case in PIP_CASES.items()}


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
        ("error: something new", "the requirements: the installer failed: error: something new"),
        ("", "the requirements: the installer failed: it said nothing"),
        (
            "ERROR: new in git+https://CANARY@h/x",
            "the requirements: the installer failed: ERROR: new",
        ),
    ],
)
def test_what_no_pattern_knows(said: str, message: str) -> None:
    failure = diagnosis.diagnosed(said, tokens.parse(["click"]), Reason.BUILD_FAILED)
    assert failure.reason is Reason.BUILD_FAILED
    assert failure.message.startswith(message)
    assert "CANARY" not in failure.message


def test_progress_is_no_part_of_the_log() -> None:
    said = "Using Python 3.11.2\nDownloading numpy (15MiB)\n Downloaded numpy\nerror: bad"
    failure = diagnosis.diagnosed(said, tokens.parse([]), Reason.INSTALL_FAILED)
    assert failure.log == "error: bad"
