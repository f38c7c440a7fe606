"""`falapp render` over a catalogue of app files; ``UPDATE_GOLDEN=1`` writes the results anew."""

import sys
from pathlib import Path

import pytest
import yaml

from falapp_cli import output
from falapp_cli.errors import InputError
from falapp_cli.source import options
from falapp_cli.source.render import Wishes, render
from falapp_operator.api.falapp import FalAppSpec
from tests.unit import golden

HERE = Path(__file__).parent / "catalogue"
APPS = {
    "minimal": "minimal.py",
    "gpu": "gpu.py::Flux",
    "wheels": "wheels.py",
    "layers": "layers.py",
    "files": "files.py",
    "container": "container.py",
    "base": "base.py",
    "private": "private.py",
    "guarded": "guarded.py",
    "inherited": "inherited.py::Special",
    "prints": "prints.py",
    "standins": "standins.py",
}


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("TOKEN_OF_A_TEST", "never-written")


def written(folder, text, name="app.py"):
    path = folder / name
    path.write_text(text)
    return str(path)


def rendered(reference, **wishes):
    return render(str(reference), Wishes(**wishes))


@pytest.mark.parametrize("name", APPS)
def test_catalogue(name):
    made = rendered(HERE / APPS[name])
    said = {"leftOut": [str(left) for left in made.left_out], "notes": list(made.notes)}
    golden.check(HERE / f"{name}.golden.yaml", made.app, said)


@pytest.mark.parametrize("name", APPS)
def test_what_is_rendered_is_valid_and_survives_yaml(name):
    app = rendered(HERE / APPS[name]).app
    FalAppSpec.model_validate(app["spec"])
    assert yaml.safe_load(output.to_yaml(app)) == app


def test_twice_is_the_same_and_leaves_nothing_behind():
    before = set(sys.modules), list(sys.path), len(sys.meta_path)
    first, second = (rendered(HERE / APPS["gpu"]).app for _ in range(2))
    assert first == second
    assert len(sys.meta_path) == before[2]
    assert sys.path == before[1]
    assert not {"gpu", "torch", "diffusers", "wheelhouse"} & set(sys.modules)


def test_the_secret_in_a_container_image_is_written_nowhere():
    assert "never-written" not in repr(rendered(HERE / "container.py"))


def test_every_option_of_fal_is_mapped_or_said_to_be_left_out():
    import fal
    from fal.api import FalServerlessHost

    host = FalServerlessHost
    keys = host._SUPPORTED_KEYS | host._GATEWAY_KEYS | host._VIRTUALENV_KEYS | host._CONTAINER_KEYS
    attributes = {n for n in fal.App.__annotations__ if not n.startswith("_")}
    known = set(options.FIELDS) | set(options.WITHOUT) | options.QUIET
    machinery = {"isolate_channel", "serve"}  # no options: a connection, and how functions are told
    assert (keys | attributes) - known - machinery == set()
    assert not set(options.FIELDS) & set(options.WITHOUT)


def test_a_field_that_the_model_gets_is_written(monkeypatch):
    every = frozenset({*options.fields(), "numGPUs", options.FALLBACKS})
    monkeypatch.setattr(options, "fields", lambda: every)
    monkeypatch.setattr("falapp_cli.source.render._validate", lambda *_: None)
    made = rendered(HERE / APPS["gpu"])
    assert made.app["spec"]["machineTypeFallbacks"] == ["GPU-A100"]
    assert made.app["spec"]["numGPUs"] == 2
    assert made.app["spec"]["maxMultiplexing"] == 4
    said = {left.option for left in made.left_out}
    assert not said & {"num_gpus", "max_multiplexing", "machine_type"}


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(1, "1s"), (60, "1m"), (90, "1m30s"), (3600, "1h"), (5400, "1h30m"), (3661, "1h1m1s")],
)
def test_seconds_as_a_falapp_writes_them(tmp_path, seconds, says):
    text = f"import fal\nclass A(fal.App):\n    startup_timeout = {seconds}\n"
    assert rendered(written(tmp_path, text)).app["spec"]["startupTimeout"] == says


