"""Commands that need no cluster."""

from typing import Annotated

import typer

from falapp_cli.commands import options
from falapp_cli.output import Format

RENDER = """\b
Examples:
  falapp render app.py > app.yaml
  falapp render app.py::Wan -n video -o json
  falapp render app.py --extract-secrets wan.secret.yaml > app.yaml
"""
PLAN = """\b
Examples:
  falapp plan app.py
  falapp plan -f app.yaml --settings settings.yaml -o json
  falapp plan -f app.yaml --live --context production
"""

RUN = """\b
Examples:
  falapp run app.py --local
  falapp run app.py::Wan --local --port 9000 --no-install
"""
INIT = """\b
Examples:
  falapp init                                   (in this folder)
  falapp init hello --name hello
"""


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=RENDER)(render)
    app.command(epilog=PLAN)(plan)
    app.command(epilog=RUN)(run)
    app.command(epilog=INIT)(init)


def render(
    reference: options.Reference,
    name: options.Name = "",
    namespace: Annotated[
        str,
        typer.Option(
            "--namespace", "-n", metavar="NAME", help="The namespace; none is written by default."
        ),
    ] = "",
    output: options.Output = Format.YAML,
    secret: options.Secret = "",
    pull_secret: options.PullSecret = "",
    extract_secrets: Annotated[
        str,
        typer.Option(
            "--extract-secrets",
            metavar="FILE",
            help="Write credentials that stand in requirements into a Secret in this file.",
        ),
    ] = "",
    requirement: options.Requirements = None,
) -> None:
    """Print the FalApp of an app file, for Git or kubectl; offline.

    Helper functions in the file are evaluated here, and what they chose is what is written.
    """
    from falapp_cli import output as printing
    from falapp_cli.source import author

    wishes = author.wishes(name=name, namespace=namespace, secret=secret, pull_secret=pull_secret)
    app = author.rendered(reference, wishes, requirement or (), secrets_file=extract_secrets)
    printing.objects([app], output)


def plan(
    reference: Annotated[
        str, typer.Argument(metavar="APP.PY[::CLASS]", help="The app's file, and its class.")
    ] = "",
    file: options.File = "",
    namespace: options.Namespace = "",
    context: options.Context = "",
    live: Annotated[
        bool, typer.Option("--live", help="Compare with the cluster; --context does, too.")
    ] = False,
    settings: options.Settings = "",
    operator_namespace: options.OperatorNamespace = "",
    output: options.MaybeOutput = None,
    name: options.Name = "",
    secret: options.Secret = "",
    pull_secret: options.PullSecret = "",
    requirement: options.Requirements = None,
) -> None:
    """Print what would be made, from the environment to the Service.

    No cluster is needed; with one, what is there already and which fields would change is told.
    """
    from falapp_cli.commands import planning

    planning.show(
        planning.Asked(
            reference=reference,
            file=file,
            namespace=namespace,
            context=context,
            live=live or bool(context),
            settings=settings,
            operator_namespace=operator_namespace,
            name=name,
            secret=secret,
            pull_secret=pull_secret,
            requirements=tuple(requirement or ()),
        ),
        output,
    )


def run(
    reference: options.Reference,
    local: Annotated[bool, typer.Option("--local", help="Run it on this machine.")] = False,
    port: Annotated[
        int, typer.Option("--port", min=1, max=65535, metavar="N", help="Where the app answers.")
    ] = 8080,
    control_port: Annotated[
        int,
        typer.Option(
            "--control-port", min=1, max=65535, metavar="N", help="Where probes and metrics are."
        ),
    ] = 8081,
    install: Annotated[
        bool,
        typer.Option(
            "--install/--no-install",
            help="Make a venv with the app's requirements, or run it in this interpreter.",
        ),
    ] = True,
    requirement: options.Requirements = None,
) -> None:
    """Run an app on this machine, behind a pod's launcher and gate.

    ${NAME} in requirements, and Secrets in the environment, are looked up in this shell's
    variables.
    """
    from falapp_cli.commands import running

    raise typer.Exit(
        running.run(
            reference,
            running.Ports(app=port, control=control_port),
            local=local,
            install=install,
            requirements=requirement or (),
        )
    )


def init(
    folder: Annotated[str, typer.Argument(metavar="FOLDER", help="Where the files go.")] = ".",
    name: options.Name = "",
) -> None:
    """Write a starter app, its FalApp and a .gitignore."""
    from falapp_cli.source import init as starter

    starter.init(folder, name)
