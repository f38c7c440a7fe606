"""Following a deployment until it is ready or needs a hand: on a terminal, or as plain lines."""

import contextlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol, TextIO

from falapp_cli.errors import CliError, ForbiddenError, UnavailableError
from falapp_cli.kube import app as apps
from falapp_cli.live.view import OVER, Phase, Seen, View, view
from falapp_operator.api.objects import Object

if TYPE_CHECKING:
    from rich.console import RenderableType

_INTERVAL = 1.0
_LOG_LINES = 8
_PATIENCE = 60.0
"""How many seconds a cluster may be silent: an API server restarts, a laptop changes networks."""


class Screen(Protocol):
    """Where views are shown."""

    def show(self, shown: View) -> None:
        """Show how it stands."""

    def close(self) -> None:
        """Leave what was shown last where it is."""


def look(kube: apps.Reader, name: str) -> Seen:
    """Return what the cluster has of an app now; who may read the FalApp alone still sees it."""
    app = apps.find(kube, name)
    environment: Object | None = None
    found: tuple[Object, ...] = ()
    with contextlib.suppress(ForbiddenError):
        environment = apps.environment(kube, app)
    with contextlib.suppress(ForbiddenError):
        found = apps.pods(kube, app)
    return Seen(
        app=app, environment=environment, pods=found, log=apps.tail(kube, found, _LOG_LINES)
    )


def follow(
    kube: apps.Reader,
    name: str,
    *,
    screen: Screen | None = None,
    timeout: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> View:
    """Show an app until nothing more is to be waited for, and return how that was.

    Raises:
        CliError: It took longer than ``timeout`` seconds.
        UnavailableError: The cluster was silent for long.
    """
    screen = screen or (Terminal() if sys.stdout.isatty() else Plain())
    shown = View(phase=Phase.ACCEPTED, text="asking the cluster")
    seen = clock()
    end = seen + timeout
    try:
        while True:
            try:
                shown = view(look(kube, name))
                seen = clock()
                screen.show(shown)
            except UnavailableError as error:
                if clock() > seen + _PATIENCE:
                    raise
                screen.show(replace(shown, text=f"{shown.text} ({error})"))
            if shown.phase in OVER:
                return shown
            if clock() > end:
                raise CliError(
                    f"{name} is not ready after {timeout:.0f} s ({shown.text}); it goes on: look "
                    f"with `{apps.status_command(kube, name)}`"
                )
            pause(_INTERVAL)
    finally:
        screen.close()


class Plain:
    """Plain lines, each when something changed: for CI and files."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._last = ""

    def show(self, shown: View) -> None:
        """Print a line if it says something new."""
        line = f"{shown.phase}: {shown.text}"
        if shown.url:
            line += f" at {shown.url}"
        if line != self._last:
            self._stream.write(f"{line}\n")
            self._stream.flush()
            self._last = line
        if shown.phase is Phase.FAILED:
            self._stream.writelines(f"  {text}\n" for text in _more(shown))

    def close(self) -> None:
        """Do nothing: every line is there already."""


class Terminal:
    """One view that is painted anew."""

    def __init__(self) -> None:
        from rich.live import Live

        self._live = Live(auto_refresh=True, refresh_per_second=8, redirect_stderr=False)
        self._live.start()

    def show(self, shown: View) -> None:
        """Paint it."""
        self._live.update(_painted(shown), refresh=True)

    def close(self) -> None:
        """Leave the last picture."""
        self._live.stop()


def _painted(shown: View) -> "RenderableType":
    from rich.console import Group
    from rich.padding import Padding
    from rich.progress_bar import ProgressBar
    from rich.spinner import Spinner
    from rich.text import Text

    marks = {Phase.READY: ("✓", "bold green"), Phase.FAILED: ("✗", "bold red")}
    text = f"{shown.phase}: {shown.text}"
    parts: list[RenderableType] = []
    if shown.phase in marks:
        mark, style = marks[shown.phase]
        parts.append(Text(f"{mark} {text}", style=style))
    else:
        parts.append(Spinner("dots", Text(text)))
    if shown.steps:
        parts.append(Padding(ProgressBar(shown.steps, shown.done, width=40), (0, 2)))
    if shown.url:
        parts.append(Text(f"  {shown.url}", style="underline"))
    lines = _more(shown) if shown.phase is Phase.FAILED else shown.log
    parts += [Text(f"  {line}", style="dim") for line in lines]
    return Group(*parts)


def _more(shown: View) -> list[str]:
    return [*shown.log, *([f"more: {shown.command}"] if shown.command else [])]