def test_name_and_namespace(tmp_path):
    app = rendered(HERE / "minimal.py", name="other", namespace="video").app
    assert app["metadata"] == {"name": "other", "namespace": "video"}


APP = "import fal\nclass A(fal.App):\n    {}\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import fal\nclass A(fal.App:\n", ["app.py:2:", "correct it"]),
        ("x = 1\n", ["app.py: has no fal.App class"]),
        (
            "import fal\nclass A(fal.App): ...\nclass B(fal.App): ...\n",
            ["has 2 fal.App classes (A, B); name one, as ", "::A"],
        ),
        ("import fal\n1 / 0\n", ["line 2: importing it raised ZeroDivisionError"]),
        ("import sys\nsys.exit(3)\n", ["line 2: the file ends the process"]),
        (APP.format("requirements = ['a', ['b']]"), ["mixes items and lists"]),
        (APP.format("requirements = ['./here']"), ["requirements:", "./here", "is a path"]),
        (APP.format("requirements = ['-r', 'x.txt']"), ["requirements:", "-r"]),
        (APP.format("requirements = ['numpy=1']"), ["numpy=1", "write == instead of ="]),
        (APP.format("python_vers = 1").replace("App)", "App, keepalive=3)"), ["'keep_alive'?"]),
        (APP.format("pass").replace("App)", "App, machine_type='S')"), ["an attribute only"]),
        (APP.format("kind = 'conda'"), ["kind: conda environments are not made here"]),
        (APP.format("app_name = 'Not A Name'"), ["'Not A Name' cannot be a FalApp's name"]),
        (APP.format("machine_type = 'GPU H100'"), ["spec.machineType"]),
        (APP.format("machine_type = 5"), ["A.machine_type: is int, and no text or list of texts"]),
        (APP.format("request_timeout = float('inf')"), ["A.request_timeout: is float, and no num"]),
        (APP.format("startup_timeout = float('nan')"), ["A.startup_timeout: is float, and no num"]),
        (APP.format("secrets = 'TOKEN'"), ["A.secrets: is str, and no list of texts; write one"]),
        (APP.format("app_files = [5]"), ["A.app_files: is list, and no list of texts"]),
        (APP.format("app_files = ['a']\n    app_files_ignore = ['(']"),
         ["A.app_files_ignore: is list, and no list of regular expressions"]),
        (APP.format("local_python_modules = 5"), ["A.local_python_modules: is int"]),
        (APP.format("image = 'python:3.11'"), ["A.image: is str, and no ContainerImage"]),
        (APP.format("pass") + "x = '\0'\n", ["app.py: source code string cannot contain null"]),
        (APP.format("def setup(self):\n        import broken"), ["broken.py:1: ", "correct it"]),
        (APP.format("def setup(self):\n        import nothing"), ["nothing.py: source code"]),
        (APP.format("app_files = ['none.txt']"), ["app_files: there is no none.txt"]),
        (APP.format("local_python_modules = ['gone']"), ["there is no gone.py beside app.py"]),
        (APP.format("def __init__(self): ..."), ["should not override __init__"]),
        ("import torch\nimport fal\nif torch.cuda.is_available(): ...\n",
         ["line 3: the app needs torch.cuda.is_available() to be read", "--requirement torch",
          "inside setup()"]),
        ("import torch\nimport fal\nV = f'torch=={torch.__version__}'\n",
         ["line 3: the app needs torch.__version__", "--requirement torch"]),
        ("import torch\nimport fal\nV = {'12.4': 'cu124'}.get(torch.version.cuda, 'cpu')\n",
         ["line 3: the app needs torch.version.cuda"]),
        ("import torch\nimport fal\nV = [1, 2][: torch.cuda.device_count()]\n",
         ["line 3: the app needs torch.cuda.device_count()"]),
        ("import torch\nimport fal\nV = torch.__version__ == '2.6'\n",
         ["line 3: the app needs torch.__version__"]),
        (f"import wheels_of_x as w\n{APP.format('requirements = [w.best()]')}",
         ["A.requirements: comes from a package that is not installed here",
          "--requirement with its name"]),
        ("import fal\nimport helper_with_error\n", ["helper_with_error.py line 2", "KeyError"]),
        (f"from fal.container import ContainerImage as C\n{APP.format('image = C(chr(10))')}",
         ["Dockerfile is required"]),
        ("from fal.container import ContainerImage as C\n"
         + APP.format("image = C('FROM x.example/a\\nRUN --mount=type=cache true')"),
         ["RUN --mount"]),
        ("from fal.container import ContainerImage as C\n"
         + APP.format("image = C('FROM x.example/a', registries={'r.example': "
                      "{'username': 'me', 'password': 'hunter2hunter2'}})"),
         ["credentials for r.example", "kubectl create secret generic registry-login",
          "--pull-secret"]),
        ("from fal.container import ContainerImage as C\n"
         + APP.format("image = C('FROM x.example/a', secrets={'token': 'hunter2hunter2'})"),
         ["app.py: holds the value of image.secrets", "os.environ"]),
    ],
)  # fmt: skip
def test_bad_files_are_told_in_one_line(tmp_path, text, says):
    (tmp_path / "helper_with_error.py").write_text("x = {}\nx['gone']\n")
    (tmp_path / "broken.py").write_text("def\n")
    (tmp_path / "nothing.py").write_text("\0")
    with pytest.raises(InputError) as caught:
        rendered(written(tmp_path, text))
    message = str(caught.value)
    assert "\n" not in message
    assert "hunter2" not in message
    for part in says:
        assert part in message


