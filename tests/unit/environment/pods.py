"""Pods of builds, as they are when one step has ended or runs."""

import json

from tests.unit import workloads
from tests.unit.workloads import terminated, waiting

NAME = "env-0123456789abcdef"
STEPS = ("tools", "resolve", "plan", "wheels", "sources", "publish")


def steps(until, last):
    """Return the statuses of a pod's steps: those before ``until`` are done, later ones wait."""
    done = [terminated(s) for s in STEPS[: STEPS.index(until)]]
    rest = [waiting(s, "PodInitializing") for s in STEPS[STEPS.index(until) + 1 :]]
    return [*done, last, *rest]


def failed_pod(step, *, code=1, reason=None, message="", **more):
    containers = steps(step, terminated(step, code, reason, message))
    return workloads.build_pod(NAME, *containers, phase="Failed", **more)


def report(reason, message, log_tail=""):
    return json.dumps({"reason": reason, "message": message, "logTail": log_tail})
