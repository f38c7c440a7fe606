"""The runner beside plain FastAPI, fal's own server and its peers; no cluster, loopback only.

Every round asks each server in turn for the same, so that a pair has had the same machine. The
ratios are ours by theirs: of requests per second the largest is the best, of all else the least.
"""

import statistics
import sys
import time
from dataclasses import replace
from importlib import metadata

import pytest

from tests.bench import load, servers
from tests.bench.record import Pair, record

ROUNDS = 5
STARTS = 15  # short, and the most at the mercy of what else the machine does
SECONDS = 3


def versions(**more):
    names = ("fal", "fastapi", "uvicorn", "uvloop", "httptools", "pydantic")
    return {
        "python": sys.version.split()[0],
        **{name: metadata.version(name) for name in names},
        "hey": load.HEY.partition("@")[2],
        **more,
    }


def paired(ours, theirs):
    """Ask both in turn, each round; the first second warms up."""
    rates, tails, raw = [], [], []
    for _ in range(ROUNDS):
        mine, other = (load.run(one.url, one.body, seconds=SECONDS) for one in (ours, theirs))
        # ratios of records are the smaller the better: seconds for a request, not their rate
        rates.append(Pair(value=1e6 / mine.rps, baseline=1e6 / other.rps))
        tails.append(Pair(value=mine.p99, baseline=other.p99))
        raw.append({"ours": mine.__dict__, "theirs": other.__dict__})
    return rates, tails, {"rounds": raw, "seconds": SECONDS, "connections": 16}


def keep(capsys, *records):
    with capsys.disabled():
        for one in records:
            print(f"\n{one.name}: {one.value} {one.unit} to {one.baseline}: {one.ratio}", end=" ")
            print("met" if one.met else f"NOT MET, the goal is {one.goal}")
    assert all(len(one.runs) >= ROUNDS for one in records)


@pytest.mark.bench
@pytest.mark.parametrize("way", ["async", "sync"])
@pytest.mark.parametrize(("name", "goal"), [("plain-fastapi", 1.0), ("fal", 0.2)])
def test_requests(way, name, goal, capsys):
    other = servers.PLAIN if name == "plain-fastapi" else servers.FAL
    ours, theirs = (replace(one, path=f"/{way}") for one in (servers.OURS, other))
    with servers.running(ours) as mine, servers.running(theirs) as others:
        for one in (mine, others):
            load.run(one.url, one.body, seconds=1)
        rates, tails, raw = paired(mine, others)
    about = versions()
    area, text = "runner", f"{way}-request-by-{name}"
    kept = [record(area, text, rates, unit="us", goal=goal, versions=about, details=raw)]
    if name == "fal":
        goal = 0.334
        kept.append(record(area, f"{way}-p99-by-fal", tails, unit="ms", goal=goal, versions=about))
    keep(capsys, *kept)


@pytest.mark.bench
@pytest.mark.parametrize("name", servers.VERSIONS)
def test_peers(name, capsys):
    with servers.running(servers.OURS) as mine, servers.running(servers.peer(name)) as others:
        for one in (mine, others):
            load.run(one.url, one.body, seconds=1)
        rates, _, raw = paired(mine, others)
    about = versions(**{name: servers.VERSIONS[name]})
    text = f"request-by-{name}"
    keep(capsys, record("runner", text, rates, unit="us", goal=0.5, versions=about, details=raw))


@pytest.mark.bench
def test_start_and_memory(capsys):
    starts, memory, live = [], [], []
    for _ in range(STARTS):
        with servers.running(servers.OURS) as ours:
            time.sleep(0.3)
            mine = ours.pss
        with servers.running(servers.FAL) as fals:
            time.sleep(0.3)
            memory.append(Pair(value=mine, baseline=fals.pss))
        starts.append(Pair(value=ours.ready_seconds, baseline=fals.ready_seconds))
        live.append(ours.live_seconds)
    about, raw = versions(), {"control server answers after": live}
    keep(
        capsys,
        record("runner", "start", starts, unit="s", goal=0.75, versions=about, details=raw),
        record("runner", "idle-memory", memory, unit="MB", goal=0.85, versions=about),
    )
    with capsys.disabled():
        print(f"\ncontrol server answers after {statistics.median(live):.3f} s")