def test_a_file_that_begins_with_a_mark_of_the_byte_order_is_read_past_it(tmp_path):
    path = tmp_path / "app.py"
    path.write_bytes(b"\xef\xbb\xbf" + APP.format("pass").encode())
    assert rendered(path).app["spec"]["source"] == {"inline": {"app.py": APP.format("pass")}}


@pytest.mark.parametrize(
    ("reference", "says"),
    [
        ("gone.py", "there is no such file"),
        ("", "is a folder"),
        ("prompts.txt", "must end in .py"),
        ("gpu.py::Nope", "Nope is not in the file; its fal.App classes: Flux"),
        ("gpu.py::Head", "Head is no fal.App class"),
    ],
)
def test_bad_references(reference, says):
    with pytest.raises(InputError, match=says.replace(".", r"\.")):
        rendered(HERE / reference)


def test_a_namespace_that_cannot_be_one():
    with pytest.raises(InputError, match=r"--namespace: 'Not One' cannot be a namespace's name"):
        rendered(HERE / "minimal.py", namespace="Not One")


def test_a_module_in_a_folder_names_the_ways_out(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "__init__.py").write_text("")
    app = written(tmp_path, "import inner\n" + APP.format("pass"))
    with pytest.raises(InputError, match=r"inner/__init__\.py: is in a folder.*source\.git"):
        rendered(app)


def test_files_that_are_too_large_name_the_ways_out(tmp_path):
    for number in range(5):
        (tmp_path / f"big{number}.txt").write_text("x" * 250_000)
    app = written(tmp_path, APP.format("app_files = [f'big{n}.txt' for n in range(5)]"))
    with pytest.raises(InputError, match=r"1,250,.*1,000,000.*source\.git.*image of your own"):
        rendered(app)


def test_files_are_counted_as_a_config_map_does(tmp_path):
    for number in range(2):
        (tmp_path / f"big{number}.txt").write_text("字" * 200_000, encoding="utf-8")
    app = written(tmp_path, APP.format("app_files = [f'big{n}.txt' for n in range(2)]"))
    with pytest.raises(InputError, match=r"hold 1,200,\d{3} bytes together, .*1,000,000 in 64"):
        rendered(app)


def test_a_borrowed_package_is_there_to_be_read(tmp_path, monkeypatch):
    from falapp_cli.source import borrow

    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "wheels_of_x.py").write_text("def best(): return 'x==1.0'\n")
    monkeypatch.setattr(borrow, "_folder", lambda _: folder)
    app = written(tmp_path, f"import wheels_of_x as w\n{APP.format('requirements = [w.best()]')}")
    with borrow.borrowed(["wheels-of-x"]):
        made = rendered(app)
    assert made.app["spec"]["requirements"] == ["x==1.0"]
    assert made.notes == ()
