"""Kubeconfigs that lead nowhere."""

import pytest
import yaml

from tests.unit.cli.test_cluster import said

CONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "here",
    "users": [{"name": "u", "user": {}}],
    "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
}


def at(url, **more):
    return {"clusters": [{"name": "c", "cluster": {"server": url, **more}}]}


def login(command):
    """Return the user who logs in by a program; the library goes on as nobody if that fails."""
    program = {"apiVersion": "client.authentication.k8s.io/v1", "command": command}
    return {"users": [{"name": "u", "user": {"exec": program}}]}


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (login("no-such-login"), 4, "No such file or directory: 'no-such-login'); run what"),
        (login("false"), 4, "the login of context here failed (exec: process returned 1)"),
        (at("https://127.0.0.1:1", **{"certificate-authority-data": "x"}), 3, "Invalid base64"),
        ({"clusters": 1}, 3, "cannot be read ("),
        ({"current-context": ""}, 3, "there is no cluster to talk to"),
    ],
)
def test_a_bad_kubeconfig_is_told_in_one_line(tmp_path, monkeypatch, capsys, change, code, says):
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump({**CONFIG, **at("http://127.0.0.1:1"), **change}))
    monkeypatch.setenv("KUBECONFIG", str(file))
    [line] = said(capsys, "list", code=code).splitlines()
    assert line.startswith("falapp: error: ")
    assert says in line


@pytest.mark.parametrize("content", [b"<html>log in</html>", b"", b"null", b"[]", b"{}", b"\xff"])
@pytest.mark.parametrize("command", ["list", "status hello", "machines", "delete hello", "doctor"])
def test_who_answers_and_is_no_api_server_is_told_as_such(server, capsys, content, command):
    server.answer = lambda *_: (200, content)
    told = said(capsys, *command.split(), code=1 if command == "doctor" else 4)
    assert f"{server.url} does not answer as an API server does; check server: of the ku" in told
