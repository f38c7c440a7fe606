"""Getting layers and documents into a repository, and counting what that took."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from falapp_builder.network.registry import Registry, sha256
from falapp_builder.pod.failure import Failure, Reason
from falapp_builder.pod.planned import Group, Layer
from falapp_builder.publish.assembly import MANIFEST, Document
from falapp_builder.publish.layout import Made

_AT_ONCE = 3  # one upload seldom fills a line; more than a few only compete


class Push:
    """A push to a repository.

    Attributes:
        bytes: How many bytes of blobs were sent.
    """

    def __init__(self, target: Registry) -> None:
        self._target = target
        self.bytes = 0

    def layers(
        self, base: Sequence[Layer], groups: Sequence[tuple[Group, Layer]], source: Registry
    ) -> None:
        """Have all layers of an image in the repository.

        Args:
            base: The base's layers.
            groups: The groups' layers.
            source: Where the base's layers are.

        Raises:
            Failure: A layer cannot be pushed, or is not what it is said to be.
        """
        tasks = {layer.digest: partial(self._base, layer, source) for layer in base}
        for group, layer in groups:
            task = partial(self._made, layer) if isinstance(layer, Made) else None
            tasks[layer.digest] = task or partial(self._known, group, layer)
        self.bytes += sum(_together(list(tasks.values())))

    def made(self, layers: Sequence[Made]) -> None:
        """Have layers in the repository that were all built, or fetched, just now.

        Raises:
            Failure: A layer cannot be pushed, or is not what it is said to be.
        """
        tasks = {layer.digest: partial(self._made, layer) for layer in layers}
        self.bytes += sum(_together(list(tasks.values())))

    def document(self, tag: str, document: Document) -> None:
        """Push a manifest under a tag, after what it names.

        Raises:
            Failure: The registry is away, or does not take it.
        """
        for content in document.blobs:
            if not self._target.has(sha256(content)):
                self._target.upload_bytes(content)
                self.bytes += len(content)
        self._target.put_manifest(tag, document.manifest, MANIFEST)

    def _base(self, layer: Layer, source: Registry) -> int:
        if self._target.has(layer.digest):
            return 0
        near = source.host == self._target.host
        if near and self._target.mount(layer.digest, source.repository):
            return 0
        self._target.copy(layer.digest, layer.size, source)
        return _said(layer)

    def _made(self, layer: Made) -> int:
        if not self._target.has(layer.digest):
            self._target.upload(layer.digest, layer.size, layer.opened)
            return _said(layer)
        # The registry checks what it is sent. What it has may be another tenant's, whose digest
        # whoever wrote the layout has learned: only who has the bytes gets the layer.
        if not layer.is_genuine():
            message = f"what was built is not {layer.digest}, as it claims to be"
            raise Failure(Reason.BUILD_FAILED, f"{message}: see the log of the build's steps")
        return 0

    def _known(self, group: Group, layer: Layer) -> int:
        if not self._target.has(layer.digest):
            message = f"the registry has lost the layer {group.tag} since the build was planned"
            raise Failure(Reason.REGISTRY_UNREACHABLE, f"{message}: the next build makes it anew")
        return 0


def _said(layer: Layer) -> int:
    # With the end of the line in it: several threads print.
    print(f"falapp: sent {layer.digest[:19]} {layer.size}\n", end="", flush=True)
    return layer.size


def _together(tasks: Sequence[Callable[[], int]]) -> list[int]:
    """Return what tasks return, a few at a time; the first that fails stops those to come."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        futures = [pool.submit(task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
