"""The last step of a build pod: the registry gets what it lacks of the image, then its name.

It runs in the builder's image, never runs anything of the user's, and is the only one that will
ever hold credentials to push.
"""

import ssl
import sys
import time
from dataclasses import dataclass

import httpx

from falapp_builder import layout, lock, report, request
from falapp_builder.failure import Failure, Reason
from falapp_builder.places import IN_POD, Places
from falapp_builder.registry import Registry

LABEL_ENVIRONMENT = "falapp.dev/environment"
LABEL_PACKAGES = "falapp.dev/packages"


@dataclass(frozen=True, kw_only=True)
class Pushed:
    """What a push cost."""

    bytes: int
    """How many bytes of layers went over the network."""
    layers: int
    """How many layers."""


def main() -> None:
    """Publish the image that was built, or report why not."""
    sys.exit(report.guarded(lambda: publish(IN_POD), IN_POD.termination))


def publish(places: Places) -> None:
    """Push the image and report its digest.

    Raises:
        Failure: It could not be pushed.
    """
    started = time.monotonic()
    asked = request.read(places.request)
    packages = len(lock.merged(lock.read(places.lock(n)) for n in range(len(asked.layers))))
    labels = {LABEL_ENVIRONMENT: asked.environment, LABEL_PACKAGES: str(packages)}
    image = layout.read(places.layout, labels)
    base, repository = address(asked.image, asked.insecure)
    with httpx.Client(verify=_trusted(places)) as client:
        pushed = push(Registry(client, base, repository), image, asked.tag)
    result = {
        "digest": image.digest,
        "packages": packages,
        "bytes": pushed.bytes,
        "layersUploaded": pushed.layers,
        "layersTotal": len(image.layers),
        "seconds": round(time.monotonic() - started, 2),
    }
    print(f"falapp: published {asked.image}:{asked.tag} {result}", flush=True)
    report.success(places.termination, result)


def address(image: str, insecure: bool) -> tuple[str, str]:
    """Return the registry's address and the repository of an image's name without tag.

    Raises:
        Failure: The name has no registry.
    """
    host, _, repository = image.partition("/")
    if not repository or not ("." in host or ":" in host or host == "localhost"):
        message = f"image {image} names no registry: write registry.example/repository"
        raise Failure(Reason.PUBLISH_FAILED, message)
    return f"{'http' if insecure else 'https'}://{host}", repository


def push(registry: Registry, image: layout.Image, tag: str) -> Pushed:
    """Upload the layers that the registry lacks, the configuration, and the manifest last."""
    done: list[int] = []
    for blob in {layer.digest: layer for layer in image.layers}.values():
        if not registry.has(blob.digest):
            registry.upload(blob.digest, blob.size, blob.open)
            done.append(blob.size)
        print(f"falapp: {blob.digest[:19]} {blob.size}", flush=True)
    config = layout.sha256(image.config)
    if not registry.has(config):
        registry.upload_bytes(config, image.config)
    registry.put_manifest(tag, image.manifest, image.media_type)
    return Pushed(bytes=sum(done), layers=len(done))


def _trusted(places: Places) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    context.load_default_certs()
    if places.authority.exists():
        context.load_verify_locations(cafile=places.authority)
    return context


if __name__ == "__main__":
    main()
