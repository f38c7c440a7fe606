import fal
from fal.exceptions import (
    AppException,
    CUDAOutOfMemoryException,
    FieldException,
    GPUException,
    RequestCancelledException,
    catch_gpu_exceptions,
)
from fastapi import HTTPException
from pydantic import BaseModel


class Which(BaseModel):
    which: str = ""


def fail(which: str) -> None:
    errors = {
        "app": AppException("no such style", 418),
        "field": FieldException("prompt", "too rude"),
        "billed": FieldException("prompt", "too long", status_code=413, billable_units=3),
        "partly billed": FieldException("prompt", "too long", billable_units=0.25),
        "http": HTTPException(409, "twice", headers={"x-why": "twice"}),
        "not found": HTTPException(404, "no such picture"),
        "bare 404": HTTPException(404, headers={"x-why": "gone"}),
        "cancelled": RequestCancelledException("nobody waits"),
        "gpu": GPUException(),
        "oom": CUDAOutOfMemoryException(),
        "torch oom": RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        "cudnn": RuntimeError("cuDNN error: CUDNN_STATUS_NOT_SUPPORTED."),
        "triton": ValueError("triton kernel went wrong"),
        "secret": ValueError("the password is hunter2"),
        "key": KeyError("key"),
    }
    raise errors[which]


class Fails(fal.App):
    @fal.endpoint("/async")
    async def later(self, given: Which) -> dict:
        fail(given.which)
        return {}

    @fal.endpoint("/sync")
    def now(self, given: Which) -> dict:
        fail(given.which)
        return {}

    @fal.endpoint("/caught")
    @catch_gpu_exceptions()
    def caught(self) -> dict:
        raise RuntimeError("NVML_SUCCESS == r INTERNAL ASSERT FAILED")
