"""Commands that change a cluster."""

from typing import Annotated

import typer

from falapp_cli.commands import names, options

DEPLOY = """\b
Examples:
  falapp deploy app.py -n video
  falapp deploy -f app.yaml --no-wait
"""
SET = """\b
Examples:
  falapp secret set HF_TOKEN                    (asks for it, without showing it)
  printf %s "$TOKEN" | falapp secret set GH_TOKEN
  falapp secret set KEY=@key.txt --secret hello-requirements
"""
ONE = """\b
Examples:
  falapp {0} hello -n video
"""
SCALE = """\b
Examples:
  falapp scale hello 3
"""
App = Annotated[
    str, typer.Argument(metavar="APP", help="The FalApp's name.", autocompletion=names.apps)
]


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=DEPLOY)(deploy)
    for command in (restart, suspend, resume, delete):
        app.command(epilog=ONE.format(command.__name__))(command)
    app.command(epilog=SCALE)(scale)
    secret = typer.Typer(no_args_is_help=True, help="Secrets that apps can name.")
    secret.callback()(_secret)
    secret.command("set", epilog=SET)(secret_set)
    app.add_typer(secret, name="secret")


def deploy(
    reference: Annotated[
        str, typer.Argument(metavar="APP.PY[::CLASS]", help="The app's file, and its class.")
    ] = "",
    file: options.File = "",
    name: options.Name = "",
    namespace: options.Namespace = "",
    context: options.Context = "",
    secret: options.Secret = "",
    pull_secret: options.PullSecret = "",
    requirement: options.Requirements = None,
    wait: Annotated[bool, typer.Option(help="Follow it until it is ready.")] = True,
    timeout: Annotated[
        str, typer.Option(metavar="TIME", help="How long to follow it, as 30m.")
    ] = "1h",
    force: Annotated[
        bool, typer.Option("--force", help="Take over fields that another tool manages.")
    ] = False,
) -> None:
    """Apply an app, and follow it until it is ready.

    What is shown is how its packages are resolved and built, its image pulled, and setup(). Ctrl-C
    leaves the deployment alone. The exit code is 0 when it is ready and 1 when it failed.
    """
    from falapp_cli.commands import changing

    given = changing.Given(
        reference=reference,
        file=file,
        name=name,
        secret=secret,
        pull_secret=pull_secret,
        requirements=tuple(requirement or ()),
        force=force,
    )
    code = changing.deploy(given, context, namespace, wait=wait, timeout=timeout)
    raise typer.Exit(code)


def restart(app: App, namespace: options.Namespace = "", context: options.Context = "") -> None:
    """Start an app's runners anew, as a rolling update.

    What waits for a person is tried again.
    """
    from falapp_cli.commands import changing

    changing.restart(app, context, namespace)


def suspend(app: App, namespace: options.Namespace = "", context: options.Context = "") -> None:
    """Stop all runners of an app. Its packages and its settings stay, and no build is started."""
    from falapp_cli.commands import changing

    changing.suspend(app, context, namespace)


def resume(app: App, namespace: options.Namespace = "", context: options.Context = "") -> None:
    """Start as many runners as there were before `suspend`."""
    from falapp_cli.commands import changing

    changing.resume(app, context, namespace)


def scale(
    app: App,
    replicas: Annotated[int, typer.Argument(metavar="N", help="How many runners to keep.")],
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """Keep another number of runners."""
    from falapp_cli.commands import changing

    changing.scale(app, replicas, context, namespace)


def delete(app: App, namespace: options.Namespace = "", context: options.Context = "") -> None:
    """Delete an app. Its packages stay in the registry."""
    from falapp_cli.commands import changing

    changing.delete(app, context, namespace)


def _secret() -> None:
    """Keep `set` a word of its own: a group with one command would swallow it."""


def secret_set(
    values: Annotated[
        list[str],
        typer.Argument(metavar="NAME[=@FILE|=VALUE]", help="Asked for where only NAME stands."),
    ],
    secret: Annotated[
        str,
        typer.Option("--secret", metavar="NAME", help="The Secret; falapp-secrets by default."),
    ] = "",
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """Put values into the Secret that apps name, without showing them."""
    from falapp_cli.commands import changing

    changing.set_secret(values, secret, context, namespace)
