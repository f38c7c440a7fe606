"""What a FalApp's spec asks for that cannot be had, each check named after what is wrong.

The API server has refused what it can see by itself; these need to know the cluster. The first
that fails ends as Stalled, with field, value and way out.
"""

from collections.abc import Callable

from falapp_operator.api import source
from falapp_operator.api.conditions import Reason
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.environment import manifest
from falapp_operator.errors import UserError
from falapp_operator.reconcile.snapshot import Snapshot
from falapp_operator.settings import Settings

Check = Callable[[Snapshot, Settings], UserError | None]


def unknown_machine_type(seen: Snapshot, _settings: Settings) -> UserError | None:
    """No MachineType has the name."""
    found = (seen.machine, *seen.fallbacks)
    missing = [n for n, m in zip(seen.spec.machines, found, strict=True) if m is None]
    if not missing:
        return None
    field = "machineType" if seen.machine is None else "machineTypeFallbacks"
    known = ", ".join(seen.machine_types) or "none at all"
    return UserError(
        Reason.UNKNOWN_MACHINE_TYPE,
        f"spec.{field}: there is no MachineType {missing[0]!r}; use one of: {known}; or create it",
    )


def unreadable_machine_type(seen: Snapshot, _settings: Settings) -> UserError | None:
    """A MachineType says something that this operator does not know."""
    return next((m for m in (seen.machine, *seen.fallbacks) if isinstance(m, UserError)), None)


def _gpus(machine: MachineTypeSpec) -> str:
    gpu = machine.gpu
    return f"{gpu.count} {gpu.resource}" if gpu else "no GPU"


def _runtime_class(machine: MachineTypeSpec) -> str:
    name = machine.runtime_class_name
    return f"the runtimeClassName {name}" if name else "no runtimeClassName"


def _profile(machine: MachineTypeSpec) -> str:
    return f"the profile {machine.profile}" if machine.profile else "no profile"


_THE_SAME: tuple[Callable[[MachineTypeSpec], str], ...] = (_gpus, _runtime_class, _profile)
"""What a pod has one of wherever it runs, each told in words."""


def unlike_fallback(seen: Snapshot, _settings: Settings) -> UserError | None:
    """A pod for the machine type could not be one for its fallback."""
    first, *others = zip(seen.spec.machines, seen.accepted, strict=True)
    for name, machine in others:
        for told in _THE_SAME:
            if (theirs := told(machine)) != (ours := told(first[1])):
                return UserError(
                    Reason.INVALID_SPEC,
                    f"spec.machineTypeFallbacks: {name!r} has {theirs} and {first[0]!r} has {ours},"
                    " and a runner is the same wherever it runs; take it out, or name one with"
                    f" {ours}",
                )
    return None


def no_gpus_to_multiply(seen: Snapshot, _settings: Settings) -> UserError | None:
    """GPUs are asked for on a machine type without."""
    count = seen.spec.num_gpus
    if count is None or seen.accepted[0].gpu:
        return None
    return UserError(
        Reason.INVALID_SPEC,
        f"spec.numGPUs: {count} {'is' if count == 1 else 'are'} asked for, and machine type"
        f" {seen.spec.machines[0]!r} has no GPU; take numGPUs out, or name a machineType with GPUs",
    )


def unsupported_python(seen: Snapshot, settings: Settings) -> UserError | None:
    """The operator has no images for the Python version."""
    if seen.python in settings.pythons:
        return None
    known = ", ".join(sorted(settings.pythons))
    return UserError(
        Reason.UNSUPPORTED_PYTHON,
        f"spec.pythonVersion: {seen.python} is not among this operator's versions; use one of:"
        f" {known}",
    )


def unusable_requirements(seen: Snapshot, _settings: Settings) -> UserError | None:
    """A requirement is none that pip accepts or that is accepted here, or the image is refused."""
    return seen.wanted if isinstance(seen.wanted, UserError) else None


def foreign_source(seen: Snapshot, settings: Settings) -> UserError | None:
    """The image of the app's files is an environment: another namespace's packages, maybe."""
    image = seen.spec.source.image
    if image is None:
        return None
    try:
        manifest.refuse_environment(image.name, "spec.source.image.name", settings)
    except UserError as error:
        return error
    return None


def missing_config_map(seen: Snapshot, _settings: Settings) -> UserError | None:
    """The ConfigMap with the app's files does not exist."""
    if seen.files is not None or seen.spec.source.config_map is None:
        return None
    name, namespace = seen.spec.source.config_map.name, seen.app["metadata"]["namespace"]
    return UserError(
        Reason.CONFIG_MAP_NOT_FOUND,
        f"spec.source.configMap: there is no ConfigMap {name!r} in namespace {namespace}; create"
        " it and the app goes on by itself",
    )


def too_large_files(seen: Snapshot, _settings: Settings) -> UserError | None:
    """The files have more bytes than a ConfigMap takes, though not more characters."""
    size = source.size((seen.spec.source.inline or {}).values())
    if size <= source.INLINE_BYTES:
        return None
    return UserError(
        Reason.INVALID_SPEC,
        f"spec.source.inline: the files together have {size:,} bytes in UTF-8, and a ConfigMap"
        f" takes {source.INLINE_BYTES:,}; keep them in git and name it in source.git",
    )


def unknown_commit(seen: Snapshot, _settings: Settings) -> UserError | None:
    """Which commit the git source is at cannot be told."""
    return seen.commit if isinstance(seen.commit, UserError) else None


def missing_file(seen: Snapshot, _settings: Settings) -> UserError | None:
    """The files do not hold the one that the entrypoint names."""
    file = seen.spec.entrypoint.split("::")[0]
    if seen.files is None or file in seen.files:
        return None
    known = ", ".join(sorted(seen.files)) or "none"
    return UserError(
        Reason.CONFIG_MAP_NOT_FOUND if seen.spec.source.config_map else Reason.INVALID_SPEC,
        f"spec.entrypoint: the source has no file {file!r}; it has: {known}",
    )


def taken_name(seen: Snapshot, _settings: Settings) -> UserError | None:
    """A Deployment, Service or PodDisruptionBudget of the app's name is somebody else's."""
    for child in seen.namesakes:
        if not seen.owns(child) and child not in seen.remains:
            kind, name = child["kind"], child["metadata"]["name"]
            return UserError(
                Reason.NAME_TAKEN,
                f"metadata.name: a {kind} {name!r} exists that is not this FalApp's; rename one",
            )
    return None


CHECKS: tuple[Check, ...] = (
    unknown_machine_type,  # before anything is built for a machine that does not exist
    unreadable_machine_type,
    unlike_fallback,
    no_gpus_to_multiply,
    unsupported_python,
    unusable_requirements,
    foreign_source,
    missing_config_map,
    too_large_files,
    unknown_commit,
    missing_file,
    taken_name,
)


def first_error(seen: Snapshot, settings: Settings) -> UserError | None:
    """Return the first thing that is wrong, or None."""
    return next((e for check in CHECKS if (e := check(seen, settings))), None)
