"""Real runner processes: what costs a runner its life, what it shows, and functions."""

import json
import time

from tests.unit.runner.conftest import ask


def test_a_runner_whose_gpu_is_lost_drains_and_says_why(run):
    runner = run("takes_its_time.py", grace="2")
    runner.wait_for("Ready")
    assert runner.ask("POST", "/gpu") == (503, {"detail": "GPU error"})
    assert runner.end() == 1
    assert runner.failure["reason"] == "WorkerLost"
    assert "/gpu answered 503" in runner.failure["message"]
    states = [line.split("falapp: ")[-1] for line in runner.output.splitlines()]
    assert states[-2:] == ["Draining", "Stopped"] or "WorkerLost" in states[-2]


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


def test_options_that_make_no_sense_are_told(run, monkeypatch):
    monkeypatch.setenv("FALAPP_MAX_MULTIPLEXING", "0")
    runner = run("takes_its_time.py")
    assert runner.end() == 1
    assert "FALAPP_MAX_MULTIPLEXING" in runner.failure["message"]
