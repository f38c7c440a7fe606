"""`falapp plan`: what is asked for, with or without a cluster, and how it is told."""

import sys
from dataclasses import dataclass, replace

from falapp_cli import output
from falapp_cli.commands import given
from falapp_cli.foresee import settings, table, warnings
from falapp_cli.foresee.plan import Foreseen, foresee
from falapp_cli.foresee.world import World
from falapp_cli.kube import defaults, operator
from falapp_cli.output import Format
from falapp_cli.source import author, borrow
from falapp_cli.source.render import render
from falapp_operator.api.objects import Object


@dataclass(frozen=True, kw_only=True)
class Asked(given.Given):
    """What the command was given."""

    namespace: str = ""
    context: str = ""
    live: bool = False
    settings: str = ""
    operator_namespace: str = ""


def show(asked: Asked, form: Format | None) -> None:
    """Print the plan."""
    made = planned(asked)
    if form is Format.NAME:
        output.objects(made.objects, form)
    elif form:
        output.value(made.to_value(), form)
    else:
        sys.stdout.writelines(f"{line}\n" for line in table.lines(made))


def planned(asked: Asked) -> Foreseen:
    """Return the plan.

    Raises:
        InputError: The app or the settings cannot be used.
        ClusterError: The cluster does not answer, where it was asked for.
    """
    app, more = _app(asked)
    kube = None
    if asked.live:
        from falapp_cli.kube.client import Kube

        kube = Kube.connect(asked.context, asked.namespace)
    namespace = asked.namespace or app["metadata"].get("namespace") or ""
    app["metadata"]["namespace"] = namespace or (kube.namespace if kube else "default")
    if asked.settings or kube is None:
        known = settings.load(asked.settings)
    else:
        where = asked.operator_namespace or defaults.OPERATOR
        known = settings.parse(operator.settings(kube, where), f"namespace {where}")
    made = foresee(app, known, World(known, kube))
    if not asked.settings and kube is None:
        more.append(warnings.Warning(reason="DefaultSettings", message=settings.PLACEHOLDERS))
    return replace(made, warnings=(*made.warnings, *more))


def _app(asked: Asked) -> tuple[Object, list[warnings.Warning]]:
    if asked.is_manifest("plan"):
        return given.manifest(asked, asked.namespace), []
    wishes = author.wishes(
        name=asked.name,
        namespace=asked.namespace,
        secret=asked.secret,
        pull_secret=asked.pull_secret,
    )
    with borrow.borrowed(asked.requirements):
        made = render(asked.reference, wishes)
    said = [
        warnings.Warning(reason="LeftOut", field=left.option, message=left.why)
        for left in made.left_out
    ]
    said += [warnings.Warning(reason="Note", message=note) for note in made.notes]
    return made.app, said
