"""Uses a program that no Python package brings: ffmpeg, which the Dockerfile installs."""

import subprocess

import fal
import humanize


class Probe(fal.App):
    def setup(self):
        told = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True)
        self.version = told.stdout.splitlines()[0]

    @fal.endpoint("/")
    def probe(self, url: str) -> dict:
        command = ["ffprobe", "-v", "error", "-show_entries", "format=size", "-of", "csv=p=0", url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return {"size": humanize.naturalsize(int(done.stdout)), "by": self.version}
