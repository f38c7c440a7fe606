"""Literal credentials: refused with what to write, or taken out."""

import stat

import pytest
import yaml

from falapp_cli.errors import InputError
from falapp_cli.main import run
from falapp_cli.source import credentials
from falapp_cli.source.render import Wishes, render

TOKEN, PASSWORD = "ghp_0123456789abcdef", "hunter2hunter2"
SIGNED = "X-Amz-Date=20260101T000000Z&X-Amz-Expires=3600&X-Amz-Signature=0a1b2c3d4e5f"


def app(folder, *requirements):
    path = folder / "app.py"
    path.write_text(f"import fal\nclass A(fal.App):\n    requirements = {list(requirements)}\n")
    return str(path)


@pytest.mark.parametrize(
    ("requirement", "secret", "instead"),
    [
        (f"git+https://{TOKEN}@git.example/a.git@v1", TOKEN,
         "git+https://${GIT_EXAMPLE_TOKEN}@git.example/a.git@v1"),
        (f"x @ git+https://oauth2:{TOKEN}@git.example/a.git", TOKEN,
         "x @ git+https://${GIT_EXAMPLE_TOKEN}@git.example/a.git"),
        (f"--extra-index-url=https://ci:{PASSWORD}@pkg.example/simple", PASSWORD,
         "--extra-index-url=https://${PKG_EXAMPLE_TOKEN}@pkg.example/simple"),
        (f"x @ https://pkg.example/x.whl?token={TOKEN}", TOKEN,
         "x @ https://pkg.example/x.whl?${PKG_EXAMPLE_TOKEN}"),
    ],
)  # fmt: skip
def test_refused_with_command_and_form(tmp_path, requirement, secret, instead):
    with pytest.raises(InputError) as caught:
        render(app(tmp_path, requirement), Wishes(namespace="video"))
    message = str(caught.value)
    assert secret not in message
    assert "kubectl create secret generic falapp-secrets --namespace video" in message
    assert "`falapp secret set " in message
    assert "=/dev/stdin" in message
    assert f"write: {instead}" in message
    assert "--extract-secrets" in message


def test_what_is_said_to_be_written_is_accepted(tmp_path):
    old = f"git+https://{TOKEN}@git.example/a.git@v1"
    ((new,),) = credentials.extract(((old,),)).layers
    wishes = Wishes(secret="mine")
    with pytest.raises(InputError, match=r"generic mine .*GIT_EXAMPLE_TOKEN --secret mine`"):
        render(app(tmp_path, old), wishes)
    spec = render(app(tmp_path, new), wishes).app["spec"]
    assert spec["requirements"] == [new]
    # The Secret that was told to be made is the one that is looked into.
    where = {"name": "mine", "key": "GIT_EXAMPLE_TOKEN"}
    assert spec["requirementSecrets"] == [{"name": "GIT_EXAMPLE_TOKEN", "secretKeyRef": where}]


@pytest.mark.parametrize("name", ["", "x @ "])
def test_a_signed_url_is_refused_even_where_secrets_are_taken_out(tmp_path, name):
    path = app(tmp_path, f"{name}https://bucket.example/x-1-py3-none-any.whl?{SIGNED}")
    for extract in (False, True):
        with pytest.raises(InputError, match=r"signed URL, which expires.*Secret") as caught:
            render(path, Wishes(extract=extract))
        assert "0a1b2c3d4e5f" not in str(caught.value)


def test_taken_out_into_a_secret_beside_it(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = app(
        tmp_path,
        f"git+https://{TOKEN}@git.example/a.git",
        f"git+https://me:{PASSWORD}@git.example/b.git",
        "git+https://${OTHER}@git.example/c.git",
    )
    assert run(["render", path, "-n", "video", "--extract-secrets", "s.yaml"]) == 0
    said = capsys.readouterr()
    made, secret = yaml.safe_load(said.out), yaml.safe_load((tmp_path / "s.yaml").read_text())
    assert TOKEN not in said.out + said.err
    assert PASSWORD not in said.out + said.err
    assert "app.py: the FalApp has it with the credentials' names" in said.err
    # What is left must still be Python, whatever the text was a part of.
    compile(made["spec"]["source"]["inline"]["app.py"], "app.py", "exec")
    assert secret["metadata"] == {"name": "a-requirements", "namespace": "video"}
    assert secret["stringData"] == {
        "GIT_EXAMPLE_TOKEN": TOKEN,
        "GIT_EXAMPLE_TOKEN_2": f"me:{PASSWORD}",
    }
    assert stat.S_IMODE((tmp_path / "s.yaml").stat().st_mode) == 0o600
    assert made["spec"]["requirementSecrets"] == [
        {"name": n, "secretKeyRef": {"name": "a-requirements", "key": n}}
        for n in ("GIT_EXAMPLE_TOKEN", "GIT_EXAMPLE_TOKEN_2")
    ] + [{"name": "OTHER", "secretKeyRef": {"name": "falapp-secrets", "key": "OTHER"}}]


def test_a_file_that_is_there_loses_its_wide_mode(tmp_path):
    target = tmp_path / "s.yaml"
    target.write_text("old")
    target.chmod(0o644)
    path = app(tmp_path, f"git+https://{TOKEN}@git.example/a.git")
    assert run(["render", path, "--extract-secrets", str(target)]) == 0
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_nothing_to_take_out_writes_nothing(tmp_path, capsys):
    target = tmp_path / "s.yaml"
    assert run(["render", app(tmp_path, "numpy"), "--extract-secrets", str(target)]) == 0
    assert not target.exists()
    assert "was not written" in capsys.readouterr().err
