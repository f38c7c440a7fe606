"""The same classes behind fal's own server and behind ours: the same answers."""

import json

import pytest
from fal.api import api as fal_api

from tests.unit.runner import differences, pair

JSON = {"content_type": "application/json", "x_fal_request_id": "r-1"}
GOOD = b'{"prompt":"a cat","size":"large","when":"2026-01-02","inner":{"weight":2}}'
BODIES = [
    b'{"prompt":"a cat"}',
    GOOD,
    b'{"prompt":"rude"}',
    b'{"prompt":"","steps":99,"size":"huge"}',
    b'{"prompt":"\xff"}',
    b'{"prompt":"\\ud800", "steps":"x"}',
    b'{"prompt": 1, "inner": NaN}',
    b'{"prompt":"a cat","inner":{"weight":Infinity}}',
    b"[1, 2]",
    b"{broken",
    b"null",
    b"",
    b"\x00\xfe",
    b'{"prompt":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
]
KINDS = ["application/json", "application/json; charset=utf-8", "application/vnd.x+json"]
OTHER_KINDS = ["text/plain", "application/octet-stream", "multipart/form-data; boundary=x"]


@pytest.fixture(scope="module")
def both():
    with pair.catalogue() as start:
        yield start


def same(servers, method, path, body=b"", **headers):
    fals, ours = (server.ask(method, path, body, **headers) for server in servers)
    assert ours.comparable == fals.comparable
    return ours


@pytest.mark.parametrize(
    "path", ["async", "sync", "dict", "unannotated", "two", "maybe", "wrong", "items/x"]
)
@pytest.mark.parametrize("body", BODIES)
def test_bodies(both, path, body):
    same(both("answers_models.py", "Models"), "POST", f"/{path}", body, **JSON)


@pytest.mark.parametrize("kind", KINDS + OTHER_KINDS)
@pytest.mark.parametrize("path", ["async", "sync", "maybe"])
def test_content_types(both, path, kind):
    servers = both("answers_models.py", "Models")
    same(servers, "POST", f"/{path}", GOOD, content_type=kind)
    same(servers, "POST", f"/{path}", GOOD)


@pytest.mark.parametrize("query", ["", "?prompt=cat", "?prompt=cat&steps=3", "?prompt=cat&steps=x"])
def test_parameters_of_the_query(both, query):
    same(both("answers_models.py", "Models"), "POST", f"/bare{query}", **JSON)


def test_a_body_in_many_pieces(both):
    body = json.dumps({"prompt": "cat" * 400_000, "steps": 1}).encode()
    same(both("answers_models.py", "Models"), "POST", "/async", body, **JSON)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("POST", "/health"),
        ("GET", "/async"),
        ("GET", "/nowhere"),
        ("POST", "/nowhere"),
        ("POST", "/async/"),
        ("HEAD", "/docs"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("DELETE", "/async"),
    ],
)
def test_other_paths(both, method, path):
    same(both("answers_models.py", "Models"), method, path)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("answers_models.py", "Models"),
        ("answers_errors.py", "Fails"),
        ("answers_raw.py", "Raw"),
        ("streams.py", "Streams"),
        ("talks.py", "Talks"),
        ("has_health.py", "Healthy"),
        ("adds_middleware.py", "Adds"),
        ("serves_function.py", "greet"),
    ],
)
def test_openapi(both, file, name):
    answer = same(both(file, name), "GET", "/openapi.json")
    assert answer.status == 200


ERRORS = {
    "app": 418,
    "field": 422,
    "billed": 413,
    "partly billed": 422,
    "http": 409,
    "not found": 404,
    "bare 404": 404,
    "cancelled": 499,
    "gpu": 503,
    "oom": 503,
    "torch oom": 503,
    "cudnn": 503,
    "triton": 503,
    "secret": 500,
    "key": 500,
}


@pytest.mark.parametrize("which", ERRORS)
@pytest.mark.parametrize("path", ["async", "sync"])
@pytest.mark.parametrize("more", [{}, {"origin": "http://x"}])
def test_errors(both, which, path, more, capfd):
    body = json.dumps({"which": which}).encode()
    servers = both("answers_errors.py", "Fails")
    answer = same(servers, "POST", f"/{path}", body, **JSON, **more)
    assert answer.status == ERRORS[which]
    assert b"hunter2" not in answer.body
    assert b"Traceback" not in answer.body


def test_gpu_errors_that_the_app_catches(both):
    assert same(both("answers_errors.py", "Fails"), "POST", "/caught").status == 503


