"""No statement of the hot paths scans a whole table that grows, by the query plans of each database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection
from sqlmodel import SQLModel
from starlette.applications import Starlette

from bot.pages import health
from handlers.arranged.applied import follow_channels, follow_hours
from handlers.arrivals.replay import KeptPayload, keep_entries
from handlers.colleagues import meet
from handlers.company import Company
from handlers.digests.digest import send_digests
from handlers.feedback import Customer, FieldError, Place
from storage import (
    delivery_log,
    digests,
    errands,
    feedback,
    figures,
    followups,
    looks,
    material,
    nudges,
    payloads,
    personal,
    readings,
    sending,
)
from storage.database import Store
from tests.conftest import ANA, BEN, ON_SQLITE, Shop, person, said
from tests.handlers.test_away import leaves, types
from tests.handlers.test_ladder import Role, passes_until, put_on_duty
from tests.statements import Asked, statements

SMALL = {
    index.name
    for table in SQLModel.metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}
"""Partial indexes over the few rows that wait or were parked: scanning one of these does not scan the table."""
GROWING = ("feedback", "customer", "follow_up", "act", "message", "nudge", "bundle")


def scans(shop: Shop, asked: list[Asked], *also: str) -> set[str]:
    """Returns the statements that scan a whole table of those that grow, or of these. INSERTs are left out: their plans show other
    tables for foreign keys only."""
    on = shop.store.url.get_backend_name()
    of_each_kind = {said.kind: said for said in asked if said.statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))}

    def whole(tx: Connection, said: Asked) -> set[str]:
        plan = tx.exec_driver_sql(f"{_EXPLAIN[on]} {said.statement}", said.parameters).all()
        return {f"{table} is read whole: {said.statement}" for table in _scanned[on](list(plan)) if table in (*GROWING, *also)}

    return set().union(*(shop.store.write_sync(whole, said) for said in of_each_kind.values()))


_EXPLAIN = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (FORMAT JSON)"}


def _by_sqlite(plan: list[Any]) -> set[str]:
    steps = [step[3].split() for step in plan]
    return {step[1] for step in steps if step[0] == "SCAN" and not SMALL & set(step)}


def _by_postgresql(plan: list[Any]) -> set[str]:
    def steps(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield one
        for below in one.get("Plans", ()):
            yield from steps(below)

    return {step["Relation Name"] for step in steps(plan[0][0][0]["Plan"]) if step["Node Type"] == "Seq Scan"}


_scanned: dict[str, Callable[[list[Any]], set[str]]] = {"sqlite": _by_sqlite, "postgresql": _by_postgresql}


@pytest.fixture
def shop(database: str, company: Company) -> Iterator[Shop]:
    """SQLite's plans do not depend on the data. PostgreSQL's do: with sequential scans discouraged, it scans a table only where
    no index would do."""
    avoid = "?options=-cenable_seqscan%3Doff%20-cplan_cache_mode%3Dforce_custom_plan" if database.startswith("postgresql") else ""
    with closing(Store(database + avoid)) as store:
        yield Shop(store, company)


@pytest.mark.anyio
async def test_nothing_that_is_measured_or_told_to_ops_reads_a_whole_table(shop: Shop) -> None:
    shop.hears(said("r-1"), said("r-2", score=9))
    shop.tap("claim", ANA)
    shop.tap("snooze", ANA, until="1h")
    app = Starlette(routes=health.routes(shop.store, lambda: shop.now, {"survey"}, {"slack"}, lambda: shop.company.teams))
    with statements() as asked:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example") as client:
            told = (await client.get("/metrics")).text
        for count in (feedback.unrouted, followups.waiting):
            shop.store.read_sync(count, shop.now)
        shop.store.read_sync(feedback.unrouted, shop.now, ("detractor", "unscored"))
        shop.store.read_sync(feedback.taken_by_others, shop.now, ("detractor", "unscored"), ("the shop",), 1000)
        shop.store.read_sync(delivery_log.parked_by_reason, "ops")
        shop.store.read_sync(delivery_log.held_up, timedelta(hours=1))
        shop.store.read_sync(delivery_log.not_shown_yet, "ops")
        shop.store.read_sync(feedback.first_since, "survey", shop.now - timedelta(days=1))
        shop.store.read_sync(feedback.heard_since, "survey", shop.now - timedelta(days=1))
        shop.store.read_sync(feedback.reached_no_team, shop.now, shop.now)
        shop.store.read_sync(material.said_more, shop.now - timedelta(days=7), shop.now)
        shop.store.read_sync(figures.told_again, "oak-street", shop.now - timedelta(days=7), shop.now)
        shop.store.read_sync(followups.held)
        shop.store.read_sync(looks.whose_are_due, ["oak-street"], shop.now)
        shop.store.read_sync(figures.unscored, ["oak-street"])
        shop.store.read_sync(figures.unconfirmed, ["oak-street"])
    assert 'action_hero_follow_ups{state="claimed",team="oak-street"} 1.0' in told
    assert 'action_hero_last_feedback_seconds{source="survey"}' in told
    assert len(asked) > 8
    assert scans(shop, asked) == set()


def test_what_still_waits_for_somebody_is_found_among_the_few_that_wait(shop: Shop) -> None:
    shop.hears(said("r-1"))
    shop.tap("claim", ANA)
    shop.tap("snooze", ANA, until="shift")
    with statements() as asked:
        [waits] = shop.store.read_sync(nudges.due_later, [1, 2], shop.now)
    assert waits.step.startswith("asked-")
    assert scans(shop, asked) == set()


def test_what_was_written_late_is_looked_for_along_the_log(shop: Shop) -> None:
    shop.hears(said("r-1"))
    shop.tap("claim", ANA)
    shop.closes(ANA)
    shop.tap("note", ANA, note="They rang again.")
    with statements() as asked:
        assert len(shop.store.read_sync(personal.next_acts, 0, shop.now + timedelta(days=1), shop.now, 200)) == 5
    assert scans(shop, asked) == set()


def test_what_happened_before_with_a_customer_is_found_along_their_answers(shop: Shop) -> None:
    dana = Customer(key="c-1", name="Dana")
    shop.hears(said("r-1", customer=dana), said("r-2", customer=dana))
    shop.tap("claim", ANA, 2)
    with statements() as asked:
        assert "Earlier, " in str(shop.card("private:2:1").context)
        assert shop.store.read_sync(personal.told_beside, [1]) == ["private:2:1"]
        assert not shop.store.read_sync(personal.tells_what_is_forgotten, 2)
    assert scans(shop, asked) == set()


def test_a_customer_who_is_let_down_again_is_found_without_reading_a_whole_table(shop: Shop) -> None:
    shop.hears(said("r-1"))
    shop.tap("claim", ANA)
    shop.closes(ANA)
    shop.passes(hours=1)
    with statements() as asked:
        shop.hears(said("r-1", comment="And again."))
        shop.card()
    assert shop.row().state == "new"
    assert scans(shop, asked) == set()


@pytest.mark.anyio
async def test_only_a_source_that_may_send_is_measured_and_only_by_what_it_sent_itself(shop: Shop) -> None:
    for source, id in (("import", "r-1"), ("gone", "r-1"), ("tp", f"{feedback.TEST}1"), ("survey", "r-1")):
        shop.source = source
        shop.hears(said(id))
    app = Starlette(routes=health.routes(shop.store, lambda: shop.now, {"survey", "tp", "never"}, {"slack"}, tuple))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example") as client:
        told = (await client.get("/metrics")).text
    [(name, value)] = [line.split() for line in told.splitlines() if line.startswith("action_hero_last_feedback_seconds")]
    assert (name, float(value)) == ('action_hero_last_feedback_seconds{source="survey"}', shop.now.timestamp())


@pytest.mark.anyio
async def test_how_far_a_tool_was_read_is_measured_whichever_process_read_it_and_a_night_without_answers_is_no_silence(
    shop: Shop,
) -> None:
    for name in ("hub", "new", "gone"):
        shop.store.write_sync(readings.begin, name, name, "x", 0.0)
    shop.store.write_sync(readings.begin, "survey:again", "survey", "x", 0.0)
    for key in ("hub", "gone", "survey:again"):
        shop.store.write_sync(readings.move, key, 0, {"read_s": 1000.0, "failures": 9, "reason": "the token was refused"})
    shop.store.write_sync(errands.name, "survey", ["1", "2", "3", "4"], 0.0)
    for put_off in (
        lambda tx, errand: errands.park(tx, errand.id, errand.wanted, 5.0, "not there"),
        lambda tx, errand: errands.refused(tx, "survey", errand.id, 900.0, "the token was refused"),
    ):
        errand = shop.store.write_sync(errands.take, ["survey"], 1.0, 2.0)
        assert errand is not None
        shop.store.write_sync(put_off, errand)
    app = Starlette(routes=health.routes(shop.store, lambda: shop.now, {"hub", "new", "survey"}, {"slack"}, tuple))
    started = time.time()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example") as client:
        told = (await client.get("/metrics")).text
    said_of = dict(line.split() for line in told.splitlines() if line.startswith("action_hero_collected_seconds{"))
    assert said_of.pop('action_hero_collected_seconds{source="hub"}') == "1000.0"
    assert float(said_of.pop('action_hero_collected_seconds{source="new"}')) == pytest.approx(started, abs=5)
    assert said_of == {}, "of what only names answers, and of what is gone, nobody waits to hear"
    for state in ("waiting", "parked"):
        assert f'action_hero_unfetched_answers{{source="survey",state="{state}"}} 1.0' in told


def test_a_test_by_ops_does_not_change_when_a_source_was_last_heard_of(shop: Shop) -> None:
    shop.hears(said("r-1"))
    heard = shop.now
    shop.passes(days=8)
    shop.hears(said(f"{feedback.TEST}1"), said(f"{feedback.TEST}2"))
    assert shop.store.read_sync(feedback.last_by_source) == {"survey": heard}


def test_when_each_source_was_last_heard_of_and_what_none_took_is_told_by_source(shop: Shop) -> None:
    assert shop.store.read_sync(feedback.last_by_source) == {}
    for source in ("web", "app", "till"):
        shop.source = source
        shop.passes(hours=1)
        shop.hears(said("r-1"), said("r-2", score=10))
    assert shop.store.read_sync(feedback.last_by_source) == {
        name: shop.now - timedelta(hours=ago) for name, ago in (("web", 2), ("app", 1), ("till", 0))
    }
    assert shop.store.read_sync(feedback.unrouted, shop.now - timedelta(hours=1)) == 2


def test_nothing_the_clock_or_a_person_does_reads_a_whole_table(shop: Shop) -> None:
    with statements() as asked:
        _live(shop)
    assert len({said.kind for said in asked}) > 40
    assert scans(shop, asked, "person") == set()


def test_whether_two_are_one_person_is_asked_of_nobody_else(shop: Shop) -> None:
    lea, there = person("lea"), person("29:lea", chat="msteams")
    teams = {
        name: team.model_copy(update={"channels": (*team.channels, Place.parse("msteams:19:oak@thread.tacv2"))})
        for name, team in shop.company.teams.items()
    }
    shop.company = shop.company.model_copy(update={"teams": teams})
    for who in (lea, there):
        shop.store.write_sync(meet, who, "lea@oak.example", "Europe/Oslo", shop.now)
    put_on_duty(shop, Role.LEADER, lea)
    shop.hears(said("r-1"), said("r-2", comment="Lea was rude."))
    shop.tap("claim", ANA)
    with statements() as tapped:
        assert "a moment faster" in shop.tap("claim", BEN).text
        shop.passes(minutes=1)
        assert "Ana took this" in shop.tap("claim", BEN).text
        assert "It is yours" in shop.tap("claim", there).text
        assert "in your other chat" in shop.tap("claim", lea).text
        shop.tap("help", there)
    types(shop, "away until 2026-12-18", there)  # a word that is typed now and then may look for its writer by e-mail
    with statements() as asked:
        passes_until(shop, shop.now + timedelta(days=4))
        shop.store.write_sync(send_digests, shop.company, shop.now)
    assert shop.store.read_sync(digests.sent, "leader", ["2026-W47"]) != []
    weekly = "WHERE person.rhythm"  # a leader's post counts those who want no reminders
    assert {one for one in scans(shop, [*tapped, *asked], "person") if weekly not in one} == set()


def test_a_leaders_claim_reads_only_the_last_posts_of_their_own_teams_leaders(shop: Shop) -> None:
    lea = person("lea")
    shop.store.write_sync(meet, lea, "lea@northwind.example", "Europe/Oslo", shop.now)
    put_on_duty(shop, Role.LEADER, lea)
    shop.hears(said("r-1"))
    shop.passes(days=3)
    shop.store.write_sync(send_digests, shop.company, shop.now)
    [post] = shop.store.read_sync(digests.sent, "leader", ["2026-W47"])
    old = {name: getattr(post, name) for name in ("kind", "state", "due_at", "made_at", "snapshot")}
    for about, period in ((post.about, "2026-W30"), ("999", "2026-W47")):
        shop.store.write_sync(digests.begin, **old, about=about, period=period)
    with statements() as asked:
        assert "It is yours" in shop.tap("claim", lea).text
    looked = [each for each in asked if "FROM digest" in each.statement]
    assert len(looked) == 1
    read = shop.store.read_sync(lambda tx: tx.exec_driver_sql(looked[0].statement, looked[0].parameters).all())
    assert len(read) == 1
    assert scans(shop, asked, "digest") == set()


def test_a_look_for_posts_that_finds_none_reads_no_whole_table(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, person("lea"))
    shop.hears(said("r-1"))
    shop.tap("claim", ANA)
    shop.closes(ANA)
    for days in (3, 4):  # the post of the first week goes out; the second has nothing to show
        shop.passes(days=days)
        shop.store.write_sync(send_digests, shop.company, shop.now)
    shop.passes(hours=6)
    with statements() as asked:
        shop.store.write_sync(send_digests, shop.company, shop.now)
    assert any("EXISTS" in said.statement for said in asked)
    assert scans(shop, asked) == set()


def test_where_the_cards_of_a_list_stand_is_found_by_their_follow_ups(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}") for n in range(3)))
    for target in (1, 2, 3):
        shop.tap("claim", ANA, target)
    with statements() as asked:
        types(shop, "mine")
    assert len([each for each in asked if each.statement.startswith("SELECT message")]) == 1
    assert scans(shop, asked) == set()


def test_whether_an_entry_is_kept_already_is_looked_for_among_those_of_its_tool(shop: Shop) -> None:
    entries = [KeptPayload("survey", f'{{"id": {n}}}', shop.now, FieldError("score", "is missing")) for n in range(150)]
    with statements() as asked:
        assert len(shop.store.write_sync(keep_entries, entries)) == 150
        assert shop.store.write_sync(keep_entries, entries) == []
        shop.store.write_sync(payloads.forget, "survey", shop.now, shop.now)
    assert len([each for each in asked if each.statement.startswith("SELECT payload")]) == 4
    assert scans(shop, asked, "payload") == set()


def test_what_follows_a_team_that_was_arranged_anew_reads_no_whole_table(shop: Shop) -> None:
    shop.hears(said("r-1"))
    shop.tap("note", ANA, note="She likes tea.")
    [team] = shop.company.teams.values()
    moved = shop.company.model_copy(update={"teams": {team.name: team.model_copy(update={"channels": (Place.parse("slack:C2"),)})}})
    shop.passes(hours=8)
    shop.hears(said("r-2"))
    with statements() as asked:
        shop.store.write_sync(follow_channels, moved)
        shop.store.write_sync(follow_hours, moved, shop.now)
    assert any("C2" in str(said) for said in asked)
    assert scans(shop, asked) == set()


@ON_SQLITE
@pytest.mark.parametrize("asks", [figures.answered_again, figures.answered_next])
def test_those_who_answered_again_are_found_by_customer_and_not_by_all_that_the_team_ever_heard(shop: Shop, asks: Any) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-1")))
    shop.tap("claim", ANA)
    shop.closes(ANA)
    shop.passes(days=7)
    shop.hears(said("r-2", score=9, customer=Customer(key="c-1")))
    with statements() as asked:
        since = shop.now - timedelta(days=1)
        assert shop.store.read_sync(asks, "oak-street", since, shop.now + timedelta(days=1)) == {1: "promoter"}
    [closed_before] = [said.statement for said in asked if "follow_up" in said.statement]
    plan = shop.store.read_sync(lambda tx: tx.exec_driver_sql(f"{_EXPLAIN['sqlite']} {closed_before}").all())
    found_by = {step[3].split()[4] for step in plan if " feedback " in step[3] or " earlier " in step[3]}
    assert found_by == {"ix_feedback_customer"}


def _live(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, person("lea"))
    for n in range(3):
        shop.hears(said(f"r-{n}"))
    shop.hears(said("r-1", comment="And now it is broken."))
    shop.tap("claim", ANA)
    shop.tap("claim", BEN)
    shop.tap("help", ANA)
    shop.tap("note", BEN, note="They are at the till.")
    shop.tap("hand_over", ANA, to=BEN, words="Ring them.")
    shop.tap("hand_over", BEN, to=ANA)
    shop.card("private:1:2")
    shop.tap("contacted", ANA)
    shop.tap("claim", BEN, 2)
    types(shop, "mine")
    leaves(shop, BEN)
    passes_until(shop, shop.now + timedelta(days=5))
    shop.closes(ANA)
    for n in range(2):
        shop.hears(said(f"again-{n}", score=9, customer=Customer(key="c-1")))
    for attempt in shop.store.write_sync(sending.lease, ["slack"], 2e9, 1.0, 60.0, 10)[0]:
        shop.store.write_sync(sending.shown, attempt, 1, ("C1", f"{attempt.id}.1"), "edits", 0.0)
    shop.store.read_sync(delivery_log.depth)
