"""A build that each test changes as it needs, and its pod."""

from falapp_operator.environment import job as jobs
from falapp_operator.environment import key
from tests.unit import samples


def build(*, base="", custom_ca=False, variables=(), **spec):
    made = samples.environment_spec(**spec)
    return jobs.Build(
        name=key.name(made, samples.NAMESPACE),
        namespace=samples.NAMESPACE,
        spec=made,
        base=base or made.base_image or "",
        custom_ca=custom_ca,
        variables=tuple(variables),
    )


def pod(build, **settings):
    return jobs.job(build, samples.settings(**settings))["spec"]["template"]["spec"]


def steps(pod):
    return {c["name"]: c for c in (*pod["initContainers"], *pod["containers"])}
