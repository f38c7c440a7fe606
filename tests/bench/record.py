"""One measurement, kept as raw figures: a ratio of paired runs on one machine."""

import json
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[2] / "bench" / "results"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One run of ours and one of what it is compared with, one after the other."""

    value: float
    baseline: float


@dataclass(frozen=True, kw_only=True)
class Record:
    """What was measured; ``value`` and ``baseline`` are medians, ``ratio`` that of the pairs."""

    area: str
    name: str
    value: float
    unit: str
    baseline: float
    ratio: float
    goal: float
    """The largest ratio that is good enough."""
    met: bool
    runs: Sequence[Pair]
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    when: str
    details: Mapping[str, Any]
    """What else the runs told, as it was read."""


def record(
    area: str,
    name: str,
    runs: Sequence[Pair],
    *,
    unit: str,
    goal: float,
    versions: Mapping[str, str],
    details: Mapping[str, Any] | None = None,
) -> Record:
    """Keep the runs in bench/results/<area>-<name>.json, and return the record."""
    ratio = statistics.median(run.value / run.baseline for run in runs)
    kept = Record(
        area=area,
        name=name,
        value=round(statistics.median(run.value for run in runs), 3),
        unit=unit,
        baseline=round(statistics.median(run.baseline for run in runs), 3),
        ratio=round(ratio, 3),
        goal=goal,
        met=ratio <= goal,
        runs=runs,
        machine=machine(),
        versions=versions,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        details=details or {},
    )
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{area}-{name}.json"
    path.write_text(json.dumps(asdict(kept), indent=1) + "\n")
    return kept


def machine() -> dict[str, str]:
    """Return what kind of machine this is; nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cores": str(os.cpu_count()),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "load": f"{os.getloadavg()[0]:.1f}",
    }
