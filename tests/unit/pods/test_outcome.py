import json

import pytest

from falapp_operator.api.conditions import Reason
from falapp_operator.runner.outcome import refused, runners, trouble
from falapp_runner import contract
from tests.unit import samples
from tests.unit.workloads import ended, runner_pod, running, terminated, waiting

TRACEBACK = 'File "/app/app.py", line 9, in setup\nRuntimeError: no weights'


def report(reason, message="RuntimeError: no weights", log_tail=TRACEBACK):
    return json.dumps({"reason": reason, "message": message, "logTail": log_tail})


def crashed(last, **more):
    """Return the pod of a runner that the kubelet will start again in a while."""
    why = "back-off 10s restarting failed container=runner pod=hello-1_video(uid)"
    return runner_pod(containers=[waiting("runner", "CrashLoopBackOff", why, last=last)], **more)


def config_error(text):
    return runner_pod(
        phase="Pending", containers=[waiting("runner", "CreateContainerConfigError", text)]
    )


@pytest.mark.parametrize(
    "pod",
    [
        runner_pod(),
        runner_pod(containers=[running("runner", ready=False)]),
        runner_pod(
            phase="Pending",
            init=[running("runtime")],
            containers=[waiting("runner", "PodInitializing")],
        ),
        runner_pod(
            phase="Pending",
            init=[waiting("runtime", "PodInitializing")],
            containers=[waiting("runner", "PodInitializing")],
        ),
        runner_pod(phase="Pending", containers=[waiting("runner", "ContainerCreating")]),
        runner_pod(containers=[running("runner", ready=False, last=ended(0))]),
        {**runner_pod(), "status": {"phase": "Pending"}},
        {**runner_pod(), "status": {}},
    ],
    ids=[
        "ready", "setup", "runtime", "pulling", "creating", "once more after a clean end",
        "created", "just created",
    ],
)  # fmt: skip
def test_a_runner_on_its_way_is_no_trouble(pod):
    assert trouble(pod) is None


@pytest.mark.parametrize(
    "reason",
    [
        contract.LOAD_FAILED,
        contract.IMPORT_FAILED,
        contract.CLASS_NOT_FOUND,
        contract.INVALID_SIGNATURE,
        contract.RUNTIME_CONFLICT,
        contract.SETUP_FAILED,
        contract.SETUP_EXITED,
        contract.SETUP_TIMEOUT,
        contract.PORT_TAKEN,
        contract.SERVE_FAILED,
    ],
)
@pytest.mark.parametrize("state", ["back-off", "ended", "started again"])
def test_a_runner_that_reports_what_its_app_did(reason, state):
    last = ended(1, message=report(reason))
    pod = {
        "back-off": crashed(last),
        "ended": runner_pod(containers=[terminated("runner", 1, message=report(reason))]),
        "started again": runner_pod(containers=[running("runner", ready=False, last=last)]),
    }[state]
    found = trouble(pod)
    assert found.reason == Reason(reason)
    assert found.message == "RuntimeError: no weights"
    assert found.log_tail == TRACEBACK
    assert found.pod == "hello-1"
    assert found.stalled


@pytest.mark.parametrize(
    ("code", "message", "text", "tail"),
    [
        (1, report("Ready", "no reason for an end"), "no reason for an end", TRACEBACK),
        (143, report("StartupInterrupted", "setup() ran", ""), "setup() ran", ""),
        (1, "Segmentation fault", "the runner ended with exit code 1", "Segmentation fault"),
        (139, "", "the runner ended with exit code 139 (SIGSEGV)", ""),
        (200, "", "the runner ended with exit code 200", ""),
        (139, "falapp: Loading\n… falapp: Setup\n… falapp: Ready\noh",
         "the runner ended with exit code 139 (SIGSEGV)",
         "falapp: Loading\n… falapp: Setup\n… falapp: Ready\noh"),
        (0, "", "the runner ended with exit code 0", ""),
        (1, "[]", "the runner ended with exit code 1", "[]"),
        (1, '{"reason": null}', "the runner ended with exit code 1", ""),
        (1, "x" * 4096, "the runner ended with exit code 1", "x" * 2048),
        (128, 'exec: "/opt/env/bin/python": stat: no such file or directory',
         "the runner ended with exit code 128",
         'exec: "/opt/env/bin/python": stat: no such file or directory'),
    ],
)  # fmt: skip
def test_a_runner_that_ended_in_another_way(code, message, text, tail):
    found = trouble(crashed(ended(code, message=message)))
    assert found.reason == Reason.RUNNER_FAILED
    assert (found.message, found.log_tail) == (text, tail)
    assert found.stalled


def test_the_init_container_failed():
    failed = terminated("runtime", 1, message="cp: cannot stat '/opt/falapp/runtime/.'")
    pod = runner_pod(init=[failed], containers=[waiting("runner", "PodInitializing")])
    found = trouble(pod)
    assert found.reason == Reason.RUNNER_FAILED
    assert "cp: cannot stat" in found.log_tail


def test_a_runner_killed_for_memory_names_what_it_had():
    found = trouble(crashed(ended(137, "OOMKilled")))
    assert found.reason == Reason.OUT_OF_MEMORY
    assert "1Gi" in found.message
    assert "machineType" in found.message
    assert found.stalled


