"""Ways in which files use packages that only the app's machine has."""

from dataclasses import dataclass
from typing import Optional, Union

import fal
import numpy.typing
import torch
import torch.nn.functional as F
from PIL import Image
from pydantic import BaseModel

torch.backends.cuda.matmul.allow_tf32 = True
torch.set_grad_enabled(False)

Tensors = Optional[torch.Tensor]
Either = Union[torch.Tensor, None, "Image.Image"]
NAMES = {torch.float16: "half", torch.float32: "single"}


@dataclass
class Options:
    tensor: Tensors = None
    dtype: torch.dtype = torch.float16


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()


class Both(Options, torch.utils.data.Dataset):
    pass


@torch.compile
def compiled(x: torch.Tensor | None = None) -> Either:
    return F.relu(x)


@torch.jit.script
class Scripted:
    pass


class Request(BaseModel):
    model_config = {"arbitrary_types_allowed": True}

    image: Image.Image | None = None
    array: numpy.typing.NDArray = None


class Standins(fal.App):
    net: torch.nn.Module

    @fal.endpoint("/")
    @torch.no_grad()
    def predict(self, request: Request) -> dict:
        return {}
