"""Commands that need no cluster: render."""

from typing import Annotated

import typer

from falapp_cli.commands import options
from falapp_cli.output import Format

EXAMPLES = """\b
Examples:
  falapp render app.py > app.yaml
  falapp render app.py::Wan -n video -o json
"""


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=EXAMPLES)(render)


def render(
    reference: options.Reference,
    name: options.Name = "",
    namespace: options.Namespace = "",
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
