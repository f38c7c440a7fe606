"""A load generator on loopback: hey (github.com/rakyll/hey), pinned, from the Go module proxy."""

import csv
import io
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

HEY = "github.com/rakyll/hey@v0.1.5"
PLACE = Path.home() / ".cache" / "falapp" / "bench"


@dataclass(frozen=True)
class Load:
    """What came of one run."""

    rps: float
    p99: float
    """Milliseconds."""
    answers: int


def install() -> Path:
    """Return the program, compiled once a machine."""
    program = PLACE / "bin" / "hey"
    if not program.exists():
        environ = {**os.environ, "GOBIN": str(program.parent)}
        subprocess.run(["go", "install", HEY], env=environ, check=True, timeout=300)
    return program


def run(url: str, body: str, *, seconds: int, connections: int = 16) -> Load:
    """Ask for so long; an answer that is not 200 is an error."""
    post = ["-m", "POST", "-T", "application/json", "-d", body]
    command = [install(), "-z", f"{seconds}s", "-c", str(connections), "-o", "csv", *post, url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    wrong = {row["status-code"] for row in rows} - {"200"}
    assert rows, done.stderr
    assert not wrong, f"{url} answered {wrong}"
    times = sorted(float(row["response-time"]) for row in rows)
    last = max(float(row["offset"]) + float(row["response-time"]) for row in rows)
    return Load(len(rows) / last, times[int(len(times) * 0.99)] * 1000, len(rows))
