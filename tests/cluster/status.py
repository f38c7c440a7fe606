"""Says what is there, without changing it."""

import json

from tests.cluster import cache, cluster, docker, kind
from tests.cluster.progress import Progress
from tests.cluster.run import Run


def show() -> int:
    """Print the state of the cluster; give 0 if it is well, else 1."""
    there = cluster.load()
    run = Run(cache.default(), Progress(print))
    argv = [str(there.kubectl), f"--kubeconfig={there.kubeconfig}", f"--context={there.context}"]
    answer = run.ask([*argv, "get", "nodes", "--output=json", "--request-timeout=10s"], timeout=15)
    nodes = json.loads(answer) if answer else {"items": []}
    problems = kind.unwell(nodes) if there.way != "existing" else []
    if answer is None:
        problems = ["the API server does not answer" if docker.answers(run) else "no Docker daemon"]
    print(f"cluster {there.context} ({there.way}): {'; '.join(problems) or 'all nodes are ready'}")
    print(f"kubeconfig {there.kubeconfig}")
    print(f"registry {there.registry}")
    for name, image in _images(there.images).items():
        print(f"image {name}: {image or 'not built yet'}")
    return 1 if problems else 0


def _images(images: cluster.Images) -> dict[str, str]:
    return {
        "operator": images.operator,
        "builder": images.builder,
        "kaniko": images.kaniko,
        "servers": images.servers,
        **{f"runtime {minor}": image for minor, image in images.runtime.items()},
        **{f"base {minor}": image for minor, image in images.base.items()},
    }
