"""An app out of an image: its files go to the cluster's store and come back as URLs."""

import secrets
from urllib.parse import unquote

import pytest

from tests.kube.kubectl import poll
from tests.leaks import registry
from tests.servers import volume

PASSWORD = secrets.token_hex(16)
PUBLIC = "https://files.example/apps/"
CODE = """\
import fal
import named
from fal.toolkit import File


class Keeps(fal.App):
    @fal.endpoint("/")
    def keep(self) -> dict:
        content = b"kept by a fal.App"
        return {"url": File.from_bytes(content, file_name=named.NAME).url}
"""
# What an address answers, told as its status and text.
FETCH = """\
import ssl, sys, urllib.error, urllib.request
try:
    trust = ssl._create_unverified_context()
    with urllib.request.urlopen(sys.argv[1], context=trust) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code)
"""


def dockerfile(base):
    """Return what builds an image with the app's files."""
    files = {"app.py": CODE, "named.py": 'NAME = "a note.txt"\n'}
    wrote = (
        f"RUN python3 -c \"open('/srv/code/{name}','wb').write(bytes.fromhex('{text}'))\""
        for name, text in ((name, text.encode().hex()) for name, text in files.items())
    )
    return "\n".join([f"FROM {base}", "RUN mkdir /srv/code", *wrote])


@pytest.fixture(scope="module")
def store(starter):
    server = starter.store([], PASSWORD)
    starter.wait(server)
    return server


@pytest.fixture(scope="module")
def image(kube, apps, cluster, shared_namespace):
    """An image with the app's files, made here; nothing of it runs but its sh and cp.

    It has a repository of its own: an environment is no app's source, since it may be another's.
    """
    apps.apply(
        shared_namespace,
        "carrier",
        entrypoint="app.py",
        source={"inline": {"app.py": ""}},
        image={"dockerfile": dockerfile(cluster.images.base["3.11"])},
        replicas=0,
    )
    app = apps.until(
        shared_namespace,
        "carrier",
        lambda a: a.get("status", {}).get("environment", {}).get("image"),
        "has its image",
        180,
    )
    made = app["status"]["environment"]["image"].partition("/")[2]
    host, _, prefix = cluster.registry.partition("/")
    repository, tag = "/".join(filter(None, (prefix, "falapp/code"))), secrets.token_hex(4)
    with registry.reached(kube, cluster, shared_namespace) as stored:
        stored.copy(stored, made, repository, tag)
    return f"{host}/{repository}:{tag}"


@pytest.fixture(scope="module")
def bucket(kube, authority, shared_namespace, store):
    """The store's bucket as the chart names it, and what an app needs to reach it."""
    keys = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": PASSWORD}
    certificates = {"ca.crt": authority.cert_pem.bytes().decode()}
    for kind, name, field, data in (
        ("Secret", "bucket", "stringData", keys),
        ("ConfigMap", "authority", "data", certificates),
    ):
        made = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: data}
        kube.apply(made, namespace=shared_namespace)
    return {"name": "private", "endpoint": store.url().rstrip("/"), "secret": "bucket"}


@pytest.fixture
def keeps(apps, bucket, configured, image, shared_namespace):
    """Where the app answers, that comes out of the image and knows of the bucket."""
    with configured({"runners": {"files": {"store": "bucket", "bucket": bucket}}}):
        apps.apply(
            shared_namespace,
            "keeps",
            entrypoint="app.py::Keeps",
            source={"image": {"name": image, "path": "/srv/code"}},
            env=[{"name": "SSL_CERT_FILE", "value": "/trust/ca.crt"}],
            volumes=[{"name": "trust", "mountPath": "/trust", "configMap": {"name": "authority"}}],
        )
        yield apps.ready(shared_namespace, "keeps")["status"]["url"]


@pytest.fixture
def folder(apps, cluster, configured, image, kube, shared_namespace):
    """Where the same app answers in a cluster whose store is a volume, and the volume."""
    base = cluster.images.base["3.11"]
    with volume.claimed(kube, base, shared_namespace, "files") as made:
        files = {"store": "volume", "publicURL": PUBLIC, "volume": {"claimName": "files"}}
        with configured({"runners": {"files": files}}):
            apps.apply(
                shared_namespace,
                "leaves",
                entrypoint="app.py::Keeps",
                source={"image": {"name": image, "path": "/srv/code"}},
            )
            yield apps.ready(shared_namespace, "leaves")["status"]["url"], made
            kube.delete("falapp", "leaves", shared_namespace)
            poll(
                lambda: kube.list("pods", shared_namespace, "falapp.dev/app=leaves"),
                lambda pods: not pods,
                what="the volume is let go of",
                seconds=90,
            )


def test_an_app_leaves_a_file_on_the_volume_where_a_web_server_finds_it(caller, folder):
    address, made = folder
    url = caller.post(address, {})["url"]
    assert url.startswith(PUBLIC)
    assert "%20" not in url
    name = unquote(url.removeprefix(PUBLIC))
    assert name.endswith("/a_note.txt")
    assert made.run("cat", f"/node/{made.name}/{name}") == "kept by a fal.App"


def test_an_app_of_an_image_keeps_a_file_in_the_bucket(caller, keeps, store):
    url = caller.post(keeps, {})["url"]
    assert url.startswith(f"{store.url()}private/")
    assert "/a_note.txt?" in url
    assert PASSWORD not in url
    fetch = ("/opt/servers/bin/python", "-c", FETCH)
    assert store.run(*fetch, url).strip() == "200 kept by a fal.App"
    assert store.run(*fetch, url[:-1] + ("0" if url[-1] != "0" else "1")).strip() == "403"
