"""What becomes of an exception that an endpoint raises: the answers of fal's own server."""

import json
import math
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from fal import exceptions
from fal.exceptions import gpu
from fastapi import Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from falapp_runner.serving import logs

UNBILLED = {"x-fal-billable-units": "0"}
"""fal would charge the endpoint's default for a request that has reached no endpoint."""

UNHANDLED = "falapp.unhandled"
"""Marks, in a request's scope, an answer that is made outside of fal's middleware."""

Handler = Callable[[Request, Any], Awaitable[JSONResponse]]


def of_every_app() -> dict[int | type[Exception], Handler]:
    """Return the handlers that functions and classes have."""
    return {
        404: _not_found,
        exceptions.AppException: _app_exception,
        exceptions.FieldException: _field_exception,
        RequestValidationError: _not_valid,
        exceptions.GPUException: _app_exception,
    }


def of_a_class() -> dict[int | type[Exception], Handler]:
    """Return the handlers that only classes have."""
    return {exceptions.RequestCancelledException: _cancelled}


async def _not_found(request: Request, error: Any) -> JSONResponse:
    if error.detail != "Not Found":
        return JSONResponse({"detail": error.detail}, 404)
    headers = {**(error.headers or {}), **UNBILLED}
    return JSONResponse({"detail": f"Path {request.url.path} not found"}, 404, headers=headers)


async def _app_exception(request: Request, error: Any) -> JSONResponse:
    return JSONResponse({"detail": error.message}, error.status_code)


async def _field_exception(request: Request, error: Any) -> JSONResponse:
    headers = {}
    units = error.billable_units
    if units:
        text = f"{float(units):.0f}" if isinstance(units, int) else f"{float(units):.8f}"
        headers["x-fal-billable-units"] = text
    return JSONResponse(error.to_pydantic_format(), error.status_code, headers=headers)


async def _not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
    # pydantic gives back what it refused: bytes, lone surrogates, infinities, exceptions
    detail = jsonable_encoder(
        error.errors(),
        custom_encoder={
            bytes: _binary,
            bytearray: _binary,
            memoryview: _binary,
            str: lambda text: text.encode("utf-8", "replace").decode("utf-8"),
            float: lambda number: number if math.isfinite(number) else str(number),
            BaseException: str,
        },
    )
    return JSONResponse({"detail": detail}, 422, headers=UNBILLED)


def _binary(value: Any) -> str:
    return f"<binary {len(value)} bytes>"


async def _cancelled(request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 499)


async def unhandled(scope: MutableMapping[str, Any], error: Exception) -> JSONResponse:
    """Return the answer to an error that nobody has caught; the log tells more than the caller."""
    scope[UNHANDLED] = True
    request = Request(scope)
    # latest call first, as fal prints it: what fal's users look for in their logs
    lines = traceback.format_exception(error)
    print(json.dumps({**logs.who(), "traceback": "".join(lines[::-1])}), flush=True)
    if gpu._is_cuda_oom_exception(error):
        return await _app_exception(request, exceptions.CUDAOutOfMemoryException())
    if gpu._is_generic_gpu_error(error):
        return await _app_exception(request, exceptions.GPUException())
    return JSONResponse({"detail": "Internal Server Error"}, 500)
