"""Giving the former revision its place again where the one that is asked for cannot start. Pure.

Where runners make room for those of the next revision, a broken one leaves nobody who serves. What
served last is known by name, from the status, and as a whole from its ReplicaSet.

A withdrawal is written into the status before anything is done about it, and from then on what the
pods say does not matter: it lasts until another revision is asked for, or another try of this one.
So nothing goes back and forth, and an operator that ends between two writes leaves no riddle.
"""

from dataclasses import dataclass

from falapp_operator.api import meta
from falapp_operator.api.failure import Failure
from falapp_operator.api.objects import Object, annotation, owner_uids
from falapp_operator.reconcile.snapshot import Snapshot
from falapp_operator.runner import outcome
from falapp_operator.runner.outcome import Runners

_ORDER = "deployment.kubernetes.io/revision"
"""On a ReplicaSet, by the Deployment controller: a number, the highest for the newest."""
_HASH = "pod-template-hash"
"""In a ReplicaSet's template, by the Deployment controller."""
_OURS = (meta.ANNOTATION_REVISION, meta.ANNOTATION_RESTART)


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """That not the revision asked for is run, but the one that served before it."""

    revision: str
    """The revision that cannot start."""
    reason: str
    message: str
    log_tail: str
    """Why it cannot."""
    former: str
    """The revision that has its place again."""
    template: Object | None
    """That one's pod template; None where it is lost, and the Deployment is best left alone."""
    is_new: bool = False
    """Whether this is decided only now: it is to be written down before it is carried out."""


def may_concern(seen: Snapshot) -> bool:
    """Return whether former ReplicaSets are to be asked for: one of them may be needed."""
    if not seen.latest_ready:
        return False
    is_short = outcome.runners(seen.pods, "").ready < seen.spec.runners
    return seen.withdrawn is not None or (is_short and outcome.are_hopeless(seen.pods))


def decide(seen: Snapshot, revision: str, runners: Runners) -> Withdrawal | None:
    """Return the withdrawal of ``revision``, which is asked for, if it is or was withdrawn.

    Args:
        seen: The app.
        revision: What its spec asks for.
        runners: How the runners fare, those of ``revision`` being the current ones.
    """
    former = seen.latest_ready
    if former in ("", revision):
        return None
    template, was = _template(seen, former), seen.withdrawn
    if was and was.revision == revision and not seen.tries_again:
        if _is_needless(seen, revision, runners, template):
            return None
        return Withdrawal(
            revision=revision,
            reason=was.reason,
            message=was.message,
            log_tail=_log_tail(seen, was.message),
            former=former,
            template=template,
        )
    trouble = runners.trouble
    if trouble is None or not trouble.hopeless or runners.ready >= seen.spec.runners:
        return None
    if template is None or seen.live_revision != revision:
        return None  # there is no way back, or what failed is left of a try before
    return Withdrawal(
        revision=revision,
        reason=trouble.reason,
        message=trouble.message,
        log_tail=trouble.log_tail,
        former=former,
        template=template,
        is_new=True,
    )


def _is_needless(seen: Snapshot, revision: str, runners: Runners, template: Object | None) -> bool:
    """Return whether a withdrawal that was not carried out yet is not to be.

    The operator may have been away, and the revision have come to serve; or there is no way back
    any more, and the kubelet may as well go on trying.
    """
    if seen.live_revision not in ("", revision):
        return False
    return template is None or 0 < seen.spec.runners <= runners.current_ready


def failure(app: Object, withdrawal: Withdrawal) -> Failure:
    """Return what failed; the pod that did is gone, and with it its log."""
    metadata = app["metadata"]
    return Failure(
        reason=withdrawal.reason,
        message=withdrawal.message,
        log_tail=withdrawal.log_tail,
        command=f"kubectl describe falapp -n {metadata['namespace']} {metadata['name']}",
    )


def message(app: Object, withdrawal: Withdrawal) -> str:
    """Return what became of the revision, and the way out."""
    metadata = app["metadata"]
    return (
        f"revision {withdrawal.revision} failed to start more than once ({withdrawal.reason}), and"
        f" fewer runners served than are asked for: the former revision {withdrawal.former} has its"
        " place again; correct the spec, or have the same tried once more: kubectl annotate falapp"
        f" -n {metadata['namespace']} {metadata['name']} {meta.ANNOTATION_RETRY}="
        '"$(date)" --overwrite'
    )


def served(former: Runners | None, wanted: int) -> str:
    """Return how the former revision fares in the place that it has again."""
    said = "the former revision has its place again"
    if former is None or wanted == 0:
        return said
    ready = f"{former.current_ready} of {wanted} runners of it are ready"
    # The reason alone: why a node has no room is told of machine types that may be others now.
    return f"{said}: {ready}{f' ({former.trouble.reason})' if former.trouble else ''}"


def _log_tail(seen: Snapshot, message: str) -> str:
    """Return the last lines that the status has of the failure; another failure may be in it."""
    told = seen.app.get("status", {}).get("failure") or {}
    return str(told.get("logTail", "")) if told.get("message") == message else ""


def _template(seen: Snapshot, revision: str) -> Object | None:
    """Return a revision's pod template as it was applied, and as its ReplicaSet keeps it.

    The defaults that the API server put into it stay: it puts them into each that comes after, too.
    What others put into its metadata is theirs; applied, it would be ours.
    """
    uid = seen.deployment["metadata"]["uid"] if seen.deployment else ""
    found = [
        r
        for r in seen.replica_sets
        if uid in owner_uids(r)
        and annotation(r["spec"]["template"], meta.ANNOTATION_REVISION) == revision
    ]
    if not found:
        return None
    template = max(found, key=_number)["spec"]["template"]
    labels = {k: v for k, v in template["metadata"]["labels"].items() if k != _HASH}
    annotations = {k: v for k in _OURS if (v := annotation(template, k))}
    metadata = {"labels": labels, "annotations": annotations}
    return {"metadata": metadata, "spec": template["spec"]}


def _number(replica_set: Object) -> int:
    order = annotation(replica_set, _ORDER)
    return int(order) if order.isdecimal() else 0
