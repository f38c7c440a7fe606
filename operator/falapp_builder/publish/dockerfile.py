"""The last step of a pod that built a Dockerfile: `python -m falapp_builder.publish.dockerfile`.

What was built is pushed as it is, after the registry or we have checked that each layer has the
digest that it claims; what is in it, only those know who build upon it.
"""

import sys
import time

from falapp_builder.network import registry
from falapp_builder.pod import report, request
from falapp_builder.pod.places import IN_POD, Places
from falapp_builder.publish import assembly, layout
from falapp_builder.publish.push import Push
from falapp_builder.publish.step import ENVIRONMENT, PACKAGES, SIZE


def main() -> None:
    """Publish the image, or report why not."""
    sys.exit(report.guarded(lambda: publish(IN_POD), IN_POD.termination))


def publish(places: Places) -> None:
    """Push the image, and report its digest.

    Raises:
        Failure: It was not built, or could not be pushed.
    """
    started = time.monotonic()
    asked = request.read(places.request)
    made = layout.image(places.sources_layout)
    size = sum(layer.size for layer in made.layers)
    told = {ENVIRONMENT: asked.environment, PACKAGES: "0", SIZE: str(size)}
    image = assembly.whole(made.config, made.layers, told)
    with registry.connect(asked.image, places, insecure=asked.insecure, push=True) as target:
        push = Push(target)
        push.made(made.layers)
        push.document(asked.tag, image)
    result = {
        "digest": image.digest,
        "bytes": push.bytes,
        "size": size,
        "seconds": round(time.monotonic() - started, 2),
    }
    print(f"falapp: published {asked.image}:{asked.tag} {result}", flush=True)
    report.success(places.termination, result)


if __name__ == "__main__":
    main()