@pytest.mark.parametrize(
    ("text", "reason", "message"),
    [
        (
            'secret "hf" not found',
            Reason.SECRET_NOT_FOUND,
            "env: Secret 'hf' does not exist in namespace video; create it and the runner starts"
            " by itself",
        ),
        (
            'configmap "x" not found',
            Reason.CONFIG_MAP_NOT_FOUND,
            "env: ConfigMap 'x' does not exist in namespace video; create it and the runner starts"
            " by itself",
        ),
        (
            "couldn't find key token in Secret video/hf",
            Reason.SECRET_NOT_FOUND,
            "env: Secret 'hf' in namespace video has no key 'token'; add it and the runner starts"
            " by itself",
        ),
        (
            "couldn't find key mode in ConfigMap video/settings",
            Reason.CONFIG_MAP_NOT_FOUND,
            "env: ConfigMap 'settings' in namespace video has no key 'mode'; add it and the runner"
            " starts by itself",
        ),
        (
            'configmap "secret-settings" not found',
            Reason.CONFIG_MAP_NOT_FOUND,
            "env: ConfigMap 'secret-settings' does not exist in namespace video; create it and the"
            " runner starts by itself",
        ),
        (
            "couldn't find key secret in ConfigMap video/settings",
            Reason.CONFIG_MAP_NOT_FOUND,
            "env: ConfigMap 'settings' in namespace video has no key 'secret'; add it and the"
            " runner starts by itself",
        ),
    ],
)
def test_the_kubelet_misses_what_env_names(text, reason, message):
    found = trouble(config_error(text))
    assert (found.reason, found.message, found.stalled) == (reason, message, True)


@pytest.mark.parametrize(
    "text",
    [
        "failed to sync secret cache: timed out waiting for the condition",
        "services have not yet been read at least once, cannot construct envvars",
        "",
    ],
)
def test_a_kubelet_that_is_not_ready_yet_needs_no_hand(text):
    found = trouble(config_error(text))
    assert (found.reason, found.stalled) == (Reason.STARTING, False)


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
@pytest.mark.parametrize("container", ["runtime", "runner"])
def test_an_image_that_cannot_be_pulled(reason, container):
    why = 'Back-off pulling image "x": ErrImagePull: rpc error: code = NotFound desc = not found'
    failing = waiting(container, reason, why)
    pod = (
        runner_pod(phase="Pending", containers=[failing])
        if container == "runner"
        else runner_pod(
            phase="Pending", init=[failing], containers=[waiting("runner", "PodInitializing")]
        )
    )
    found = trouble(pod)
    assert found.reason == Reason.IMAGE_PULL_FAILED
    assert f"registry.example:5000/{container}:v1" in found.message
    # The kubelet's words change with every try, and each change would be a write of the status.
    assert why not in found.message


def test_pods_that_the_cluster_refuses_are_trouble():
    why = 'pods "hello-1" is forbidden: exceeded quota: small'
    condition = {"type": "ReplicaFailure", "status": "True", "message": why}
    found = refused({"status": {"conditions": [condition]}})
    assert found is not None
    assert (found.reason, found.stalled) == (Reason.PODS_REFUSED, True)
    assert why in found.message
    assert refused({"status": {"conditions": [condition | {"status": "False"}]}}) is None
    assert refused({}) is None


def test_no_node_is_waiting_not_failing():
    why = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu. preemption: not helpful."
    found = trouble(runner_pod(unscheduled=why))
    assert found.reason == Reason.WAITING_FOR_CAPACITY
    assert why in found.message
    assert not found.stalled


def test_a_ready_runner_that_crashed_before_is_no_trouble():
    pod = runner_pod(containers=[running("runner", 2, last=ended(1, message=report("LoadFailed")))])
    assert runners([pod], "rev").trouble is None


def test_runners_are_counted_by_revision():
    pods = [
        runner_pod("old-ready", revision="old"),
        runner_pod("old-going", revision="old", deletionTimestamp=samples.at(9)),
        runner_pod("new-ready"),
        runner_pod("new-starting", containers=[running("runner", ready=False)]),
    ]
    seen = runners(pods, "rev")
    assert (seen.total, seen.ready, seen.current, seen.current_ready) == (3, 2, 2, 1)
    assert seen.trouble is None


@pytest.mark.parametrize("phase", ["Failed", "Succeeded"])
def test_pods_that_are_finished_do_not_count(phase):
    """An evicted pod stays until the garbage collector minds; its replacement counts."""
    evicted = runner_pod("evicted", phase=phase, containers=[terminated("runner", 137)])
    evicted["status"] |= {"reason": "Evicted", "message": "The node was low on resource: memory."}
    seen = runners([evicted, runner_pod("new")], "rev")
    assert (seen.total, seen.current, seen.current_ready) == (1, 1, 1)
    assert seen.trouble is None


def test_pods_of_former_revisions_are_no_trouble():
    seen = runners([crashed(ended(1), revision="old"), runner_pod("new")], "rev")
    assert seen.trouble is None
    assert seen.total == 2


def test_no_pod_is_current_where_no_revision_is():
    pods = [runner_pod("one"), runner_pod("two")]
    del pods[1]["metadata"]["annotations"]
    assert runners(pods, "").current == 0


@pytest.mark.parametrize("turn", [1, -1])
def test_the_trouble_that_needs_a_hand_is_shown_first(turn):
    pods = [
        runner_pod("a", unscheduled="0/3 nodes are available"),
        crashed(ended(1, message=report("SetupFailed"))),
    ]
    assert runners(pods[::turn], "rev").trouble.reason == Reason.SETUP_FAILED


def test_the_slowest_start_is_from_process_start_to_ready():
    pods = [
        runner_pod("a", containers=[running("runner", 2)]),
        runner_pod("b", containers=[running("runner", 30)]),
        runner_pod("c", containers=[running("runner", 0, ready=False)]),
        runner_pod("d", revision="old", containers=[running("runner", -500)]),
    ]
    assert runners(pods, "rev").slowest_start == 40.0
    assert runners([], "rev").slowest_start == 0.0
