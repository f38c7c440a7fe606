import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from falapp_builder.pod import report
from falapp_builder.pod.failure import Failure, Reason


@settings(deadline=None)  # a busy machine is no failure
@given(st.text(max_size=6000), st.text(max_size=6000))
def test_a_report_is_json_within_the_limit(message: str, log: str) -> None:
    text = report.failure_json(Failure(Reason.INSTALL_FAILED, message, log))
    assert len(text.encode()) <= report.LIMIT
    data = json.loads(text)
    assert set(data) == {"reason", "message", "logTail"}
    assert data["reason"] == "InstallFailed"


def test_the_log_loses_its_beginning() -> None:
    log = "\n".join(f"line {n}" for n in range(1000))
    data = json.loads(report.failure_json(Failure(Reason.BUILD_FAILED, "m", log)))
    assert data["logTail"].endswith("line 998\nline 999")
    assert data["logTail"].startswith("line ")
    assert len(data["logTail"]) > 1400


def test_a_long_message_is_cut_with_an_ellipsis() -> None:
    data = json.loads(report.failure_json(Failure(Reason.BUILD_FAILED, "é" * 5000)))
    assert data["message"].endswith("é…")


def test_a_failure_is_reported_and_is_status_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def step() -> None:
        raise Failure(Reason.PACKAGE_NOT_FOUND, "no x", "log")

    path = tmp_path / "termination"
    assert report.guarded(step, path) == 1
    expected = {"reason": "PackageNotFound", "message": "no x", "logTail": "log"}
    assert json.loads(path.read_text()) == expected
    assert capsys.readouterr().err == "falapp: PackageNotFound: no x\n"


def test_a_mistake_of_ours_is_reported_without_credentials(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def step() -> None:
        raise ValueError("https://user:CANARY@h/")

    path = tmp_path / "termination"
    assert report.guarded(step, path) == 1
    data = json.loads(path.read_text())
    assert data["reason"] == "BuildFailed"
    assert "ValueError" in data["message"]
    assert "CANARY" not in path.read_text() + capsys.readouterr().err


def test_success_and_a_log_that_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.success(tmp_path / "t", {"packages": 3})
    assert (tmp_path / "t").read_text() == '{"packages":3}'
    assert report.guarded(lambda: report.write(tmp_path / "no" / "t", "x"), tmp_path / "t") == 0
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "told"), [(0, "0 packages"), (1, "1 package"), (2, "2 packages")]
)
def test_numbers_of_things(number: int, told: str) -> None:
    assert report.counted(number, "package") == told
