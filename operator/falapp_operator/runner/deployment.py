"""The Deployment that keeps an app's runners."""

from falapp_operator.api import meta
from falapp_operator.api.objects import Object
from falapp_operator.api.rollout import Rollout
from falapp_operator.runner import child, pod

_SLACK_SECONDS = 600
"""What pulling an image and finding a node may take on top of the app's own start."""


def deployment(app: Object, runner: pod.Runner, environment: str) -> Object:
    """Return the Deployment of the FalApp ``app``, whose runners' image is of ``environment``."""
    annotations = {meta.ANNOTATION_ENVIRONMENT: environment}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": child.metadata(app) | {"annotations": annotations},
        "spec": {
            "replicas": runner.spec.runners,
            "revisionHistoryLimit": 2,
            "progressDeadlineSeconds": pod.startup_seconds(runner.spec) + _SLACK_SECONDS,
            "selector": {"matchLabels": {meta.LABEL_APP: meta.shortened(app["metadata"]["name"])}},
            "strategy": _strategy(runner),
            "template": pod.template(runner),
        },
    }


def _strategy(runner: pod.Runner) -> Object:
    rollout = runner.spec.rollout or Rollout()
    if rollout.type == "Recreate":
        return {"type": "Recreate"}
    surge, unavailable = rollout.limits(gpu=runner.machine.gpu is not None)
    return {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable},
    }
