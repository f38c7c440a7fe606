from pathlib import Path

import pytest

from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.places import Places
from falapp_builder.programs import tool, trust, uv
from falapp_requirements.redact import Redactor


def fake(places: Places, script: str) -> None:
    places.uv.unlink()
    places.uv.write_text(f"#!/bin/sh\n{script}\n")
    places.uv.chmod(0o755)


def run(places: Places, *secrets: str) -> tuple[int, str]:
    with tool.workshop(places) as place:
        return uv.run(place, ["x"], {"EXTRA": "given"}, Redactor(secrets))


def test_what_it_says_is_redacted_before_it_is_printed(
    places: Places, capfd: pytest.CaptureFixture[str]
) -> None:
    fake(places, 'echo "get https://u:CANARY@h/x"; echo "TOKENTOKEN" >&2; exit 3')
    assert run(places, "https://TOKENTOKEN@h/") == (3, "get https://****@h/x\n****")
    out, err = capfd.readouterr()
    assert (out, err) == ("", "get https://****@h/x\n****\n")


def test_the_base_images_settings_do_not_bend_a_build(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("UV_SYSTEM_PYTHON", "PIP_INDEX_URL", "PYTHONPATH", "VIRTUAL_ENV", "LC_MESSAGES"):
        monkeypatch.setenv(name, "theirs")
    monkeypatch.setenv("MAKEFLAGS", "-j4")
    fake(places, "env; pwd")
    _, said = run(places)
    assert "theirs" not in said
    assert "MAKEFLAGS=-j4" in said
    assert "EXTRA=given" in said
    values = dict(line.partition("=")[::2] for line in said.splitlines())
    assert values["HOME"] == values["TMPDIR"] == said.splitlines()[-1]
    assert not Path(values["HOME"]).exists()


def test_git_of_ours_is_found_behind_the_bases(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    fake(places, "echo $PATH")
    assert run(places)[1] == f"/usr/bin:/bin:{places.programs}"


def test_a_flood_is_cut_from_its_beginning(places: Places) -> None:
    fake(places, 'yes "$(seq -s , 1 100)" | head -2000; echo last')
    _, said = run(places)
    assert len(said) <= 262_144
    assert said.endswith(",99,100\nlast")


def test_a_long_line_is_cut_between_words(places: Places) -> None:
    fake(places, "echo begin $(seq -s , 1 500)https://u:CANARY@h/$(seq -s , 1 900) end")
    _, said = run(places)
    assert said == "begin …"


@pytest.mark.parametrize(
    ("script", "part", "reason"),
    [
        ("kill -9 $$", "SIGKILL: most likely the build ran out of memory", Reason.OUT_OF_MEMORY),
        ("kill $$", "SIGTERM", Reason.BUILD_FAILED),
    ],
)
def test_killed(places: Places, script: str, part: str, reason: Reason) -> None:
    fake(places, f"echo before; {script}")
    with pytest.raises(Failure) as caught:
        run(places)
    assert part in caught.value.message
    assert caught.value.reason is reason
    assert caught.value.log == "before"


def test_a_binary_for_another_machine(places: Places) -> None:
    places.uv.unlink()
    places.uv.write_bytes(b"\x7fELF nonsense")
    places.uv.chmod(0o755)
    with pytest.raises(Failure, match="uv cannot be started") as caught:
        run(places)
    assert caught.value.reason is Reason.BASE_IMAGE_UNUSABLE


def test_trust_is_the_bases_and_the_clusters(places: Places, tmp_path: Path) -> None:
    base = tmp_path / "base.crt"
    base.write_bytes(b"BASE")
    places.fallback_bundle.write_bytes(b"FALLBACK")
    variables = {"SSL_CERT_FILE": str(base)}
    assert trust.bundle(places, variables) == b"BASE"
    places.authority.write_bytes(b"OWN")
    assert trust.bundle(places, variables) == b"BASE\nOWN"


def test_a_base_without_authorities_gets_the_builders(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust, "_BUNDLES", ())
    monkeypatch.setattr("ssl.get_default_verify_paths", lambda: type("Paths", (), {"cafile": None}))
    assert trust.bundle(places, {}) == b""
    places.fallback_bundle.write_bytes(b"FALLBACK")
    assert trust.bundle(places, {}) == b"FALLBACK"


def test_every_tool_is_told_whom_to_trust(places: Places, tmp_path: Path) -> None:
    places.authority.write_bytes(b"OWN")
    told = trust.variables(places, tmp_path)
    assert set(told) >= {"SSL_CERT_FILE", "GIT_SSL_CAINFO"}
    assert {Path(path).read_bytes()[-3:] for path in told.values()} == {b"OWN"}
