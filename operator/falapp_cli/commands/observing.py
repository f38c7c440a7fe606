"""What the looking commands do."""

import sys
from dataclasses import dataclass
from pathlib import Path

from falapp_cli import output, report
from falapp_cli.commands import planning
from falapp_cli.errors import CliError, InputError
from falapp_cli.kube import app as apps
from falapp_cli.kube import call as calls
from falapp_cli.kube import defaults, show
from falapp_cli.kube import logs as lines
from falapp_cli.kube.client import MANAGER, Kube
from falapp_cli.live import doctor as doctors
from falapp_cli.live import follow
from falapp_cli.live.view import Phase, Seen, view
from falapp_cli.output import Data, Format
from falapp_operator.api import meta
from falapp_operator.api.conditions import Reason


@dataclass(frozen=True, kw_only=True)
class Log:
    """Which log."""

    build: bool = False
    follow: bool = False
    tail: int = -1
    builds: str = defaults.BUILDS


@dataclass(frozen=True, kw_only=True)
class Call:
    """Which request."""

    path: str = "/"
    data: str = ""
    method: str = "POST"
    timeout: float = 600


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Which checks."""

    build: bool = False
    machine: str = "XS"
    operator: str = defaults.OPERATOR


def status(name: str, form: Format | None, context: str, namespace: str, *, watch: bool) -> int:
    """Show an app, and return the exit code."""
    kube = Kube.connect(context, namespace)
    app = apps.only(kube, name)
    if watch:
        ended = follow.follow(kube, app["metadata"]["name"])
        return 0 if ended.phase is Phase.READY else CliError.code
    if form:
        output.objects([app], form)
    else:
        shown = show.app_lines(app)
        sys.stdout.writelines(f"{line}\n" for line in shown)
    return 0 if view(Seen(app=app)).phase is Phase.READY else CliError.code


def list_apps(form: Format | None, context: str, namespace: str, *, everywhere: bool) -> None:
    """List apps."""
    kube = Kube.connect(context, namespace)
    found = kube.list(meta.API_VERSION, "FalApp", "" if everywhere else kube.namespace)
    if form:
        output.listed(found, form)
        return
    headers: tuple[str, ...] = show.APPS
    rows = [show.app_row(a, show.now()) for a in found]
    if everywhere:
        headers = ("NAMESPACE", *headers)
        rows = [(a["metadata"]["namespace"], *r) for a, r in zip(found, rows, strict=True)]
    _table(headers, rows, "app", kube)


def logs(name: str, asked: Log, context: str, namespace: str) -> None:
    """Print a log."""
    kube = Kube.connect(context, namespace)
    app = apps.only(kube, name)
    if asked.build:
        found = lines.build(kube, app, follow=asked.follow, tail=asked.tail, namespace=asked.builds)
    else:
        found = lines.runners(kube, app, follow=asked.follow, tail=asked.tail)
    for line in found:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def call(name: str, asked: Call, context: str, namespace: str) -> int:
    """Print an app's answer, and return the exit code."""
    method = asked.method.upper()
    body = _body(asked.data) or (b"{}" if method == "POST" else None)
    kube = Kube.connect(context, namespace)
    app = apps.find(kube, name)
    answer = calls.call(kube, app, method, asked.path, body, asked.timeout)
    last = b""
    for chunk in answer.chunks():
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        last = chunk
    if sys.stdout.isatty() and not last.endswith(b"\n"):
        sys.stdout.write("\n")
    if answer.status >= 400:
        report.note(f"{name} answered {answer.status}")
        return CliError.code
    return 0


def _body(data: str) -> bytes:
    if data == "@-":
        return sys.stdin.buffer.read()
    if not data.startswith("@"):
        return data.encode()
    try:
        return Path(data[1:]).read_bytes()
    except OSError as error:
        raise InputError(f"--data: {data[1:]} cannot be read ({error.strerror})") from error


def machines(form: Format | None, context: str) -> None:
    """List machine types."""
    kube = Kube.connect(context)
    found = kube.list(meta.API_VERSION, "MachineType")
    if form:
        output.listed(found, form)
    else:
        _table(show.MACHINES, [show.machine_row(m) for m in found], "machine type", kube)


def environments(form: Format | None, context: str, namespace: str) -> None:
    """List environments."""
    kube = Kube.connect(context, namespace)
    found = kube.list(meta.API_VERSION, "Environment", kube.namespace)
    if form:
        output.listed(found, form)
    else:
        rows = [show.environment_row(e, show.now()) for e in found]
        _table(show.ENVIRONMENTS, rows, "environment", kube)


def environment(name: str, form: Format | None, context: str, namespace: str) -> None:
    """Show an environment, by its own name or an app's."""
    kube = Kube.connect(context, namespace)
    app = kube.get(apps.own("FalApp", kube.namespace, name))
    found = apps.environment(kube, app) if app else None
    found = found or apps.named(kube, "Environment", name)
    if form:
        output.objects([found], form)
    else:
        sys.stdout.writelines(f"{line}\n" for line in show.environment_lines(found))


def warm(asked: planning.Asked) -> None:
    """Apply an app's Environments without the app."""
    made = planning.planned(asked)
    if any(w.reason == Reason.LITERAL_CREDENTIALS for w in made.warnings):
        raise InputError(
            "env warm: a requirement holds a credential, which nothing but its app would bring; "
            "put it into a Secret and write ${NAME} in its place"
        )
    kube = Kube.connect(asked.context, asked.namespace)
    # The last one: it is the operator that makes the one of its Dockerfile.
    wanted = [o for o in made.objects if o["kind"] == "Environment"][-1]
    name = wanted["metadata"]["name"]
    there = kube.get(apps.own("Environment", wanted["metadata"]["namespace"], name))
    if there is None:
        # Not as the operator labels its own: it is to stay when the last app that uses it is gone.
        labels = {meta.LABEL_MANAGED_BY: MANAGER}
        kube.apply(wanted | {"metadata": wanted["metadata"] | {"labels": labels}})
    what = "is there already" if there else "is asked for"
    report.note(f"{name} {what}; `falapp env show {name}` tells how it is")


def doctor(asked: Doctor, form: Data | None, context: str, namespace: str) -> int:
    """Print what the checks found, and return the exit code."""
    kube = Kube.connect(context, namespace)
    found = []
    for finding in doctors.examine(kube, asked.operator, asked.machine if asked.build else ""):
        found.append(finding)
        if not form:
            mark = {True: "ok", False: "FAIL", None: "?"}[finding.ok]
            sys.stdout.write(f"{mark:<5} {finding.name}: {finding.text}\n")
            sys.stdout.flush()
    if form:
        output.value([f.to_value() for f in found], form)
    return CliError.code if any(f.ok is False for f in found) else 0


def _table(headers: tuple[str, ...], rows: list[tuple[str, ...]], what: str, kube: Kube) -> None:
    if rows:
        output.table(headers, rows)
    else:
        report.note(f"there is no {what} (namespace {kube.namespace})")
