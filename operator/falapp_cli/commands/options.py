"""Options that several commands have."""

from typing import Annotated

import typer

from falapp_cli.output import Data, Format

Reference = Annotated[
    str, typer.Argument(metavar="APP.PY[::CLASS]", help="The app's file, and its class.")
]
Output = Annotated[Format, typer.Option("--output", "-o", help="How it is printed.")]
MaybeOutput = Annotated[Format | None, typer.Option("--output", "-o", help="Print for machines.")]
MaybeData = Annotated[Data | None, typer.Option("--output", "-o", help="Print for machines.")]
Context = Annotated[
    str, typer.Option("--context", metavar="NAME", help="The kubeconfig's context to use.")
]
Namespace = Annotated[
    str,
    typer.Option(
        "--namespace", "-n", metavar="NAME", help="The namespace; the context's by default."
    ),
]
Secret = Annotated[
    str,
    typer.Option(
        "--secret",
        metavar="NAME",
        help="The Secret of ${NAME} and of fal's secrets; falapp-secrets by default.",
    ),
]
PullSecret = Annotated[
    str,
    typer.Option(
        "--pull-secret", metavar="NAME", help="The Secret that the app's own image is pulled with."
    ),
]
Name = Annotated[
    str, typer.Option("--name", metavar="NAME", help="The FalApp's name, in place of the app's.")
]
Requirements = Annotated[
    list[str] | None,
    typer.Option(
        "--requirement",
        "-r",
        metavar="PACKAGE",
        help="A package to have while the file is read (not for the app); needs an index.",
    ),
]
File = Annotated[
    str, typer.Option("--file", "-f", metavar="FILE", help="A YAML file with a FalApp; - is stdin.")
]
OperatorNamespace = Annotated[
    str,
    typer.Option(
        "--operator-namespace",
        metavar="NAME",
        help="Where the operator runs; in falapp-system by default.",
    ),
]
Settings = Annotated[
    str,
    typer.Option(
        "--settings", metavar="FILE", help="The operator's settings.yaml, or its ConfigMap."
    ),
]
