import fal


class Layers(fal.App):
    requirements = [["torch==2.6.0"], ["flash-attn==2.7.4", "--no-build-isolation"]]
    resolver = None
