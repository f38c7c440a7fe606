"""Values that the operator would end with when it starts are refused before it is installed."""

import pytest
import yaml

from tests.contract.conftest import CHART
from tests.contract.test_chart import load

FILES = "/runners/files"
STORE = "--set=runners.files.store"
BUCKET = [f"{STORE}=bucket", "--set=runners.files.bucket.secret=s"]
VOLUME = [f"{STORE}=volume", "--set=runners.files.volume.claimName=c"]
NULL_ITEM = "--set-json=machineTypes.S.tolerations=[null]"


@pytest.fixture(scope="module")
def template(run_helm):
    """Render the chart with few values and more arguments, however it ends."""
    values = f"--values={CHART}/ci/minimal-values.yaml"
    return lambda *arguments: run_helm("template", "falapp", str(CHART), values, *arguments)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set=images.kaniko="], "/images/kaniko': minLength"),
        (["--set=images.kaniko=a b"], "/images/kaniko"),
        (["--set=images.pythons.3\\.11.base="], "/images/pythons/3.11/base': minLength"),
        (["--set=images.pythons.3\\.11.base=-a"], "/images/pythons/3.11/base"),
        (["--set=images.pythons.3\\.11.runtime="], "images.pythons.3.11.runtime: name the runtime"),
        (
            ["--set-string=defaultPython=3.12"],
            "defaultPython: is 3.12, and images.pythons has only",
        ),
        (
            ["--set=machineTypes.xs.cpu=1m", "--set=machineTypes.xs.memory=1Gi"],
            "machineTypes: XS and",
        ),
        ([STORE + "=bucket"], f"{FILES}/bucket/name': minLength"),
        ([STORE + "=bucket"], f"{FILES}/bucket/secret': minLength"),
        (BUCKET, f"{FILES}/bucket/name': minLength"),
        ([*BUCKET, f"--set=runners.files.bucket.name={64 * 'a'}"], f"{FILES}/bucket/name"),
        ([STORE + "=volume"], f"{FILES}/volume/claimName': minLength"),
        (VOLUME, f"{FILES}/publicURL': minLength"),
        (["--set=runners.files.bucket.secret=Not_A_Name"], f"{FILES}/bucket/secret"),
        (["--set=runners.files.volume.claimName=Not_A_Name"], f"{FILES}/volume/claimName"),
        (["--set=runners.files.linkExpiry=168h1s"], "runners.files.linkExpiry: is 168h1s"),
        (["--set=runners.files.linkExpiry=160h481m"], "runners.files.linkExpiry: is 160h481m"),
        (["--set=customCA.configMap=Not_A_Name"], "/customCA/configMap"),
        (["--set=customCA.key=a/b"], "/customCA/key"),
        (["--set-json=builds.tolerations=[null]"], "/builds/tolerations/0"),
        (["--set-json=operator.tolerations=[null]"], "/operator/tolerations/0"),
        ([NULL_ITEM], "/machineTypes/S/tolerations/0"),
        (["--set=builds.resources.limits.cpu=null"], "/builds/resources/limits/cpu"),
        (["--set=builds.nodeSelector.pool=null"], "/builds/nodeSelector/pool"),
    ],
)
def test_what_the_operator_would_refuse_is_refused(template, arguments, says):
    done = template(*arguments)
    assert done.returncode != 0
    assert says in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        [*BUCKET, "--set=runners.files.bucket.name=b"],
        [*VOLUME, "--set=runners.files.publicURL=https://files.example"],
        ["--set=runners.files.linkExpiry=168h"],
        ["--set=runners.files.linkExpiry=167h59m60s"],
        ["--set=machineTypes.XS=null", "--set=machineTypes.xs.cpu=1m,machineTypes.xs.memory=1Gi"],
        ["--set=machineTypes.S.gpu=null"],
        ["--set=builds.resources.limits.memory=null"],
    ],
)
def test_what_the_operator_takes_is_not(render, tmp_path, arguments):
    assert load(render("minimal", *arguments), tmp_path)


def paths(value, path=()):
    """Yield the path of every value that has a fixed name."""
    for key, inner in value.items():
        here = (*path, key)
        yield here
        if isinstance(inner, dict) and key not in {"machineTypes", "pythons", "resources"}:
            yield from paths(inner, here)


@pytest.mark.parametrize(
    "path", [*paths(yaml.safe_load((CHART / "values.yaml").read_text()))], ids=".".join
)
def test_no_value_is_taken_away_by_null(template, path):
    done = template(f"--set={'.'.join(path)}=null")
    assert done.returncode != 0
    assert f"missing property '{path[-1]}'" in done.stderr
