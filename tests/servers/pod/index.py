"""A package index: pypiserver; one that knows users wants a name and a password.

What is posted to /drop is kept in /tmp/drop: malicious packages report there what they found.
/tmp/asked tells who asked for what.
"""

import json
import secrets
from pathlib import Path

import pypiserver
from passlib.apache import HtpasswdFile
from serve import serve

PASSWORDS = "/tmp/htpasswd"  # noqa: S108 - a pod of its own
DROP = Path("/tmp/drop")  # noqa: S108
ASKED = Path("/tmp/asked")  # noqa: S108
FILES = Path("/tmp/index")  # noqa: S108


def main() -> None:
    users = json.loads(Path("/secrets/users.json").read_text())
    passwords = HtpasswdFile(PASSWORDS, new=True)
    for user, password in users.items():
        passwords.set_password(user, password)
    passwords.save()
    DROP.mkdir()
    FILES.mkdir()
    for file in Path("/files").glob("[!.]*"):
        (FILES / file.name.replace("_plus_", "+")).symlink_to(file)
    index = pypiserver.app(
        roots=[str(FILES)],
        password_file=PASSWORDS if users else ".",
        authenticate=["list", "download", "update"] if users else [],
        disable_fallback=True,
    )
    serve(dropping(index))


def dropping(application):
    def answer(environ, start_response):
        asked = (
            environ["REQUEST_METHOD"],
            environ["PATH_INFO"],
            environ.get("HTTP_USER_AGENT", ""),
        )
        with ASKED.open("a") as file:
            file.write(" ".join(asked) + "\n")
        if environ["PATH_INFO"] != "/drop":
            return application(environ, start_response)
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        (DROP / secrets.token_hex(8)).write_bytes(body)
        start_response("204 No Content", [])
        return []

    return answer


main()
