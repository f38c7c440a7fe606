"""The app that fal's server and ours serve."""

import fal
from models import In, Out, answer


class Bench(fal.App):
    max_multiplexing = 16

    @fal.endpoint("/async")
    async def later(self, given: In) -> Out:
        return answer(given)

    @fal.endpoint("/sync")
    def now(self, given: In) -> Out:
        return answer(given)


if __name__ == "__main__":
    import sys

    Bench.run_local(exposed_port=int(sys.argv[1]), exposed_metrics_port=int(sys.argv[2]))
