"""What stands below the fields of a model, as the description of each in its schema.

Pydantic can do it (``use_attribute_docstrings``), when a class is made: it would read the source of
every model again in every process, which took longer than to make them all.
"""

import ast
import inspect
import itertools
import textwrap
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue


class Documented(GenerateJsonSchema):
    """Writes JSON Schema with descriptions; one that a field was given itself stays."""

    def model_schema(self, schema: Any) -> JsonSchemaValue:
        """Return the schema of a model."""
        made = super().model_schema(schema)
        model = schema["cls"]
        for name, text in _texts(model).items():
            field = model.model_fields[name]
            made["properties"][field.alias or name].setdefault("description", text)
        return made


def _texts(model: type[BaseModel]) -> dict[str, str]:
    """Return the text below each field of a model, those that it inherits included."""
    found: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        if issubclass(kind, BaseModel) and kind is not BaseModel:
            found |= _own(kind)
    return {name: text for name, text in found.items() if name in model.model_fields}


def _own(model: type[BaseModel]) -> dict[str, str]:
    try:
        source = inspect.getsource(model)
    except OSError:  # made by a call, and so without words
        return {}
    tree = ast.walk(ast.parse(textwrap.dedent(source)))
    body = next(node.body for node in tree if isinstance(node, ast.ClassDef))
    found = {}
    for field, text in itertools.pairwise(body):
        match field, text:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(words))),
            ):
                found[name] = inspect.cleandoc(words)
    return found
