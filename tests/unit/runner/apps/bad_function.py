import time

import fal


@fal.function(serve=True, startup_timeout=-1)
def slow() -> dict:
    return {}


@fal.function(serve=True, startup_timeout=1, setup_function=lambda: time.sleep(60))
def hangs() -> dict:
    return {}


@fal.function(serve=True)
def unfit(given: 3) -> dict:
    return {}
