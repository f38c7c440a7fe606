"""An app as a command is given it: a fal app file or a FalApp in YAML, and options beside it."""

from dataclasses import dataclass

from falapp_cli.errors import InputError
from falapp_cli.foresee import manifests
from falapp_cli.source import render
from falapp_operator.api.objects import Object


@dataclass(frozen=True, kw_only=True)
class Given:
    """An app, as a file of either kind."""

    reference: str = ""
    """A file of either kind, by its ending."""
    file: str = ""
    """A FalApp in YAML."""
    name: str = ""
    """The FalApp's name, in place of the one that the file has."""
    secret: str = ""
    pull_secret: str = ""
    requirements: tuple[str, ...] = ()

    def is_manifest(self, command: str) -> bool:
        """Return whether it is a FalApp in YAML.

        Args:
            command: What it is given to, for the message.

        Raises:
            InputError: Both kinds are given, or none.
        """
        if bool(self.reference) == bool(self.file):
            raise InputError(
                f"{command}: give an app's file or -f FILE with a FalApp, and not both"
            )
        return bool(self.file) or self.reference.endswith((".yaml", ".yml", ".json"))


def manifest(given: Given, namespace: str) -> Object:
    """Return the FalApp in YAML, under the name that is asked for.

    Args:
        given: What the command was given.
        namespace: The namespace that it was given; may be empty.

    Raises:
        InputError: It cannot be used, or an option is given that says how a .py file is read.
    """
    file = given.file or given.reference
    others = {
        "--secret": given.secret,
        "--pull-secret": given.pull_secret,
        "--requirement": given.requirements,
    }
    for option, value in others.items():
        if value:
            raise InputError(
                f"{option}: is for an app's .py file, and {file} is a FalApp already; leave it "
                "out, and write into the FalApp what it is to have"
            )
    found = manifests.read(file)
    if given.name:
        found["metadata"]["name"] = given.name
    if namespace:
        render.namespaced(namespace)
    elif own := found["metadata"].get("namespace"):
        render.namespaced(own, f"{file}: metadata.namespace")
    return found
