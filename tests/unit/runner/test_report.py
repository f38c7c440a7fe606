import json
from pathlib import Path

import pytest

from falapp_runner import report


def failure(message: str = "it broke", tail: str = "") -> report.Failure:
    return report.Failure(reason="SetupFailed", message=message, log_tail=tail)


LONG = "".join(f'  File "/app/app.py", line {line}, in setup\n' for line in range(500))


@pytest.mark.parametrize(
    "tail",
    ["", "one line", LONG, "ä€😀" * 3000, "x" * 100_000, '"\\\n' * 3000, "\ud800" * 3000],
    ids=["none", "one", "many", "wide", "unbroken", "escaped", "surrogates"],
)
@pytest.mark.parametrize("message", ["it broke", "é" * 5000, "\x00" * 5000])
def test_fits_and_is_json(tail, message):
    text = report.encode(failure(message, tail))
    assert len(text) <= report.LIMIT
    assert set(json.loads(text)) == {"reason", "message", "logTail"}


def test_the_end_of_the_log_is_kept():
    kept = json.loads(report.encode(failure(tail=LONG + "ValueError: no weights\n")))["logTail"]
    assert kept.startswith('  File "/app/app.py"')
    assert kept.endswith("ValueError: no weights")


@pytest.mark.parametrize("limit", [60, 100, 300])
def test_a_small_limit(limit):
    text = report.encode(failure("m" * 200, LONG), limit)
    assert len(text) <= limit
    assert json.loads(text)["reason"] == "SetupFailed"


def test_write(tmp_path: Path):
    report.write(failure(), str(tmp_path / "log"))
    assert json.loads((tmp_path / "log").read_text())["message"] == "it broke"


def test_a_log_that_cannot_be_written_is_passed_over(tmp_path: Path):
    report.write(failure(), str(tmp_path / "none" / "log"))


def raised(source: str, file: str) -> BaseException:
    def outer() -> None:
        exec(compile(source, file, "exec"), {})  # noqa: S102

    try:
        outer()
    except BaseException as error:
        return error
    raise AssertionError("raises nothing")


def test_frames_before_the_apps_are_left_out():
    text = report.tail(raised("def f():\n    return 1 / 0\nf()", "/app/app.py"), "/app")
    assert text.splitlines()[:2] == [
        "Traceback (most recent call last):",
        '  File "/app/app.py", line 3, in <module>',
    ]
    assert "in outer" not in text
    assert text.endswith("ZeroDivisionError: division by zero\n")


def test_frames_before_the_apps_are_left_out_of_causes_too():
    source = "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('v') from e"
    text = report.tail(raised(source, "/app/app.py"), "/app/")
    assert text.count("/app/app.py") == 2
    assert "ZeroDivisionError" in text
    assert "in outer" not in text


def test_a_traceback_without_frames_of_the_app_is_kept_whole():
    assert "in outer" in report.tail(raised("1 / 0", "/elsewhere/x.py"), "/app")


def test_errors_of_a_group_are_kept():
    text = report.tail(raised("raise ExceptionGroup('g', [KeyError('k')])", "/app/a.py"), "/app")
    assert "KeyError: 'k'" in text


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no\n  weights"), "ValueError: no weights"),
        (ValueError(), "ValueError"),
        (SystemExit(3), "SystemExit(3)"),
        (SystemExit("bye"), "SystemExit('bye')"),
    ],
)
def test_sentence(error, text):
    assert report.sentence(error) == text


def test_a_name_that_is_no_utf_8_is_no_half_surrogate():
    failure = report.Failure(reason="SetupFailed", message="no file \udcff", log_tail="\udcff")
    assert json.loads(report.encode(failure))["message"] == "no file ?"
