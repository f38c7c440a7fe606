import sys
from pathlib import Path

import fal  # noqa: F401 - the runner has it before it loads a file
import pytest

from falapp_runner import load

APPS = Path(__file__).parent / "apps"
STEMS = {path.stem for path in APPS.iterdir()} | {"my-app.v2"}


@pytest.fixture(autouse=True)
def no_trace(monkeypatch):
    """Each test imports its files anew."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name in STEMS:
            del sys.modules[name]


@pytest.mark.parametrize(
    ("entrypoint", "name"),
    [
        ("one_app.py", "One"),
        ("one_app.py::One", "One"),
        ("one_app.py::Alias", "One"),
        ("two_apps.py::Second", "Second"),
    ],
)
def test_the_class_is_found(entrypoint, name):
    kind = load.load(entrypoint, APPS)
    assert kind.__name__ == name
    assert sys.modules[kind.__module__].__file__ == str(APPS / entrypoint.partition("::")[0])


@pytest.mark.parametrize(
    ("entrypoint", "says"),
    [
        ("two_apps.py", r"two_apps.py: it has 2 .* \(First, Second\).* two_apps.py::First"),
        ("no_app.py", r"no_app.py: it has no fal.App class; write"),
        ("no_app.py::Plain", r"Plain in no_app.py is no subclass of fal.App; it has no fal.App"),
        ("no_app.py::NUMBER", r"NUMBER in no_app.py is no class"),
        ("two_apps.py::Third", r"has no class Third; its fal.App classes are First, Second"),
        ("one_app.py::App", r"App in one_app.py is no subclass .* classes are One"),
        ("gone.py", r"there is no file gone.py; the source holds .*one_app.py"),
        ("fal.py", r"fal.py hides the module fal.* rename the file"),
        ("raise_import_error.py", r"No module named 'falapp_no.*add the package that holds falapp"),
        ("exc_in_import.py::Any", r"exc_in_import.py could not .*RuntimeError: no licence key"),
        ("exit_in_import.py", r"exit_in_import.py ended the process with SystemExit\(2\).*__main"),
    ],
)
def test_what_is_wrong_is_said_with_a_way_out(entrypoint, says):
    with pytest.raises(load.LoadError, match=says):
        load.load(entrypoint, APPS)


def test_the_cause_is_kept_and_the_module_is_not():
    with pytest.raises(load.LoadError) as caught:
        load.load("exc_in_import.py", APPS)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "exc_in_import" not in sys.modules


def test_a_syntax_error_names_its_line(tmp_path):
    (tmp_path / "broken.py").write_text("import fal\nclass X(fal.App:\n")
    with pytest.raises(load.LoadError, match=r"broken.py could not be imported.*line 2"):
        load.load("broken.py", tmp_path)


def test_a_file_that_hides_a_module_in_use(tmp_path):
    (tmp_path / "json.py").write_text("")
    with pytest.raises(load.LoadError, match=r"json.py hides the module json"):
        load.load("json.py", tmp_path)


def test_a_file_without_the_ending_of_python(tmp_path):
    (tmp_path / "app.txt").write_text("")
    with pytest.raises(load.LoadError, match=r"app.txt is no Python file"):
        load.load("app.txt", tmp_path)


def test_an_empty_source(tmp_path):
    with pytest.raises(load.LoadError, match="holds no file"):
        load.load("app.py", tmp_path)


def test_a_name_that_python_could_not_import(tmp_path):
    (tmp_path / "my-app.v2.py").write_text("import fal\nclass Mine(fal.App): pass\n")
    assert load.load("my-app.v2.py", tmp_path).__name__ == "Mine"


def test_modules_beside_the_file_are_imported(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "falapp_helper.py").write_text("WORD = 'helped'\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "falapp_part.py").write_text("from falapp_helper import WORD\n")
    (tmp_path / "beside.py").write_text(
        "import fal, falapp_helper\nfrom parts.falapp_part import WORD\n\n\n"
        "class App(fal.App):\n    word = falapp_helper.WORD + WORD\n"
    )
    assert load.load("beside.py", tmp_path).word == "helpedhelped"
    for name in ("beside", "falapp_helper", "parts", "parts.falapp_part"):
        del sys.modules[name]
