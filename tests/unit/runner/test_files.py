"""The toolkit's files: a real S3 server on the loopback interface, a volume, no fal account."""

import json
import subprocess
import sys
import types
import urllib.parse
import urllib.request

import boto3
import pytest
from fal.toolkit import File, Image
from fal.toolkit.file import file as toolkit
from moto.server import ThreadedMotoServer
from PIL import Image as pillow  # noqa: N813 - a module

from falapp_runner import contract, files, stores

KEYS = {contract.FILES_KEY_ID: "key", contract.FILES_SECRET_KEY: "CANARYsecret"}


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint, monkeypatch):
    """An empty bucket, by its name; the app's own variables of Amazon's are in the way."""
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="admin",
        aws_secret_access_key="admin",
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="files")
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "REGION"):
        monkeypatch.setenv(f"AWS_{name}", "the-apps-own")
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:1")
    yield "files"
    for found in client.list_objects_v2(Bucket="files").get("Contents", ()):
        client.delete_object(Bucket="files", Key=found["Key"])
    client.delete_bucket(Bucket="files")


@pytest.fixture
def registered(monkeypatch):
    """Register a store as a runner does, for the time of a test."""

    def register(told, **more):
        monkeypatch.setattr(toolkit, files.TABLE, dict(toolkit.BUILT_IN_REPOSITORIES))
        files.register(({contract.FILES: json.dumps(told)} if told else {}) | KEYS | more)

    return register


def told(endpoint, **more):
    given = {"name": "files", "region": "us-east-1", "endpoint": endpoint, "secret": "s3"}
    return {"bucket": given | {"linkSeconds": 3600} | more}


def get(url):
    with urllib.request.urlopen(url) as answer:  # noqa: S310 - our own server
        return answer.headers["Content-Type"], answer.read()


def test_a_file_comes_back_as_a_signed_link(registered, endpoint, bucket):
    registered(told(endpoint, prefix="apps/"))
    file = File.from_bytes(b"hello", content_type="text/plain", file_name="greet ing.txt")
    assert file.url.startswith(f"{endpoint}/files/apps/")
    assert "greet_ing.txt?" in file.url
    assert "CANARY" not in file.url
    assert get(file.url) == ("text/plain", b"hello")
    signed = urllib.parse.parse_qs(urllib.parse.urlsplit(file.url).query)
    assert signed["X-Amz-Credential"][0].startswith("key/")
    assert signed["X-Amz-Expires"] == ["3600"]


def test_a_key_tells_whose_file_it_is(registered, endpoint, bucket):
    given = told(endpoint, prefix="out/", publicURL=f"{endpoint}/files")
    registered(given, **{contract.NAMESPACE: "team-a", contract.APP_NAME: "draws"})
    file = File.from_bytes(b"hello", file_name="a.txt")
    assert file.url.startswith(f"{endpoint}/files/out/team-a/draws/")
    assert len(file.url.removeprefix(f"{endpoint}/files/out/team-a/draws/")) == 32 + len("/a.txt")


def test_an_image_too(registered, endpoint, bucket):
    registered(told(endpoint))
    image = Image.from_pil(pillow.new("RGB", (4, 2)), format="png")
    assert (image.width, image.height) == (4, 2)
    kind, content = get(image.url)
    assert (kind, content[:4]) == ("image/png", b"\x89PNG")


def test_a_large_file_goes_in_parts_from_the_disk(registered, endpoint, bucket, tmp_path):
    registered(told(endpoint))
    path = tmp_path / "video.mp4"
    path.write_bytes(b"0123456789abcdef" * 1_000_000)
    file = File.from_path(path, content_type="video/mp4")
    assert get(file.url) == ("video/mp4", path.read_bytes())


def test_a_public_bucket_has_plain_urls(registered, endpoint, bucket):
    registered(told(endpoint, publicURL=f"{endpoint}/files/"))
    file = File.from_bytes(b"hello", file_name="a.txt")
    assert "?" not in file.url
    key = file.url.removeprefix(f"{endpoint}/files/")
    assert key.endswith("/a.txt")
    assert len(key) == 32 + len("/a.txt")


