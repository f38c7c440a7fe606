"""An endpoint that answers after any grace period, and worker processes that end by SIGTERM."""

import multiprocessing
import time

import fal


class Stuck(fal.App):
    def setup(self):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(abs, range(4))  # leaving the block terminates the workers

    @fal.endpoint("/")
    def answer(self) -> str:
        print("asked", flush=True)
        time.sleep(60)
        return "late"

    def teardown(self):
        print("teardown", flush=True)
