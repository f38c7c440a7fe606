"""The short way for the endpoint that nearly all are: one model in, one answer out.

FastAPI finds out anew for each request what it knows since the start: half of its time. Here the
body goes straight to the model and the result straight to JSON. Whatever else happens (another
content type, broken JSON, a body that is not valid) is left to FastAPI, with the body as it came,
so that it stays the one authority on errors. Its own parts are used where they can be told to
exist; with a version of FastAPI that lacks them every request goes the long way.
"""

import inspect
import json
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import params, routing
from fastapi.concurrency import run_in_threadpool
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import ResponseValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from falapp_runner.serving import exchange

Receive = Callable[[], Awaitable[exchange.Message]]

USED = {
    "path_params",
    "query_params",
    "header_params",
    "cookie_params",
    "dependencies",
    "request_param_name",
    "websocket_param_name",
    "http_connection_param_name",
    "response_param_name",
    "background_tasks_param_name",
    "security_scopes_param_name",
}
"""What a dependant has, and an endpoint of the simple kind does not use."""


class Direct:
    """The short way to one endpoint."""

    def __init__(self, route: Any) -> None:
        self._call = route.dependant.call
        self._field = route.dependant.body_params[0]
        self._name: str = self._field.name
        self._answer = route.response_field
        self._is_async = inspect.iscoroutinefunction(self._call)

    async def serve(
        self, one: exchange.Exchange, message: exchange.Message, receive: Receive
    ) -> bool:
        """Answer, or return False before anything has been done that FastAPI would do again."""
        try:
            body = json.loads(message["body"])
        except (ValueError, RecursionError):
            return False
        given, errors = self._field.validate(body, {}, loc=("body",))
        if errors:
            return False
        if self._is_async:
            result = self._encoded(await self._call(**{self._name: given}))
        else:
            result = await run_in_threadpool(self._called, given)
        if isinstance(result, Response):
            await result(one.scope, receive, one.send)
            return True
        length = str(len(result)).encode()
        headers = [(b"content-length", length), (b"content-type", b"application/json")]
        await one.send({"type": "http.response.start", "status": 200, "headers": headers})
        await one.send({"type": "http.response.body", "body": result})
        return True

    def _called(self, given: Any) -> bytes | Response:
        return self._encoded(self._call(**{self._name: given}))

    def _encoded(self, result: Any) -> bytes | Response:
        if isinstance(result, Response):
            return result
        if self._answer is None:
            return bytes(JSONResponse(jsonable_encoder(result)).body)
        value, errors = self._answer.validate(result, {}, loc=("response",))
        if errors:
            raise ResponseValidationError(errors, body=result)
        encoded: bytes = self._answer.serialize_json(value)
        return encoded


def of(route: Any) -> Direct | None:
    """Return the short way to a route, if it is of the simple kind."""
    dependant = getattr(route, "dependant", None)
    try:
        simple = dependant is not None and _is_simple(route, dependant)
    except AttributeError:  # another version of FastAPI
        return None
    return Direct(route) if simple else None


def _is_simple(route: Any, dependant: Any) -> bool:
    if len(dependant.body_params) != 1 or any(getattr(dependant, name) for name in USED):
        return False
    (field,) = dependant.body_params
    info = field.field_info
    model = info.annotation
    return (
        type(info) is params.Body
        and not getattr(info, "embed", None)
        and not route._embed_body_fields
        and inspect.isclass(model)
        and issubclass(model, BaseModel)
        and hasattr(field, "validate")
        and (route.response_field is None or hasattr(route.response_field, "serialize_json"))
        and "dump_json" in inspect.signature(routing.serialize_response).parameters
        and not inspect.isgeneratorfunction(dependant.call)
        and not inspect.isasyncgenfunction(dependant.call)
        and (inspect.ismethod(dependant.call) or inspect.isfunction(dependant.call))
    )
