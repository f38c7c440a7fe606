"""Serves a WSGI application over TLS, with a corner that fails as it is told to.

Below /status/<code>/ everything is answered with that code, whoever asks: so do servers whose
tokens have expired, whose repositories moved, whose owners changed their minds.
"""

import re

from werkzeug.serving import run_simple

PORT = 8443
CERTIFICATE = "/tls/tls.pem"
REASONS = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}
_STATUS = re.compile(r"/status/(\d{3})/")


def refuse(start_response, code: int):
    """Answer with a code; 401 asks for Basic authentication, as all these servers do."""
    headers = [("Content-Type", "text/plain")]
    if code == 401:
        headers.append(("WWW-Authenticate", 'Basic realm="falapp tests"'))
    start_response(f"{code} {REASONS[code]}", headers)
    return [f"{REASONS[code]}\n".encode()]


def serve(application) -> None:
    """Serve for good."""

    def door(environ, start_response):
        told = _STATUS.match(environ["PATH_INFO"])
        if told:
            return refuse(start_response, int(told[1]))
        return application(environ, start_response)

    pair = (CERTIFICATE, CERTIFICATE)
    run_simple("0.0.0.0", PORT, door, threaded=True, ssl_context=pair)  # noqa: S104 - in a pod
