"""Behind a company's TLS proxy: what customCA names is trusted by resolve and by build."""

import base64
import hashlib
import io
import zipfile

import pytest

from tests.kube.kubectl import condition
from tests.kube.pods import python_pod

PACKAGE = "falapp-private-word"
SERVER = """\
import http.server, ssl

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/tls/tls.pem")
handler = lambda *a: http.server.SimpleHTTPRequestHandler(*a, directory="/index")
server = http.server.ThreadingHTTPServer(("", 8443), handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""
CODE = """\
import fal
import falapp_private_word


class App(fal.App):
    @fal.endpoint("/")
    def tell(self) -> dict:
        return {"word": falapp_private_word.WORD}
"""


def wheel() -> bytes:
    """A package that only our own index has."""
    name = PACKAGE.replace("-", "_")
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": 'WORD = "trusted"\n',
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return out.getvalue()


def _digest(text: str) -> str:
    raw = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def index(kube, cluster, authority, namespace):
    """A package index over HTTPS whose certificate nobody else vouches for; yields its URL."""
    host = f"index.{namespace}.svc"
    pem = authority.issue_cert(host).private_key_and_cert_chain_pem.bytes()
    file = f"{PACKAGE.replace('-', '_')}-1.0-py3-none-any.whl"
    page = f'<a href="../../{file}">{file}</a>'
    kube.apply(
        _config_map("server", {"server.py": SERVER}, {}),
        _config_map("files", {"page": page}, {"wheel": wheel()}),
        _config_map("tls", {}, {"tls.pem": pem}),
        _service(),
        _pod(cluster.images.base["3.11"], file),
        namespace=namespace,
    )
    kube.run("wait", "pod/index", "-n", namespace, "--for=condition=Ready", "--timeout=120s")
    return f"https://{host}:8443/simple"


def _config_map(name: str, data: dict, binary: dict) -> dict:
    encoded = {key: base64.b64encode(value).decode() for key, value in binary.items()}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name},
        "data": data,
        "binaryData": encoded,
    }


def _service() -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "index"},
        "spec": {"selector": {"app": "index"}, "ports": [{"port": 8443}]},
    }


def _pod(image: str, file: str) -> dict:
    page = {"key": "page", "path": f"simple/{PACKAGE}/index.html"}
    items = [page, {"key": "wheel", "path": file}]
    pod = python_pod(
        "index",
        image,
        ["python3", "/server/server.py"],
        readinessProbe={"tcpSocket": {"port": 8443}, "periodSeconds": 1},
        volumeMounts=[{"name": n, "mountPath": f"/{n}"} for n in ("server", "index", "tls")],
    )
    pod["spec"]["volumes"] = [
        {"name": "server", "configMap": {"name": "server"}},
        {"name": "index", "configMap": {"name": "files", "items": items}},
        {"name": "tls", "configMap": {"name": "tls"}},
    ]
    return pod


def test_an_index_behind_a_custom_authority_is_trusted(kube, apps, caller, namespace, index):
    apps.apply(
        namespace,
        "private",
        entrypoint="app.py",
        source={"inline": {"app.py": CODE}},
        requirements=["--extra-index-url", index, f"{PACKAGE}==1.0"],
    )
    app = apps.ready(namespace, "private")
    assert condition(app, "EnvironmentReady")["reason"] == "Built"
    assert caller.post(app["status"]["url"], {}) == {"word": "trusted"}
