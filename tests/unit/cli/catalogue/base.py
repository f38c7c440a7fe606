import fal
from fal.container import ContainerImage


class Base(fal.App):
    image = ContainerImage("# CUDA\nFROM registry.example/cuda-python:12.4\n")
