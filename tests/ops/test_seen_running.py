"""The bot seen from outside: the dashboard and the alerts speak of metrics that exist, and each fault moves one of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from sqlalchemy import Connection

from bot import metrics
from storage import arrangements, people
from tests.conftest import FRIDAY
from tests.running import Running, eventually
from tests.stages import on_slack

ROOT = Path(__file__).parents[2]
DASHBOARD = json.loads((ROOT / "deploy/grafana/action-hero.json").read_text("utf-8"))
RULES = YAML(typ="safe").load((ROOT / "deploy/prometheus/action-hero.rules.yaml").read_text("utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", ())] + [
    rule["expr"] for rule in ALERTS
]
ADDED = {"job", "instance"}
"""The labels that Prometheus adds to every sample."""
OURS = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]


def known() -> dict[str, set[str]]:
    """The name of every sample we export, with its labels."""
    endings = {"counter": ("_total", "_created"), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
    names = {}
    for each in OURS:
        for ending in endings[each._type]:
            names[each._name + ending] = set(each._labelnames) | ({"le"} if ending == "_bucket" else set())
    return {name: labels | ADDED for name, labels in (names | {"up": set()}).items()}


def used(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Each metric of an expression with the labels asked of it."""
    grouped = {label.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for label in group.split(",")}
    for name, _, inside in re.findall(r"\b(action_hero_\w+|up\b)(\{([^}]*)\})?", expression):
        yield name, grouped | set(re.findall(r"(\w+)=", inside))


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_dashboard_and_the_alerts_ask_for_metrics_and_labels_that_exist(expression: str) -> None:
    asked = list(used(expression))
    assert asked, "it asks for none of ours"
    for name, labels in asked:
        assert name in known()
        assert labels <= known()[name]


def test_what_every_replica_reads_from_the_database_is_never_added_up() -> None:
    gauges = {each._name for each in OURS if each._type == "gauge"}
    added = {name for expression in EXPRESSIONS if expression.startswith("sum") for name, _ in used(expression)}
    assert added, "counters are"
    assert added & gauges == set()


def test_every_metric_stands_on_the_dashboard_or_in_an_alert() -> None:
    """But for those that only say the same otherwise."""
    asked = {name for expression in EXPRESSIONS for name, _ in used(expression)}
    shown = {each._name for each in OURS if asked & {each._name, f"{each._name}_total", f"{each._name}_bucket"}}
    assert {each._name for each in OURS} - shown == {"action_hero_last_tick_seconds", "action_hero_recent_bundles"}


def test_every_metric_is_explained_in_the_docs() -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    assert [each._name for each in OURS if f"`{each._name}" not in text] == []


def test_the_docs_name_what_prometheus_finds_of_a_counter_and_of_a_histogram() -> None:
    text = (ROOT / "docs/operations.md").read_text("utf-8")
    ending = {"counter": "_total", "gauge": "", "histogram": "_bucket"}
    assert [each._name for each in OURS if f"`{each._name}{ending[each._type]}`" not in text] == []
    endings = {ending for name in known() for ending in re.findall(r"_(?:total|created|bucket|sum|count)$", name)}
    assert [each for each in endings if f"`{each}`" not in text] == []


