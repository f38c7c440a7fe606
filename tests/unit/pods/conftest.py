"""A runner that each test changes as it needs."""

import pytest

from falapp_operator.api.falapp import FalAppSpec
from falapp_operator.api.machinetype import MachineTypeSpec
from falapp_operator.api.stores import Files
from falapp_operator.runner.pod import Runner
from tests.unit import samples


@pytest.fixture
def make_runner():
    def make(
        *,
        machine=None,
        app="hello",
        image=samples.IMAGE,
        runtime="runtime:3.11",
        pull_secrets=(),
        code=None,
        config_map=None,
        files=None,
        **spec,
    ):
        return Runner(
            app=app,
            spec=FalAppSpec.model_validate(samples.app_spec(**spec)),
            machine=MachineTypeSpec.model_validate({"cpu": "1", "memory": "1Gi"} | (machine or {})),
            environment_image=image,
            runtime_image=runtime,
            source=f"{app}-source-12345678" if config_map is None else config_map,
            code=code,
            files=Files.model_validate(files or {}),
            image_pull_secrets=tuple(pull_secrets),
        )

    return make
