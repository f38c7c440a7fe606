"""BentoML, one worker."""

import bentoml
from models import In, Out, answer


@bentoml.service(workers=1)
class Bench:
    @bentoml.api(route="/run")
    async def run(self, given: In) -> Out:
        return answer(given)
