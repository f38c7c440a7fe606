import os

import fal
from fal.container import ContainerImage


class Container(fal.App):
    image = ContainerImage.from_dockerfile_str(
        "ARG CUDA=12.4\nFROM registry.example/cuda-python:${CUDA}\nRUN apt-get update\n",
        build_args={"CUDA": "12.6"},
        secrets={"token": os.environ["TOKEN_OF_A_TEST"]},
        compression="zstd",
    )
    requirements = ["numpy==2.4.6"]
