"""The documentation: its links lead somewhere, and its commands do what they are there for."""

import re

import pytest

from falapp_runner import state
from falapp_runner.serving import metrics
from tests.contract.conftest import CHART, ROOT

PAGES = [ROOT / "README.md", CHART / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def commands(text: str, name: str) -> list[str]:
    """Return the commands of a program in blocks of code, each on one line."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    lines = "".join(blocks).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.removeprefix("$ ").startswith(name)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files(page):
    lost = [to for to in LINK.findall(page.read_text()) if not (page.parent / to).exists()]
    assert lost == []


def test_helm_is_told_the_namespace_and_keeps_new_defaults():
    found = [line for page in PAGES for line in commands(page.read_text(), "helm ")]
    assert len(found) >= 3
    assert [line for line in found if "--namespace falapp-system" not in line] == []
    assert [line for line in found if " --reuse-values" in line] == []
    upgrades = [line for line in found if line.startswith("helm upgrade falapp ")]
    assert upgrades
    assert [line for line in upgrades if "--reset-then-reuse-values" not in line] == []


def test_the_page_on_monitoring_names_what_runners_count():
    life = state.Life(announce=print)
    # What the app counts itself is there, too, once it has imported prometheus_client.
    told = metrics.Metrics(life).render()
    known = re.findall(r"^# TYPE (falapp_\S+) (\S+)$", told, re.MULTILINE)
    text = (ROOT / "docs/administration.md").read_text()
    for name, kind in known:
        assert re.search(rf"^\|.*`{name}`.* {kind} \|", text, re.MULTILINE), name
    named = set(re.findall(r"`(falapp_(?!operator)\w+)`", text)) - {"falapp_setup_seconds"}
    assert named == {name for name, _ in known} - {"falapp_setup_seconds"}
