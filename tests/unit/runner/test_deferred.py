"""fal without gRPC until somebody touches it: in processes of their own, for modules stay."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
IMPORT = """
import sys
sys.path.append("operator")
from falapp_runner import deferred
assert deferred.import_fal()
assert not {name.partition(".")[0] for name in sys.modules} & {*deferred.LATER, "google"}
"""


@pytest.mark.parametrize(
    "code",
    [
        # what the app imports is the real thing
        "import grpc; assert type(grpc).__name__ == 'module'; grpc.RpcError",
        # and fal sees the same
        "import fal.sdk, grpc; assert fal.sdk.grpc.RpcError is grpc.RpcError",
        # classes get their bases, and what fal registered is registered
        "import fal.sdk; from fal.logging import trace; fal.sdk.to_struct({}); import grpc;"
        "assert issubclass(fal.sdk._GRPCMetadata, grpc.AuthMetadataPlugin);"
        "assert isinstance(trace.TraceContextInterceptor(), grpc.UnaryUnaryClientInterceptor)",
        "import fal.sdk, isolate_proto;"
        "urls = isolate_proto.ServiceURLs(playground='p', run='r', queue='q', ws='w', log='l');"
        "assert fal.sdk.from_grpc(urls).run == 'r'",
        # functions are made with isolate's Requirements
        "import fal, __main__; __main__.__file__ = 'app.py';"
        "f = fal.function(requirements=['x'])(lambda: 1);"
        "assert f.options.environment['requirements'] == ['x']",
        "import fal; assert fal.local._AGENT_ENVIRONMENT.create",
        "import fal.toolkit, fal.realtime, fal.wma",
    ],
)
def test_what_is_touched_is_real(code):
    subprocess.run([sys.executable, "-W", "error", "-c", IMPORT + code], cwd=ROOT, check=True)


def test_another_version_of_fal_is_imported_as_usual():
    code = (
        "import sys; sys.path.append('operator'); from falapp_runner import deferred;"
        "deferred.TESTED = '0'; assert not deferred.import_fal();"
        "import fal, fal.sdk, grpc; assert fal.sdk.grpc is grpc"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True)


def test_a_fal_that_does_something_else_is_imported_as_usual():
    code = (
        "import sys; sys.path.append('operator'); from falapp_runner import deferred;"
        "deferred._Result = None; assert not deferred.import_fal();"
        "import fal, fal.sdk, grpc; assert fal.sdk.grpc is grpc"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True)
