"""A registry that wants a login: Docker's own, with a file of passwords."""

import json
import subprocess
from pathlib import Path

from passlib.hash import bcrypt
from serve import CERTIFICATE, PORT

PROGRAM = "/usr/bin/docker-registry"
FOLDER = Path("/tmp/registry")  # noqa: S108 - a pod of its own


def main() -> None:
    users = json.loads(Path("/secrets/users.json").read_text())
    FOLDER.mkdir()
    passwords, told = FOLDER / "htpasswd", FOLDER / "config.json"
    # Docker's registry takes bcrypt alone.
    lines = [f"{name}:{bcrypt.using(rounds=4).hash(word)}\n" for name, word in users.items()]
    passwords.write_text("".join(lines))
    told.write_text(json.dumps(config(passwords)))
    subprocess.run([PROGRAM, "serve", str(told)], check=True)


def config(passwords: Path):
    return {
        "version": "0.1",
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(FOLDER / "data")},
            "delete": {"enabled": True},
        },
        "http": {
            "addr": f":{PORT}",
            "tls": {"certificate": CERTIFICATE, "key": CERTIFICATE},
            # Without it, who begins an upload is sent on to http.
            "relativeurls": True,
        },
        "auth": {"htpasswd": {"realm": "falapp tests", "path": str(passwords)}},
    }


main()
