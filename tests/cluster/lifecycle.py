"""Makes the cluster, and removes it: the order in which all other parts come into play."""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from tests.cluster import (
    base,
    cache,
    choice,
    cluster,
    daemon,
    debian,
    docker,
    existing,
    golang,
    images,
    kind,
    lock,
    node,
    registry,
    tools,
    trust,
    versions,
)
from tests.cluster.choice import Existing, Machine, Way
from tests.cluster.cluster import Cluster
from tests.cluster.errors import ClusterError
from tests.cluster.progress import Progress
from tests.cluster.run import Run

Made: TypeAlias = tuple[Cluster, list[ClusterError]]
"""A cluster, and what went wrong with images of ours."""
Own: TypeAlias = dict[str, str | ClusterError]
"""Images of ours by their repository, a broken one as its error."""


def print_line(text: str) -> None:
    """Print a line at once, also where output goes to a pipe."""
    print(text, flush=True)


def up(progress: Callable[[str], None] = print_line, *, servers: bool = False) -> Cluster:
    """Give a cluster that is well, making what is missing; `servers` is for the tests alone."""
    run = Run(cache.default(), Progress(progress))
    with lock.held(run.cache.lock, run.progress.say):
        run.cache.prepare()
        named = choice.existing(os.environ)
        made, failures = _existing(run, named, servers) if named else _kind(run, servers)
        cluster.save(made, run.cache.state)
        if failures:
            run.progress.say(f"cluster {made.context} is up, but not all images are")
            raise failures[0]
    run.progress.say(f"cluster {made.context} is up ({made.way})")
    return made


def down(progress: Callable[[str], None] = print_line, *, caches: bool = False) -> None:
    """Remove what `up` made; the compiled programs too, if `caches` says so."""
    run = Run(cache.default(), Progress(progress))
    with lock.held(run.cache.lock, run.progress.say):
        run.cache.prepare()
        existing.remove(run)
        if daemon.recorded(run.cache):
            daemon.ensure(run)  # a dead daemon still has our containers and images on disk
        if docker.answers(run):
            _remove(run)
        if daemon.stop(run.cache):
            run.progress.say("docker: ended the daemon that this tool had started")
        for file in (run.cache.state, run.cache.kubeconfig):
            file.unlink(missing_ok=True)
        if caches:
            packages = debian.installed(run.cache)
            shutil.rmtree(run.cache.root)
            run.progress.say(f"removed {run.cache.root}")
            if packages:
                run.progress.say(f"Debian packages stay installed: {' '.join(packages)}")


def _remove(run: Run) -> None:
    kind.remove(run)
    registry.remove(run)
    if docker.label(docker.inspect(run, "network", kind.NETWORK)):
        run.call(["docker", "network", "rm", kind.NETWORK], log="kind")
    ours = [*docker.ours(run), *docker.dangling(run)]
    if ours:
        with run.progress.step("docker", f"removing {len(ours)} images"):
            run.call(["docker", "rmi", "--force", *ours], log="docker", timeout=300)


def _existing(run: Run, named: Existing, servers: bool) -> Made:
    """Use the cluster that the environment names: nothing is made but images and a kubeconfig."""
    kubectl = tools.kubectl_on_path(run)
    if kubectl is None:
        raise ClusterError(f"kubectl {versions.KUBECTL_LEAST} or newer is not on PATH; install it")
    view = [str(kubectl), "config", "view", "--minify", "--flatten", "--raw"]
    view.append(f"--context={named.context}")
    run.cache.kubeconfig.touch(mode=0o600)
    run.cache.kubeconfig.write_text(run.read(view))
    there = registry.Registry(
        pushed=named.registry, pulled=named.registry, readable=False, insecure=named.insecure
    )
    # The images come from where they can be had, as with a cluster of our own.
    publisher = images.Publisher(run=run, way=_way(run), registry=there)
    bases = publisher.bases()
    own = publisher.ours() | publisher.servers(wanted=servers)
    found = images.gather(own, bases, publisher.kaniko())
    return _cluster(run, named.context, kubectl, found, there, Way.EXISTING), _failures(own)


def _kind(run: Run, servers: bool) -> Made:
    revived = daemon.ensure(run)
    if revived:
        kind.remove(run)  # its containers stopped with the daemon that is gone
    way = _way(run)
    stamp = kind.key(way)
    kind.network(run)
    root = base.image(run, versions.PYTHON_MINORS[0], way)
    there = registry.ensure(run, way, root)
    publisher = images.Publisher(run=run, way=way, registry=there)

    def ours() -> Own:
        return publisher.ours() | publisher.servers(wanted=servers)

    def nodes() -> Path:
        _programs(run, way)
        image = node.image(run, way, stamp)
        kubectl = tools.find_kubectl(run, way, image)
        program = tools.find_kind(run)
        kind.Kind(program=program, kubectl=kubectl, image=image, stamp=stamp).ensure(run, way)
        return kubectl

    bases, own, kubectl = run.together(publisher.bases, ours, nodes)
    kaniko = publisher.kaniko()
    _tidy(run)
    pinned = images.gather(own, bases, kaniko)
    return _cluster(run, kind.CONTEXT, kubectl, pinned, there, way), _failures(own)


def _way(run: Run) -> Way:
    """Choose; a cluster that stands was chosen before, and need not be asked about again."""
    for way in (Way.PULLED, Way.ASSEMBLED):
        if kind.stands(run, kind.key(way)):
            return way
    with run.progress.step("docker", "asking whether an image registry is in reach"):
        pulls = docker.pulls(run, versions.NODE_IMAGE)
    machine = Machine(
        pulls=pulls,
        root=os.geteuid() == 0,
        debian=shutil.which("apt-get") is not None,
        go=golang.available(),
    )
    return choice.kind(machine)


def _programs(run: Run, way: Way) -> None:
    """Compile, before the nodes start: three of them and a compiler are too much for two cores."""
    if way is Way.ASSEMBLED:
        for part in (golang.PAUSE, golang.COREDNS, golang.KUBERNETES, golang.KANIKO):
            golang.build(run, part)
    tools.find_kind(run)
    tools.find_helm(run)


def _failures(own: Mapping[str, str | ClusterError]) -> list[ClusterError]:
    return [image for image in own.values() if isinstance(image, ClusterError)]


def _tidy(run: Run) -> None:
    """Remove the images that newer ones have replaced; Docker itself keeps those in use."""
    newest: set[str] = set()
    for name in docker.ours(run):
        series = images.series(name)
        if series in newest:
            run.ask(["docker", "rmi", name])
        newest.add(series)
    docker.prune(run)


def _cluster(
    run: Run,
    context: str,
    kubectl: Path,
    found: cluster.Images,
    there: registry.Registry,
    way: Way,
) -> Cluster:
    return Cluster(
        kubeconfig=run.cache.kubeconfig,
        context=context,
        kubectl=kubectl,
        helm=tools.find_helm(run),
        registry=there.pulled,
        insecure=there.insecure,
        images=found,
        ca_bundle=trust.bundle(),
        way=way.value,
    )
