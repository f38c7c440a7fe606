"""Commands that look at a cluster."""

from typing import Annotated

import typer

from falapp_cli.commands import names, options
from falapp_cli.kube import defaults

MaybeApp = Annotated[
    str,
    typer.Argument(
        metavar="APP",
        help="The FalApp's name; not needed where there is only one.",
        autocompletion=names.apps,
    ),
]
Tail = Annotated[
    int, typer.Option("--tail", metavar="N", help="So many of the last lines; -1 is all.")
]
STATUS = """\b
Examples:
  falapp status hello -n video
  falapp status hello --watch
  falapp status -o json
"""
LIST = """\b
Examples:
  falapp list -A
  falapp list -o name
"""
LOGS = """\b
Examples:
  falapp logs hello -f --tail 20
  falapp logs hello --build
"""
MACHINES = """\b
Examples:
  falapp machines
  falapp machines -o yaml
"""
DOCTOR = """\b
Examples:
  falapp doctor --context production
  falapp doctor --build -n video
"""
ENV_LIST = """\b
Examples:
  falapp env list -n video
"""
ENV_SHOW = """\b
Examples:
  falapp env show hello                         (the one that the app hello uses)
  falapp env show env-9f2c41d07be3a6c5 -o yaml
"""
ENV_WARM = """\b
Examples:
  falapp env warm app.py -n video
"""
CALL = """\b
Examples:
  falapp call hello --data '{"x": 0.3}'
  falapp call hello /stream --data @request.json
  falapp call hello /health -X GET
"""


def add(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog=STATUS)(status)
    app.command("list", epilog=LIST)(list_apps)
    app.command(epilog=LOGS)(logs)
    app.command(epilog=CALL)(call)
    app.command(epilog=MACHINES)(machines)
    app.command(epilog=DOCTOR)(doctor)
    env = typer.Typer(no_args_is_help=True, help="Environments: what packages are in which image.")
    env.command("list", epilog=ENV_LIST)(env_list)
    env.command("show", epilog=ENV_SHOW)(env_show)
    env.command("warm", epilog=ENV_WARM)(env_warm)
    app.add_typer(env, name="env")


def status(
    app: MaybeApp = "",
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Follow it until it is ready.")
    ] = False,
    output: options.MaybeOutput = None,
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """Show how an app is. The exit code is 0 if it is ready, and 1 if not."""
    from falapp_cli.commands import observing

    raise typer.Exit(observing.status(app, output, context, namespace, watch=watch))


def list_apps(
    everywhere: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")
    ] = False,
    output: options.MaybeOutput = None,
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """List the apps."""
    from falapp_cli.commands import observing

    observing.list_apps(output, context, namespace, everywhere=everywhere)


def logs(
    app: MaybeApp = "",
    build: Annotated[bool, typer.Option("--build", help="The build of its packages.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come.")] = False,
    tail: Tail = -1,
    builds_namespace: Annotated[
        str, typer.Option("--builds-namespace", metavar="NAME", help="Where builds run.")
    ] = defaults.BUILDS,
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """Show what an app's runners print, or its build."""
    from falapp_cli.commands import observing

    asked = observing.Log(build=build, follow=follow, tail=tail, builds=builds_namespace)
    observing.logs(app, asked, context, namespace)


def call(
    app: Annotated[
        str, typer.Argument(metavar="APP", help="The FalApp's name.", autocompletion=names.apps)
    ],
    path: Annotated[str, typer.Argument(metavar="PATH", help="The endpoint.")] = "/",
    data: Annotated[
        str,
        typer.Option(
            "--data",
            "-d",
            metavar="TEXT",
            help="The body, {} by default; @FILE is a file, @- the standard input.",
        ),
    ] = "",
    method: Annotated[
        str,
        typer.Option("--method", "-X", metavar="METHOD", help="Endpoints of fal's take POST."),
    ] = "POST",
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait for an answer.")
    ] = 600,
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """Call an endpoint of an app from here. The exit code is 1 for an answer of 400 and more."""
    from falapp_cli.commands import observing

    asked = observing.Call(path=path, data=data, method=method, timeout=timeout)
    raise typer.Exit(observing.call(app, asked, context, namespace))


def machines(output: options.MaybeOutput = None, context: options.Context = "") -> None:
    """List the machine types."""
    from falapp_cli.commands import observing

    observing.machines(output, context)


def env_list(
    output: options.MaybeOutput = None,
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """List the environments."""
    from falapp_cli.commands import observing

    observing.environments(output, context, namespace)


def env_show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The environment's or the app's name.",
            autocompletion=names.environments,
        ),
    ],
    output: options.MaybeOutput = None,
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """Show an environment."""
    from falapp_cli.commands import observing

    observing.environment(name, output, context, namespace)


def env_warm(
    reference: Annotated[
        str,
        typer.Argument(metavar="APP.PY[::CLASS]|APP.YAML", help="The app that will need them."),
    ],
    settings: options.Settings = "",
    operator_namespace: options.OperatorNamespace = "",
    secret: options.Secret = "",
    pull_secret: options.PullSecret = "",
    requirement: options.Requirements = None,
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """Have the packages of an app built before the app is there."""
    from falapp_cli.commands import observing, planning

    asked = planning.Asked(
        reference=reference,
        namespace=namespace,
        context=context,
        live=True,
        settings=settings,
        operator_namespace=operator_namespace,
        secret=secret,
        pull_secret=pull_secret,
        requirements=tuple(requirement or ()),
    )
    observing.warm(asked)


def doctor(
    build: Annotated[
        bool, typer.Option("--build", help="Build and run a tiny app, too; it is deleted again.")
    ] = False,
    machine: Annotated[
        str, typer.Option("--machine", metavar="NAME", help="The tiny app's machine type.")
    ] = "XS",
    operator_namespace: options.OperatorNamespace = "",
    output: options.MaybeData = None,
    namespace: options.Namespace = "",
    context: options.Context = "",
) -> None:
    """Say what keeps falapp from working in a cluster. The exit code is 1 if something does."""
    from falapp_cli.commands import observing

    where = operator_namespace or defaults.OPERATOR
    asked = observing.Doctor(build=build, machine=machine, operator=where)
    raise typer.Exit(observing.doctor(asked, output, context, namespace))
