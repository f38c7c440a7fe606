"""Printing for machines: YAML, JSON, or kind/name."""

import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Any


class Format(StrEnum):
    """How objects are printed."""

    YAML = "yaml"
    JSON = "json"
    NAME = "name"


class Data(StrEnum):
    """How is printed what is no object, and so has no name."""

    YAML = "yaml"
    JSON = "json"


def objects(found: Iterable[dict[str, Any]], form: Format) -> None:
    """Print Kubernetes objects: one as itself, YAML documents or a JSON List of several."""
    items = list(found)
    if form is Format.NAME:
        sys.stdout.writelines(f"{_name(item)}\n" for item in items)
    elif form is Format.JSON:
        value(items[0] if len(items) == 1 else _list(items), form)
    else:
        sys.stdout.write("---\n".join(to_yaml(item) for item in items))


def listed(found: Iterable[dict[str, Any]], form: Format) -> None:
    """Print what was asked for as a list: a List, however many there are, as kubectl does."""
    items = list(found)
    if form is Format.NAME:
        objects(items, form)
    else:
        value(_list(items), form)


def _list(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _name(item: dict[str, Any]) -> str:
    group = item["apiVersion"].rpartition("/")[0].partition("/")[0]
    kind = item["kind"].lower()
    return (
        f"{kind}.{group}/{item['metadata']['name']}"
        if group
        else (f"{kind}/{item['metadata']['name']}")
    )


def value(found: Any, form: Format | Data) -> None:
    """Print something that is no object, as JSON or YAML."""
    text = (
        json.dumps(found, indent=2, ensure_ascii=False) + "\n"
        if form == Format.JSON
        else to_yaml(found)
    )
    sys.stdout.write(text)


def to_yaml(found: Any) -> str:
    """Return YAML as people write it: in the given order, with lines as lines."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, data: str) -> yaml.ScalarNode:
        style = "|" if "\n" in data else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    Dumper.add_representer(str, text)
    return yaml.dump(
        json.loads(json.dumps(found)), Dumper=Dumper, sort_keys=False, width=100, allow_unicode=True
    )


def table(headers: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Print columns, as kubectl does."""
    every = [headers, *rows]
    widths = [max(len(row[i]) for row in every) for i in range(len(headers))]
    for row in every:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("   ".join(cells).rstrip() + "\n")
