"""Packages that only the GPU machine has, machine types in order, every timeout."""

import fal
import torch
from diffusers import FluxPipeline
from pydantic import BaseModel
from transformers.models.auto import AutoModel


class Request(BaseModel):
    image: torch.Tensor


class Head(torch.nn.Module):
    def forward(self, x: "torch.Tensor") -> torch.Tensor:
        with torch.no_grad():
            return x


class Flux(fal.App, name="flux", keep_alive=300, python_version="3.11"):
    machine_type = ["GPU-H100", "GPU-A100"]
    num_gpus = 2
    requirements = [
        "--extra-index-url",
        "https://wheels.example/cu124",
        "torch==2.6.0",
        "diffusers",
        "transformers>=4.48,<5",
    ]
    startup_timeout = 1200
    request_timeout = 90
    termination_grace_period_seconds = 3661
    max_multiplexing = 4
    min_concurrency = 2
    max_concurrency = 8
    concurrency_buffer = 1
    scaling_delay = 5
    secrets = ["HF_TOKEN", "WANDB_API_KEY"]
    data_mounts = ["/data"]
    regions = ["us-east"]
    app_auth = "private"

    def setup(self):
        self.model = FluxPipeline.from_pretrained("x", torch_dtype=torch.bfloat16)
        self.auto = AutoModel

    @fal.endpoint("/")
    @torch.inference_mode()
    def predict(self, request: Request) -> dict:
        return {}
