"""`falapp` and clusters that it cannot use: none of our kinds, no right, no such server."""

import ssl
import time
from dataclasses import replace

import httpx
import jwt
import pytest
import trustme

from tests.e2e.falapp import APP, Falapp, Said
from tests.faults import controlplane

COMMANDS = [
    ["deploy", "app.py"], ["status", "x"], ["list"], ["logs", "x"], ["call", "x"],
    ["env", "list"], ["env", "show", "x"], ["env", "warm", "app.py"], ["machines"],
    ["restart", "x"], ["suspend", "x"], ["resume", "x"], ["scale", "x", "2"], ["delete", "x"],
    ["plan", "app.py", "--live"],
]  # fmt: skip
SECRET = ["secret", "set", "A=b"]
NOBODY = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody"}}


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The folder and the address of an API server on which falapp was never installed."""
    folder = tmp_path_factory.mktemp("bare")
    with controlplane.running(folder) as made:
        yield folder, made.server


@pytest.fixture(scope="module")
def falapp(bare):
    """The command line of somebody who may everything."""
    folder, server = bare
    (folder / "app.py").write_text(APP.replace("REQUIREMENTS", "['humanize==4.17.0']"))
    return known(folder, server, "admin")


@pytest.fixture(scope="module")
def token(bare):
    """The token of a ServiceAccount that may nothing."""
    _, server = bare
    trust = ssl.create_default_context(cafile=str(server.authority))
    headers = {"Authorization": f"Bearer {server.token}"}
    accounts = f"{server.url}/api/v1/namespaces/default/serviceaccounts"
    with httpx.Client(verify=trust, headers=headers) as api:
        api.post(accounts, json=NOBODY).raise_for_status()
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        made = api.post(f"{accounts}/nobody/token", json=asked).raise_for_status().json()
    return made["status"]["token"]


def known(folder, server, name) -> Falapp:
    """Return the command line of who has the server's token."""
    file = folder / f"{name}.kubeconfig"
    file.write_text(server.kubeconfig())
    return Falapp(file, "here", "default", folder)


def refused(falapp, *command) -> str:
    """Return the one line that a command says, beside its notes; it ends with 4."""
    said = falapp.run(*command, code=4)
    assert said.out == ""
    return only_error(said)


def only_error(said: Said) -> str:
    lines = said.err.splitlines()
    assert [x for x in lines if not x.startswith("falapp: ")] == []
    [line] = [x for x in lines if x.startswith("falapp: error: ")]
    return line.removeprefix("falapp: error: ")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_cluster_without_falapp_is_told_with_what_to_do(bare, falapp, command):
    _, server = bare
    said = refused(falapp, *command)
    assert said.startswith(f"falapp is not installed in the cluster at {server.url}: ")
    assert "helm install" in said
    assert "--context" in said


def test_a_traceback_only_with_debug(falapp):
    said = falapp.run("list", code=4).err
    assert "Traceback" not in said
    traced = falapp.run("list", code=4, debug=True).err
    assert "Traceback" in traced
    assert traced.endswith(said)


def test_doctor_tells_what_is_missing(falapp):
    said = falapp.said("doctor", code=1)
    assert "ok    cluster: answers, version v1." in said
    assert "FAIL  kinds: falapp is not installed in the cluster at " in said
    assert "FAIL  operator: there is no operator in namespace falapp-system" in said


def test_a_secret_needs_no_kinds(falapp):
    for what in ("made", "changed"):
        said = falapp.run(*SECRET).err
        assert f"Secret falapp-secrets in namespace default was {what}: A" in said


@pytest.mark.parametrize("command", [*COMMANDS, SECRET], ids=" ".join)
def test_who_may_not_is_told_so(bare, token, falapp, command):
    folder, server = bare
    nobody = known(folder, replace(server, token=token), "nobody")
    said = refused(nobody, *command)
    assert said.startswith("you may not do this: ")
    assert '"system:serviceaccount:default:nobody" cannot' in said


def test_doctor_tells_what_may_not_be_looked_at(bare, token, falapp):
    folder, server = bare
    said = known(folder, replace(server, token=token), "nobody").said("doctor", code=1)
    assert "ok    cluster: answers, version v1." in said
    assert "FAIL  kinds: you may not do this: " in said
    assert "?     operator: you may not do this: " in said


@pytest.mark.parametrize("command", [*COMMANDS, SECRET], ids=" ".join)
def test_whose_token_has_expired_is_told_to_log_in(bare, token, falapp, command):
    folder, server = bare
    content = jwt.decode(token, options={"verify_signature": False})
    past = {"iat": time.time() - 7200, "nbf": time.time() - 7200, "exp": time.time() - 3600}
    kind = jwt.get_unverified_header(token)
    key = (folder / "server.key").read_bytes()
    old = jwt.encode({**content, **past}, key, kind["alg"], headers=kind)
    said = refused(known(folder, replace(server, token=old), "expired"), *command)
    assert said == f"the cluster at {server.url} does not know you (401); log in again"


def test_who_gives_no_login_is_told_to_log_in(bare, falapp):
    folder, server = bare
    nobody = known(folder, replace(server, token=""), "anonymous")
    assert refused(nobody, "list").startswith(f"the cluster at {server.url} was given no login: ")


@pytest.mark.parametrize("command", [*COMMANDS, SECRET], ids=" ".join)
def test_a_server_that_is_not_there_is_told(bare, falapp, command):
    folder, server = bare
    away = known(folder, replace(server, url="https://127.0.0.1:1"), "away")
    said = refused(away, *command)
    assert said.startswith("the cluster at https://127.0.0.1:1 does not answer (")
    assert "Connection refused" in said


def test_a_stranger_is_not_trusted(bare, falapp):
    folder, server = bare
    other = folder / "other.pem"
    trustme.CA().cert_pem.write_to_path(other)
    stranger = known(folder, replace(server, authority=other), "stranger")
    assert "certificate verify failed" in refused(stranger, "list")