def test_each_alert_says_what_it_means_how_urgent_it_is_and_where_to_read_on() -> None:
    anchors = re.findall(r"^### (\w+)$", (ROOT / "docs/operations.md").read_text("utf-8"), re.MULTILINE)
    assert [rule["alert"] for rule in ALERTS] == anchors
    for rule in ALERTS:
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"].endswith(".")
        assert len(rule["annotations"]["description"]) > 40
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in DASHBOARD["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["type"] in {"row", "stat", "timeseries"}
        assert panel["title"]
        assert panel["type"] == "row" or panel["description"].endswith(".")
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not cells & taken, f"{panel['title']} lies over another"
        taken |= cells


def test_nothing_of_ours_is_registered_that_is_not_named_as_ours() -> None:
    names = {metric.name for metric in REGISTRY.collect() if not metric.name.startswith(("python_", "process_", "stamina_"))}
    assert [name for name in names if not name.startswith("action_hero_")] == []


async def read(here: Running) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = await here.client.get("/metrics")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


@pytest.mark.anyio
async def test_42_what_goes_wrong_moves_a_metric(tmp_path: Path, database: str) -> None:
    async with on_slack(tmp_path, FRIDAY, database=database) as stage:
        here, chat = stage.here, ("chat", "slack")
        before = await read(here)

        async def moved(name: str, *labels: tuple[str, str]) -> float:
            key = (name, tuple(sorted(labels)))
            return (await read(here)).get(key, 0.0) - before.get(key, 0.0)

        await here.client.post("/feedback/survey", content=b"{}")
        assert await moved("action_hero_feedback_total", ("source", "survey"), ("answer", "unsigned")) == 1
        await here.hears(id="happy", score=10)
        assert await moved("action_hero_feedback_unrouted_total", ("source", "survey")) == 1
        assert await moved("action_hero_recent_unhappy_unrouted") == 0

        stage.slack.fail_next("chat.postMessage", "500")
        await here.hears(id="r-1", score=2)
        await eventually(lambda: moved("action_hero_doubts_total", chat))
        await eventually(lambda: moved("action_hero_in_doubt_messages"))
        await eventually(stage.channel)

        stage.slack.channel("C1", archived=True)
        await here.hears(id="r-2", score=2)
        await eventually(lambda: moved("action_hero_parked_total", chat))
        assert (await read(here))[("action_hero_waiting_messages", (chat, ("state", "parked")))] == 1
        assert (("action_hero_oldest_waiting_seconds", (chat,)) in await read(here)) is False, "what is parked has stopped waiting"
        stage.slack.channel("C1", archived=False)

        stage.slack.fail_next("chat.postMessage", "429")
        await here.hears(id="r-3", score=2)
        await eventually(lambda: moved("action_hero_throttled_total", chat))


@pytest.mark.anyio
async def test_an_unhappy_answer_of_a_place_that_no_team_is_called_moves_a_metric(tmp_path: Path, database: str) -> None:
    def arranges(tx: Connection) -> None:
        kim = people.ensure(tx, "slack", "main", "U0KIM", "Kim")
        arrangements.add(tx, "route", "the shop", {"team_of": "touchpoint", "when": {"band": ["detractor"]}}, kim.id, FRIDAY)

    async with on_slack(tmp_path, FRIDAY, database=database) as stage:
        here = stage.here
        await here.house.store.write(arranges)
        await here.house.catch_up()
        before = await read(here)
        counted = ("action_hero_feedback_unknown_place_total", (("source", "survey"),))
        for n, (score, place) in enumerate(((2, "Oak Street"), (10, "Oka Street"), (2, None), (2, "Oka Street"))):
            await here.hears(id=f"r-{n}", score=score, touchpoint=place)
        assert (await read(here))[counted] - before.get(counted, 0.0) == 1


@pytest.mark.anyio
async def test_follow_ups_taps_and_spared_edits_are_counted(tmp_path: Path, database: str) -> None:
    async with on_slack(tmp_path, at=FRIDAY, database=database) as stage:
        here = stage.here
        before = await read(here)
        await here.hears(id="r-1", score=2)
        await eventually(stage.channel)
        await stage.press("ana", "I'll reply")

        async def claimed() -> bool:
            return "Claimed" in (await stage.channel())[0]

        async def changed() -> float:  # edits go out at a pace, so what comes quicker waits together
            await stage.press("ana", "No answer")
            return await _collapsed(here, before)

        await eventually(claimed)
        assert await eventually(changed) >= 1
        after = await read(here)
        key = ("action_hero_taps_total", (("answer", "sentence"), ("verb", "claim")))
        assert after[key] - before.get(key, 0) == 1
        assert after[("action_hero_tick_age_seconds", ())] < 120
        assert after[("action_hero_database_up", ())] == 1


async def _collapsed(here: Running, before: dict[Any, float]) -> float:
    key = ("action_hero_edits_collapsed_total", (("chat", "slack"),))
    return (await read(here)).get(key, 0.0) - before.get(key, 0.0)