@pytest.mark.parametrize(
    "path",
    [
        "request?a=1",
        "response",
        "depends",
        "returns",
        "json",
        "nothing",
        "empty",
        "background",
        "done",
    ],
)
def test_what_endpoints_ask_for_and_return(both, path):
    same(both("answers_raw.py", "Raw"), "POST", f"/{path}", b'{"name": "Bo"}', **JSON, x_name="Al")


@pytest.mark.parametrize("path", ["stream", "sync"])
def test_streams(both, path):
    same(both("streams.py", "Streams"), "POST", f"/{path}", b'{"steps": 4}', **JSON)


def test_a_stream_that_breaks_half_way_does_not_look_whole(both, capfd):
    fals, ours = (s.ask("POST", "/breaks") for s in both("streams.py", "Streams"))
    assert (ours.body, fals.body) == (b"one", b"one")
    assert (ours.broken, fals.broken) == (True, False)


PREFLIGHT = {"access_control_request_method": "POST", "access_control_request_headers": "x-mine"}


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("POST", {"cookie": "a=b"}),
        ("OPTIONS", {}),
        ("OPTIONS", PREFLIGHT),
        ("GET", {}),
    ],
)
def test_other_origins(both, method, headers):
    servers = both("answers_models.py", "Models")
    same(servers, method, "/sync", GOOD, **JSON, origin="http://x", **headers)


POLICY = '{"url": "https://b.s3.us-east-1.amazonaws.com/", "fields": {}}'


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_fal_endpoint": "me/app", "x_mine": "1"},
        {"x_fal_object_lifecycle_preference": '{"expiration_duration_seconds": 60}'},
        {"x_fal_object_lifecycle_preference": "{broken"},
        {"x_app_fal_upload_policy": "{broken"},
        {"x_app_fal_upload_policy": POLICY},
        {"x_fal_cdn_token": "old"},
    ],
)
@pytest.mark.parametrize("body", [b"{}", b'{"token": "new"}', b'{"token": "old"}'])
@pytest.mark.parametrize("path", ["sync", "async"])
def test_the_current_request(both, headers, body, path):
    given = {"x_fal_request_id": "r-2", "content_type": "application/json", **headers}
    answer = same(both("knows_its_request.py", "Knows"), "POST", f"/{path}", body, **given)
    if answer.status == 200:
        assert answer.header("x-fal-runner-hints") == "sdxl,größe".encode().decode("utf-8")


@pytest.mark.parametrize("name", ["Nothing", "Breaks"])
@pytest.mark.parametrize("path", ["/", "/nowhere"])
def test_hints_that_are_none(both, name, path, capfd):
    same(both("hints_nothing.py", name), "POST", path)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("POST", "/"),
        ("POST", "/base"),
        ("POST", "/check"),
        ("POST", "/cached"),
    ],
)
def test_health_subclasses_and_cached(both, method, path):
    same(both("has_health.py", "Healthy"), method, path)


@pytest.mark.parametrize(("method", "path"), [("POST", "/"), ("GET", "/more"), ("GET", "/x")])
def test_an_app_that_changes_how_it_is_built(both, method, path):
    answer = same(both("adds_middleware.py", "Adds"), method, path, x_mine="1")
    assert answer.header("x-mark") == "1"


@pytest.mark.parametrize("body", [b'{"name": "Bo"}', b'{"name": "nobody"}', b"{}"])
@pytest.mark.parametrize("path", ["/", "/health", "/x"])
def test_a_served_function(both, body, path):
    same(both("serves_function.py", "greet"), "POST", path, body, **JSON)


def test_only_what_is_listed_differs(both):
    fals, ours = (s.ask("POST", "/") for s in both("has_health.py", "Healthy"))
    more = {name for name, _ in ours.headers} - {name for name, _ in fals.headers}
    assert more == {"x-fal-request-id", "x-fal-served-from"}
    assert more <= differences.HEADERS.keys()


def test_the_catalogue_has_every_kind_of_route():
    """A class of the catalogue that the short way does not know would test only the long one."""
    built = pair.serve.build(pair.load("answers_models.py").Models, {})
    ways = {r.path: pair.application.direct.of(r) is not None for r in built.routes.asgi.routes}
    assert ways["/async"]
    assert ways["/sync"]
    assert not ways["/two"]
    assert not ways["/bare"]
    assert isinstance(built.routes.asgi, fal_api.FalFastAPI)
