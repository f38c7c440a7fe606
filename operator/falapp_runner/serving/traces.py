"""OpenTelemetry: a span for each request, if the usual variables ask for it.

The runtime carries OpenTelemetry's SDK because fal needs it, and the environment's own wins as
always; what sends spans to a collector is a package that the environment has to have.
"""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any

from falapp_runner.serving import context, exchange
from falapp_runner.serving.options import Options

ASKS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def start(options: Options, environ: Mapping[str, str] = os.environ) -> "Traces | None":
    """Return what makes spans, or None if nobody wants any; imports nothing in that case."""
    wanted = environ.get("OTEL_TRACES_EXPORTER", "")
    if not wanted and any(environ.get(name) for name in ASKS):
        wanted = "otlp"
    if wanted in ("", "none") or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    exporter = _exporter(wanted, environ)
    if exporter is None:
        return None
    resource: Any = importlib.import_module("opentelemetry.sdk.resources").Resource.create(
        {"service.version": options.revision}
        if environ.get("OTEL_SERVICE_NAME")
        else {"service.name": options.app, "service.version": options.revision}
    )
    sdk: Any = importlib.import_module("opentelemetry.sdk.trace")
    export: Any = importlib.import_module("opentelemetry.sdk.trace.export")
    provider = sdk.TracerProvider(resource=resource)
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    return Traces(provider)


def _exporter(wanted: str, environ: Mapping[str, str]) -> Any:
    if wanted == "otlp":
        protocol = next((environ[name] for name in PROTOCOLS if environ.get(name)), "grpc")
        wanted = "otlp_proto_grpc" if protocol == "grpc" else "otlp_proto_http"
    found = metadata.entry_points(group="opentelemetry_traces_exporter", name=wanted)
    for entry in found:
        return entry.load()()
    package = f"opentelemetry-exporter-{wanted.replace('_', '-')}"
    print(
        f"falapp: OTEL_TRACES_EXPORTER: nothing here exports to {wanted}; add the package "
        f"{package} to the requirements",
        file=sys.stderr,
    )
    return None


class Traces:
    """Makes spans."""

    def __init__(self, provider: Any) -> None:
        self._tracer = provider.get_tracer("falapp")
        propagation = "opentelemetry.trace.propagation.tracecontext"
        self._propagator = importlib.import_module(propagation).TraceContextTextMapPropagator()
        self._server = importlib.import_module("opentelemetry.trace").SpanKind.SERVER

    @contextlib.contextmanager
    def span(self, one: exchange.Exchange) -> Iterator[None]:
        """Note one request, as the child of its caller's span if it names one."""
        scope = one.scope
        carrier = context.decoded(scope["headers"])
        attributes = {
            "http.request.method": scope["method"],
            "http.route": one.path.label,
            "url.path": scope["path"],
            "fal.request_id": carrier.get("x-fal-request-id", ""),
        }
        with self._tracer.start_as_current_span(
            f"{scope['method']} {one.path.label}",
            context=self._propagator.extract(carrier),
            kind=self._server,
            attributes=attributes,
        ) as span:
            try:
                yield
            finally:
                span.set_attribute("http.response.status_code", one.reason or one.status)
