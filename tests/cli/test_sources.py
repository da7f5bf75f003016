"""`hero sources`: what is said of each, and what was refused read again after a mapping was mended."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from bot import sources
from bot.commands.sources import replay, told
from bot.config import Settings, load
from bot.config.parts import SourceSettings
from bot.doctor.sources import heard
from bot.refusals import Mistaken
from handlers.forgetting.erase import erase
from handlers.survey_tools import Source
from storage import errands, models, payloads
from storage.database import Store
from tests.conftest import Shop, person
from tests.running import running

pytestmark = pytest.mark.anyio
feedback = models.Feedback.__table__

APP_YAML = """
company: {{name: Northwind Coffee, timezone: Europe/Oslo}}
chats: {{practice: {{}}}}
sources:
  shop: {{kind: mapped, metric: csat, secret: s, keep: 2d, signature: {{scheme: header, header: X-Key}}, fields: {{id: id, score: {score}, comment: why, email: mail}}}}
  qualtrics: {{kind: qualtrics, secret: s}}
teams: {{oak-street: {{channel: practice:oak-street}}}}
routes: [{{name: everyone else, when: {{band: detractor}}, team: oak-street}}]
"""


def settings(folder: Path, score: str) -> Settings:
    path = folder / "mapped.yaml"
    path.write_text(APP_YAML.format(score=score))
    found = load(path, environ={})
    assert found.settings is not None, found.findings
    return found.settings


def stored(store: Store) -> list[tuple[Any, ...]]:
    columns = (feedback.c.external_id, feedback.c.score, feedback.c.comment)
    return [tuple(row) for row in store.read_sync(lambda tx: tx.execute(select(*columns).order_by(feedback.c.id)).all())]


async def test_what_could_not_be_read_is_read_once_the_mapping_is_mended(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        store = here.house.store
        wrong, right = settings(tmp_path, "stars"), settings(tmp_path, "rating")
        sent = [{"id": "1", "rating": 2, "why": "Cold."}, {"id": "2", "rating": 1, "why": ""}]
        await _send(here.house, wrong, sent)
        assert stored(store) == [("1", None, "Cold.")], "a comment alone is taken; a score that is not found leaves nothing"
        assert "1 payload could not be read; mend app.yaml, then: hero sources --replay shop" in told(wrong, store)
        assert "1 still not read\n  1 time: stars is missing, and so is the comment" in replay(wrong, store, "shop", NOW)
        assert replay(right, store, "shop", NOW) == "1 accepted\n1 updated"
        assert stored(store) == [("1", 2.0, "Cold."), ("2", 1.0, "")]
        assert replay(right, store, "shop", NOW) == "2 duplicate"
        assert "could not be read" not in told(right, store)
        assert "not confirmed by any documentation" in told(right, store)


async def test_what_a_sender_we_trust_did_not_write_as_json_is_kept_too(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        right = settings(tmp_path, "rating")
        await _send(here.house, right, [b'{"id": "1", "rating": 1, "why": "He said "no"."}', b'{"id": "2", "why": "\x00\xff'])
        assert "2 payloads could not be read" in told(right, here.house.store)
        assert "2 still not read" in replay(right, here.house.store, "shop", NOW)
        kept = here.house.store.read_sync(payloads.kept, "shop", 0, 10)
        assert "He said" in kept[0].body
        assert stored(here.house.store) == []


async def test_what_was_refused_does_not_replace_what_came_since(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        wrong, right = settings(tmp_path, "stars"), settings(tmp_path, "rating")
        await _send(here.house, wrong, [{"id": "2", "rating": 1}])
        await _send(here.house, right, [{"id": "2", "rating": 2, "why": "Better."}])
        replay(right, here.house.store, "shop", NOW)
        assert stored(here.house.store) == [("2", 2.0, "Better.")]


async def test_what_a_source_left_behind_that_has_another_name_now_is_told_with_what_takes_it_in(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        store, found = here.house.store, settings(tmp_path, "rating")
        assert "no longer set up" not in told(found, store)
        store.write_sync(errands.name, "sm", ["5555555555"], 0.0)
        row = {"source": "shop-survey", "body": "{", "received_at": NOW, "rejected": True, "reason": "not JSON"}
        store.write_sync(payloads.keep, [row, row])
        assert told(found, store).splitlines()[-4:] == [
            "shop-survey  no longer set up; name it again until all of it is taken in",
            "  2 payloads could not be read",
            "sm  no longer set up; name it again until all of it is taken in",
            "  1 response to be fetched",
        ]
        diagnosed = {each.part: each for each in heard(store, found, NOW)}
        assert diagnosed["source sm"].found == "no longer set up, and 1 answer to be fetched"
        assert diagnosed["source shop-survey"].found == "no longer set up, and 2 payloads that could not be read"
        assert diagnosed["source sm"].do == "Name sm in app.yaml again until all of it is taken in: see hero sources."


def keeps(shop: Shop, found: Settings, *bodies: dict[str, Any]) -> None:
    """These came one after the other, were read, and are kept as they came."""
    each = found.sources["shop"]
    loaded = sources.LoadedSource.of("shop", each)
    for body in bodies:
        shop.hears(*loaded.parse(body))
        row = {"source": "shop", "body": json.dumps(body), "received_at": shop.now, "rejected": False, "reason": ""}
        shop.store.write_sync(payloads.keep, [row])
        shop.passes(minutes=2)


@pytest.fixture
def waiting(store: Store, tmp_path: Path) -> Shop:
    """Ana waits for a customer, whose words came minutes after the score. Both deliveries are kept."""
    shop = Shop(store, settings(tmp_path, "rating").company, source="shop")
    keeps(shop, settings(tmp_path, "rating"), {"id": "1", "rating": 2}, {"id": "1", "rating": 2, "why": "Cold."})
    ana = person("ana", chat="practice")
    shop.tap("claim", ana)
    shop.tap("wait", ana, days="14")
    return shop


def test_reading_again_what_is_kept_puts_no_older_version_over_a_newer_one_and_tells_nobody(waiting: Shop, tmp_path: Path) -> None:
    before = (waiting.row(), waiting.acts(), sorted(waiting.keys()))
    waiting.passes(hours=1)
    assert replay(settings(tmp_path, "rating"), waiting.store, "shop", waiting.now) == "2 duplicate"
    assert (waiting.row(), waiting.acts(), sorted(waiting.keys())) == before


def test_what_a_mended_mapping_finds_is_shown_and_told_to_nobody_as_if_the_customer_said_it_now(
    waiting: Shop, tmp_path: Path
) -> None:
    keeps(waiting, settings(tmp_path, "rating"), {"id": "1", "rating": 2, "why": "Cold.", "grade": 1})
    before = (waiting.row().state, waiting.row().quiet_until, waiting.acts(), sorted(waiting.keys()))
    told = replay(settings(tmp_path, "grade"), waiting.store, "shop", waiting.now)
    assert told.startswith("1 duplicate\n1 still not read\n1 updated\n")
    assert waiting.row().score == 1
    assert (waiting.row().state, waiting.row().quiet_until, waiting.acts(), sorted(waiting.keys())) == before


async def test_kept_payloads_are_forgotten_once_their_days_are_over(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        store = here.house.store
        await _send(here.house, settings(tmp_path, "rating"), [{"id": "1", "rating": 2}])
        earlier, later = NOW - timedelta(days=2), NOW + timedelta(days=2)
        assert store.write_sync(payloads.forget, "shop", earlier, earlier) == 0
        assert store.write_sync(payloads.forget, "shop", later, earlier) == 1
        assert replay(settings(tmp_path, "rating"), store, "shop", NOW) == "Nothing of shop is kept."


async def test_an_erased_answer_that_is_delivered_again_is_not_kept_as_it_came(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        store, found = here.house.store, settings(tmp_path, "rating")
        dana, olav = ({"id": name, "rating": 2, "why": "Cold.", "mail": f"{name}@mail.example"} for name in ("dana", "olav"))
        await _send(here.house, found, [dana])
        assert store.write_sync(erase, "dana@mail.example", NOW).payloads == 1
        await _send(here.house, found, [dana, [dana, olav]])
        [kept] = store.read_sync(payloads.kept, "shop", 0, 10)
        assert "olav@mail.example" in kept.body


async def test_what_was_parked_is_fetched_again_once_it_is_asked_for(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        store, found = here.house.store, settings(tmp_path, "rating")
        for name in ("shop", "qualtrics"):
            store.write_sync(errands.name, name, ["R_1"], 0.0)
            errand = store.write_sync(errands.take, [name], 1.0, 2.0)
            assert errand is not None
            store.write_sync(errands.park, errand.id, errand.wanted, 3.0, "not there")
        lines = ("0 responses to be fetched, 1 parked", "parked: R_1, not there")
        do = "to fetch again what is parked, once its reason is mended: hero sources --replay qualtrics"
        assert "\n  ".join((*lines, do)) in told(found, store)
        assert replay(found, store, "shop", NOW) == "1 parked: the running bot fetches it again within a minute"
        assert {(row.source, row.state) for row in store.read_sync(errands.unfinished)} == {
            ("shop", "waiting"),
            ("qualtrics", "parked"),
        }
        assert replay(found, store, "shop", NOW) == "Nothing of shop is kept."


async def test_a_source_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        with pytest.raises(Mistaken, match="There is: shop, qualtrics"):
            replay(settings(tmp_path, "rating"), here.house.store, "fax", NOW)


@pytest.mark.parametrize(
    ("name", "kind", "made_in_chat"), [("ours", "plain", False), ("made", "plain", True), ("nice", "asknicely", True)]
)
async def test_nobody_is_sent_to_app_yaml_where_it_has_nothing_to_mend(
    tmp_path: Path, name: str, kind: str, made_in_chat: bool
) -> None:
    async with running(tmp_path, "{practice: {}}", "practice:oak-street") as here:
        store, found = here.house.store, settings(tmp_path, "rating")
        options = sources.load(kind).Options(unsigned=True)
        company = found.company.model_copy(update={"sources": {name: Source(kind, "" if made_in_chat else "app.yaml:9")}})
        found = found.model_copy(update={"company": company, "sources": {name: SourceSettings(kind=kind, options=options)}})
        store.write_sync(payloads.keep, [{"source": name, "body": "{}", "received_at": NOW, "rejected": True, "reason": "x"}] * 2)
        said = "2 payloads could not be read; nothing in app.yaml mends that, only the sender can. For the reasons: hero sources"
        assert f"{said} --replay {name}" in told(found, store)
        assert "2 still not read\n  2 times: " in replay(found, store, name, NOW)


NOW = datetime.now(UTC)


async def _send(house: Any, with_: Settings, bodies: list[Any]) -> None:
    """Post to a door that reads by these settings, behind which this house stands."""

    from bot.doors import intake

    each = with_.sources["shop"]
    loaded = {"shop": sources.LoadedSource.of("shop", each)}
    app = intake.door(intake.IntakeServices(loaded, house.receive, lambda: NOW, house.named, house.keep))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example") as client:
        for body in bodies:
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            answer = await client.post("/feedback/shop", content=content, headers={"x-key": "s"})
            assert answer.status_code in (200, 202, 400, 422), answer.text