def test_a_file_of_every_name_of_fals_own_store(registered, endpoint, bucket):
    registered(told(endpoint))
    for name in ("fal", "fal_v3"):
        assert get(File.from_bytes(b"x", repository=name).url)[1] == b"x"


def test_in_memory_is_a_data_uri_as_ever(registered, endpoint):
    registered(told(endpoint))
    file = File.from_bytes(b"hello", content_type="text/plain", repository="in_memory")
    assert file.url == "data:text/plain;base64,aGVsbG8="


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "none"}, "bucket none did not take a file .*runners.files"),
        ({"endpoint": "http://127.0.0.1:1"}, "bucket files did not take a file"),
    ],
)
def test_a_store_that_refuses_is_named(registered, endpoint, change, says):
    registered(told(**{"endpoint": endpoint} | change))
    with pytest.raises(stores.StoreError, match=says) as caught:
        File.from_bytes(b"hello")
    assert "CANARY" not in str(caught.value)


def test_missing_credentials_are_told(registered, endpoint):
    registered(told(endpoint), **dict.fromkeys(KEYS, ""))
    with pytest.raises(stores.StoreError, match="create Secret s3 with the keys AWS_ACCESS_KEY_ID"):
        File.from_bytes(b"hello")


def test_a_volume_that_a_web_server_serves(registered, tmp_path, monkeypatch):
    monkeypatch.setattr(contract, "FILES_FOLDER", str(tmp_path))
    registered({"volume": {"publicURL": "https://files.example/out/"}})
    source = tmp_path / "source.bin"
    source.write_bytes(b"from a path")
    for file, content in (
        (File.from_bytes(b"hello", file_name="ä b.txt"), b"hello"),
        (File.from_path(source), b"from a path"),
    ):
        key = file.url.removeprefix("https://files.example/out/")
        assert (tmp_path / key).read_bytes() == content
        assert len(list((tmp_path / key).parent.iterdir())) == 1


def test_a_full_volume_is_told(registered, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(contract, "FILES_FOLDER", str(tmp_path / "file"))
    registered({"volume": {"publicURL": "https://files.example"}})
    with pytest.raises(stores.StoreError, match="Not a directory"):
        File.from_bytes(b"hello")


def test_a_url_before_the_file(registered, endpoint, bucket):
    registered(told(endpoint))
    reserved = stores.repository({contract.FILES: json.dumps(told(endpoint))} | KEYS).reserve(
        "late.txt", "text/plain"
    )
    reserved.complete(b"late")
    assert get(reserved.url) == ("text/plain", b"late")


def test_without_a_store_it_is_said_what_to_do(registered):
    registered(None)
    with pytest.raises(stores.StoreError, match=r"no store .*runners.files .*in_memory.* FAL_KEY"):
        File.from_bytes(b"hello")


def test_an_app_with_an_account_keeps_it(registered):
    before = dict(toolkit.BUILT_IN_REPOSITORIES)
    registered(None, FAL_KEY="id:secret")
    assert before == toolkit.BUILT_IN_REPOSITORIES


def test_what_is_imported_later_is_replaced_then(tmp_path, monkeypatch):
    (tmp_path / "falapp_late.py").write_text("TABLE = {'fal': 1, 'r2': 2}\n")
    monkeypatch.syspath_prepend(tmp_path)
    seen = []
    files.after_import("falapp_late", seen.append)
    assert seen == []
    import falapp_late

    assert seen == [falapp_late]
    module = types.SimpleNamespace(BUILT_IN_REPOSITORIES={"fal": 1, "r2": 2})
    files.replace(module, lambda: 3)
    assert module.BUILT_IN_REPOSITORIES["r2"] == 2
    assert module.BUILT_IN_REPOSITORIES["fal"]() == 3


def test_an_app_that_makes_no_files_pays_nothing():
    code = (
        "import os, sys; from falapp_runner import files; import fal;"
        "files.register({'FALAPP_FILES': '{}'});"
        "assert not {'obstore', 'falapp_runner.stores'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
