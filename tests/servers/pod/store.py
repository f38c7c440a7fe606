"""An object store: moto's S3, whose signed URLs are checked, which moto itself does not do."""

import datetime
import threading
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import boto3
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import DomainDispatcherApplication, create_backend_app
from serve import refuse, serve
from sign import BUCKET, REGION, key
from werkzeug.serving import make_server

SIGNATURE = "X-Amz-Signature"


def main() -> None:
    store = DomainDispatcherApplication(create_backend_app)
    fill(store)
    serve(lambda environ, start: answer(store, environ, start))


def fill(store) -> None:
    """Put the files there as any client would, before others may ask."""
    server = make_server("127.0.0.1", 0, store)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    access, secret = key()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name=REGION,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
    )
    client.create_bucket(Bucket=BUCKET)
    for file in Path("/files").iterdir():
        if file.is_file():
            client.put_object(Bucket=BUCKET, Key=file.name, Body=file.read_bytes())
    server.shutdown()


def answer(store, environ, start_response):
    """Check a signed URL's signature and its time; moto refuses what is not signed at all."""
    query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
    if SIGNATURE in query and not (lives(query) and signed(environ, query)):
        return refuse(start_response, 403)
    # By its own name, the Service's would be taken for a bucket's.
    return store({**environ, "HTTP_HOST": "127.0.0.1"}, start_response)


def lives(query) -> bool:
    began = datetime.datetime.strptime(query["X-Amz-Date"] + "+0000", "%Y%m%dT%H%M%SZ%z")
    lifetime = datetime.timedelta(seconds=int(query["X-Amz-Expires"]))
    return datetime.datetime.now(datetime.UTC) < began + lifetime


def signed(environ, query) -> bool:
    host = environ["HTTP_HOST"]
    rest = urlencode({name: value for name, value in query.items() if name != SIGNATURE})
    url = f"https://{host}{environ['PATH_INFO']}?{rest}"
    request = AWSRequest(environ["REQUEST_METHOD"], url, headers={"host": host})
    request.context["timestamp"] = query["X-Amz-Date"]
    auth = S3SigV4QueryAuth(Credentials(*key()), "s3", REGION)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    return auth.signature(text, request) == query[SIGNATURE]


if __name__ == "__main__":
    main()
