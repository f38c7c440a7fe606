"""Real runner processes: what costs a runner its life, what it shows, and functions."""

import concurrent.futures
import json
import time

import pytest

from tests.unit.runner.conftest import ask, free_port


def test_a_runner_whose_gpu_is_lost_drains_and_says_why(run):
    runner = run("takes_its_time.py", grace="2")
    runner.wait_for("Ready")
    assert runner.ask("POST", "/gpu") == (503, {"detail": "GPU error"})
    assert runner.end() == 1
    assert runner.failure["reason"] == "WorkerLost"
    assert "/gpu answered 503" in runner.failure["message"]
    states = [line.split("falapp: ")[-1] for line in runner.output.splitlines()]
    assert states[-2:] == ["Draining", "Stopped"] or "WorkerLost" in states[-2]


def test_what_is_in_flight_and_queued_is_answered_before_the_end(run, monkeypatch):
    monkeypatch.setenv("FALAPP_MAX_MULTIPLEXING", "2")
    runner = run("takes_its_time.py", grace="10")
    runner.wait_for("Ready")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        body = {"seconds": 0.6}
        asked = [pool.submit(runner.ask, "POST", "/sync", body) for _ in range(8)]
        runner.wait_for("Busy")
        runner.terminate()
        assert [one.result() for one in asked] == [(200, {"slept": 0.6})] * 8
    assert runner.end() == 0


def test_more_threads_than_the_pool_has_by_default(run, monkeypatch):
    monkeypatch.setenv("FALAPP_MAX_MULTIPLEXING", "60")
    runner = run("takes_its_time.py")
    runner.wait_for("Ready")
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(60) as pool:
        asked = [pool.submit(runner.ask, "POST", "/sync", {"seconds": 2}) for _ in range(60)]
        assert {one.result()[0] for one in asked} == {200}
    assert time.monotonic() - began < 3.9


def test_the_gate_shows_metrics(run):
    runner = run("takes_its_time.py")
    runner.wait_for("Ready")
    runner.ask("POST", "/check")
    status, text = ask(runner.control_port, "GET", "/metrics")
    assert status == 200
    assert 'falapp_state{state="Ready"} 1' in text
    assert 'falapp_requests_total{endpoint="/check",status="200"} 1' in text
    assert "falapp_setup_seconds 0" in text


def test_logs_are_json_with_the_request(run, monkeypatch):
    monkeypatch.setenv("FALAPP_NAME", "slow")
    monkeypatch.setenv("FALAPP_REVISION", "7")
    runner = run("takes_its_time.py")
    runner.wait_for("Ready")
    runner.ask("POST", "/logs")
    said = json.loads(runner.errors.splitlines()[-1])
    assert said.pop("request_id")
    assert said.pop("time")
    assert said == {
        "level": "WARNING",
        "logger": "app",
        "app": "slow",
        "revision": "7",
        "message": "a warning",
    }


def test_a_span_for_each_request_if_the_variables_ask(run, monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    runner = run("takes_its_time.py")
    runner.wait_for("Ready")
    runner.ask("POST", "/check")
    deadline = time.monotonic() + 10
    while '"POST /check"' not in runner.output:
        assert time.monotonic() < deadline, runner.output + runner.errors
        time.sleep(0.02)
    assert '"http.response.status_code": 200' in runner.output


def test_a_missing_exporter_is_named(run, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    runner = run("takes_its_time.py")
    runner.wait_for("Ready")
    assert "add the package opentelemetry-exporter-otlp-proto-grpc" in runner.errors


def test_a_served_function(run):
    runner = run("serves_function.py::greet")
    runner.wait_for("Ready")
    assert runner.ask("POST", "/", {"name": "Bo"}) == (200, {"greeting": "Hello, Bo"})
    runner.terminate()
    assert runner.end() == 0


def test_a_function_that_opens_a_port_itself(run, monkeypatch):
    port = free_port()
    monkeypatch.setenv("PORT", str(port))
    runner = run("opens_a_port.py::serves", app_port=port, grace="5")
    runner.wait_for("Ready")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        slow = pool.submit(runner.ask, "GET", "/1.5")
        time.sleep(0.3)
        runner.terminate()
        assert slow.result() == (200, "mine")
    assert runner.end() == 0


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("returns", "returned instead of serving"),
        ("elsewhere", "the port to which requests come"),
        ("nowhere", "give fal.function serve=True"),
    ],
)
def test_functions_that_serve_nothing(run, monkeypatch, name, says):
    port = free_port()
    monkeypatch.setenv("PORT", str(port))
    runner = run(f"opens_a_port.py::{name}", app_port=port)
    assert runner.end() == 1
    assert says in runner.failure["message"]


def test_options_that_make_no_sense_are_told(run, monkeypatch):
    monkeypatch.setenv("FALAPP_MAX_MULTIPLEXING", "0")
    runner = run("takes_its_time.py")
    assert runner.end() == 1
    assert "FALAPP_MAX_MULTIPLEXING" in runner.failure["message"]
