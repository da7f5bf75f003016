"""A team that is missing for a while, because ops took it away and put it back, or because a replica began with an older app.yaml."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from handlers import colleagues
from handlers.feedback import Customer, Place
from handlers.forgetting.erase import erase
from handlers.forgetting.forget import forget
from handlers.forgetting.retention import Retention
from handlers.ladder import Phase, Role, Step
from handlers.nudges.bundles import send_bundles
from handlers.nudges.clock_look import look
from handlers.receive import Answer
from handlers.rules import Route, When
from handlers.unshowable import Homeless
from storage import looks, messages, nudges
from storage.followups import follow_up
from tests import log
from tests.conftest import ANA, BEN, FRIDAY, LEA, OSLO, Shop, person, said
from tests.handlers.test_ladder import MONDAY, lines, passes_until, put_on_duty, ticks, told, with_ladder
from tests.overlapping import overlapped

DAY = timedelta(days=1)
DANA = Customer(key="c-1", name="Dana Reyes", email="dana@mail.example", phone="+47 400 00 123")


def ticks_elsewhere(shop: Shop) -> None:
    """As on a replica that knows no team of that name."""
    [team] = shop.company.teams.values()
    older = shop.company.model_copy(update={"teams": {"harbour": team.model_copy(update={"name": "harbour"})}, "routes": ()})
    assert shop.store.write_sync(look, older, shop.now) == 0
    shop.store.write_sync(send_bundles, older, shop.now)


def test_a_replica_that_does_not_know_the_team_leaves_its_customers_to_the_others(shop: Shop) -> None:
    shop.hears(said())
    shop.passes(hours=5)
    ticks_elsewhere(shop)
    before = shop.acts()
    ticks_elsewhere(shop)
    assert shop.acts() == before == ["received"], "an act at each look would fill the log"
    ticks(shop)
    assert shop.acts() == ["received", "became_late"]
    assert shop.card().headline.startswith("Still waiting for us")
    assert len(lines(shop)) == 1
    assert log.replay(shop.store.read_sync(log.life, 1))["next_look_at"] == shop.row().next_look_at


def test_a_card_that_waits_for_the_opening_is_posted_once_its_team_is_known(shop: Shop) -> None:
    shop.now = FRIDAY + timedelta(hours=10)
    shop.hears(said())
    shop.now = MONDAY + timedelta(seconds=1)
    ticks_elsewhere(shop)
    assert shop.keys() == []
    ticks(shop)
    assert shop.keys() == ["card:1"]


def test_a_wait_for_the_customer_ends_with_its_reminder_although_the_team_was_missing_that_day(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.tap("wait", ANA, days="4")
    shop.now = shop.row().quiet_until + timedelta(hours=1)
    ticks_elsewhere(shop)
    assert shop.row().state == "waiting"
    passes_until(shop, shop.now + timedelta(minutes=15))
    assert shop.row().state == "claimed"
    assert told(shop, ANA) == ["It is time to look at this one again."]


def test_a_reminder_is_not_lost_where_the_team_is_missing_when_it_is_due(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop = with_ladder(shop, Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.LEADER))
    shop.hears(said())
    shop.passes(hours=3)
    shop.store.write_sync(look, shop.company, shop.now)
    ticks_elsewhere(shop)
    assert told(shop, LEA) == []
    passes_until(shop, shop.now + timedelta(minutes=15))
    assert len(told(shop, LEA)) == 1


WORSE = "You rang, but it broke again at once. Never again!"


def hears_elsewhere(shop: Shop) -> None:
    """As on a process that does not know the team: the tool sends it once, and this one takes it."""
    [receipt] = without(shop, "oak-street").hears(said(score=0, comment=WORSE))
    assert receipt.answer is Answer.UPDATED
    [receipt] = shop.hears(said(score=0, comment=WORSE))
    assert receipt.answer is Answer.DUPLICATE


def test_what_a_customer_adds_reaches_its_owner_whoever_hears_it(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    before = versions(shop)
    hears_elsewhere(shop)
    assert {key: shown for key, shown in versions(shop).items() if shown > before[key]}.keys() == {"card:1", "private:1:1"}
    ticks(shop)
    assert told(shop, ANA) == ["The customer added to their answer. Have a look?"]
    assert log.replay(shop.store.read_sync(log.life, 1))["version"] == shop.row().version


def test_a_wait_for_the_customer_ends_with_their_answer_whoever_hears_it(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.tap("wait", ANA, days="14")
    hears_elsewhere(shop)
    assert (shop.row().state, shop.row().quiet_until) == ("claimed", None)
    passes_until(shop, shop.now + timedelta(minutes=15))
    assert told(shop, ANA) == ["The customer has answered. Have another look?"]
    assert shop.row().next_look_at > shop.now, "the ladder goes on"
    assert log.replay(shop.store.read_sync(log.life, 1))["next_look_at"] == shop.row().next_look_at


def test_a_customer_who_is_let_down_again_is_open_again_once_somebody_looks_who_knows_the_team(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.closes()
    shop.passes(hours=10)  # the team has gone home
    hears_elsewhere(shop)
    assert shop.row().state == "closed"
    shop.passes(minutes=15)
    ticks_elsewhere(shop)
    assert shop.acts()[-1] == "updated"
    ticks(shop)
    assert (shop.row().state, shop.acts()[-1]) == ("new", "reopen")
    assert shop.row().promised_at == shop.now
    assert log.replay(shop.store.read_sync(log.life, 1))["next_look_at"] == shop.row().next_look_at
    passes_until(shop, MONDAY + timedelta(minutes=15))
    assert told(shop, ANA)[-1].startswith("This customer changed their answer since")


def versions(shop: Shop) -> dict[str, int]:
    """How often each message was wanted."""
    return dict(shop.store.read_sync(lambda tx: tx.execute(select(messages.message.c.key, messages.message.c.wanted)).all()))


def without(shop: Shop, *teams: str) -> Shop:
    """As seen by a process that does not know these teams."""
    known = {name: team for name, team in shop.company.teams.items() if name not in teams}
    return replace(shop, company=shop.company.model_copy(update={"teams": known, "routes": ()}))


def test_a_note_is_posted_by_no_process_that_cannot_tell_what_of_it_to_hide(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    shop.tap("claim", ANA)
    shop.tap("note", ANA, note="Rang Dana Reyes on +47 400 00 123.")
    assert lines(shop)[-1] == "Ana notes: Rang Dana R. on [phone]."
    with pytest.raises(Homeless, match="put the team back, and replay"):
        lines(without(shop, "oak-street"))


def test_a_bundle_is_left_to_the_processes_that_know_all_of_its_teams(shop: Shop) -> None:
    [oak] = shop.company.teams.values()
    harbour = oak.model_copy(update={"name": "harbour", "title": "Harbour"})
    route = Route(name="harbour", when=When(tag=("harbour",)), team="harbour")
    both = shop.company.model_copy(
        update={"teams": {"oak-street": oak, "harbour": harbour}, "routes": (route, *shop.company.routes)}
    )
    shop = replace(shop, company=both)
    put_on_duty(shop, Role.LEADER, LEA)
    shop.store.write_sync(lambda tx: nudges.put_on_duty(tx, "harbour", Role.LEADER, [colleagues.remember(tx, LEA).id]))
    shop.hears(said(), said("r-2", tags=("harbour",)))
    passes_until(shop, FRIDAY + timedelta(hours=6, minutes=30))
    assert len(told(shop, LEA)) == 2
    for missing in (("harbour",), ("oak-street", "harbour")):
        with pytest.raises(Homeless, match="put the team back, and replay"):
            told(without(shop, *missing), LEA)
    once = update(messages.message).where(messages.message.c.kind == "bundle").values(shown=1, wanted=2)
    shop.store.write_sync(lambda tx: tx.execute(once))
    assert len(told(without(shop, "harbour"), LEA)) == 1, "what was shown before goes on without them"
    with pytest.raises(Homeless):
        told(without(shop, "oak-street", "harbour"), LEA)


GONE = "This is no longer shown: its team is not set up here any more."


def all_stand(shop: Shop) -> None:
    """The chats show everything that was wanted."""
    there = {"shown": 1, "wanted": 1, "state": "shown", "remote_channel": "C1", "remote_id": messages.message.c.key}
    shop.store.write_sync(lambda tx: tx.execute(update(messages.message).values(there)))


def test_whoever_is_erased_is_gone_from_every_message_though_their_team_is_gone_too(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop = with_ladder(shop, Step(phase=Phase.UNCLAIMED, after=0.5, role=Role.LEADER))
    shop.hears(said(customer=DANA))
    passes_until(shop, FRIDAY + timedelta(hours=3))
    shop.tap("claim", ANA)
    shop.tap("note", ANA, note="Dana Reyes is a regular.")
    all_stand(shop)
    shop.tap("note", ANA, note="Dana Reyes rang.")
    shop = without(shop, "oak-street")
    gone = shop.store.write_sync(erase, "c-1", shop.now)
    assert {key.partition(":")[0] for key in gone.keys} == {"card", "private", "line", "bundle"}
    assert {shop.card(key).plain for key in shop.keys()[:-1]} == {GONE}
    with pytest.raises(Homeless):
        shop.card(shop.keys()[-1])  # it was never shown, and there is nothing to say in its place


def test_what_is_forgotten_by_age_is_gone_from_the_card_though_its_team_is_gone_too(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.closes()
    all_stand(shop)
    shop = without(shop, "oak-street")
    with pytest.raises(Homeless):
        shop.card()  # a replica with an older app.yaml leaves it to those that know the team
    shop.passes(days=400)
    shop.store.write_sync(forget, Retention(comment=timedelta(days=365)), OSLO, shop.now)
    keys = shop.keys()
    assert keys == ["card:1", "private:1:1", "line:4"]
    assert {shop.card(key).plain for key in keys} == {GONE}


def test_what_is_forgotten_of_an_earlier_case_is_gone_from_whoever_has_a_later_one_of_a_team_that_is_gone(shop: Shop) -> None:
    shop.hears(said(customer=DANA))
    shop.tap("claim", BEN)
    shop.closes(BEN)
    shop.passes(days=360)
    shop.hears(said("r-2", comment="Still the same.", customer=DANA))
    shop.tap("claim", ANA, 2)
    assert "Earlier, " in str(shop.card("private:2:2"))
    all_stand(shop)
    shop = without(shop, "oak-street")
    shop.passes(days=30)
    with pytest.raises(Homeless):
        shop.card("private:2:2")  # the customer still waits, and nothing was forgotten
    while shop.store.write_sync(forget, Retention(comment=timedelta(days=365)), OSLO, shop.now):
        pass
    assert versions(shop)["private:2:2"] == 2
    assert shop.card("private:2:2").plain == GONE
    shop.passes(days=-30)
    with pytest.raises(Homeless):
        shop.card("private:2:2")  # a replica with an older app.yaml leaves it to those that know the team


def test_customers_of_a_team_that_is_gone_hold_up_nobody_elses_reminders(shop: Shop) -> None:
    put_on_duty(shop, Role.LEADER, LEA)
    shop.hears(said())
    gone = update(follow_up).values(team="gone", next_look_at=shop.now)
    shop.store.write_sync(lambda tx: tx.execute(gone))
    shop = with_ladder(shop, Step(phase=Phase.UNCLAIMED, after=1, role=Role.LEADER))
    shop.hears(said("r-2"))
    passes_until(shop, FRIDAY + timedelta(hours=5))
    assert len(told(shop, LEA)) == 1
    assert shop.acts(1) == ["received"]


def test_what_an_earlier_release_dropped_is_looked_at_again(shop: Shop) -> None:
    shop.hears(said("open"), said("waits"), said("closed"))
    for target in (2, 3):
        shop.tap("claim", ANA, target)
    shop.tap("wait", ANA, 2, days="14")
    shop.closes(target=3)
    dropped = update(follow_up).values(next_look_at=None)
    shop.store.write_sync(lambda tx: tx.execute(dropped))
    passes_until(shop, MONDAY + DAY)
    assert shop.acts(1) == ["received"]
    assert shop.store.write_sync(looks.look_again) == 2
    assert shop.store.write_sync(looks.look_again) == 0
    ticks(shop)
    assert shop.acts(1) == ["received", "became_late"]
    assert [shop.row(target).state for target in (1, 2, 3)] == ["new", "waiting", "closed"]
    passes_until(shop, shop.row(2).quiet_until + timedelta(minutes=15))
    assert shop.row(2).state == "claimed"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_one_that_somebody_is_changing_just_then_holds_up_no_start(shop: Shop) -> None:
    shop.hears(said("open"), said("changed"))
    shop.store.write_sync(lambda tx: tx.execute(update(follow_up).values(next_look_at=None)))
    changed = select(follow_up.c.id).where(follow_up.c.id == 2).with_for_update()
    _, number = overlapped(shop.store, lambda tx: tx.execute(changed).all(), lambda: shop.store.write_sync(looks.look_again))
    assert number == 1


def test_only_of_a_case_that_is_open_it_is_said_that_the_customer_still_waits(shop: Shop) -> None:
    shop.hears(said("r-1"), said("r-2"))
    shop.tap("claim", ANA)
    shop.closes()
    shop.company = shop.company.model_copy(update={"teams": {}, "routes": ()})
    gone = "The team “oak-street” is not set up any more, so nothing was changed."
    assert shop.tap("reopen", ANA, 1).text == gone
    assert shop.tap("claim", ANA, 2).text == f"{gone} This customer still waits: please tell whoever set up Action Hero."


def test_whoever_has_a_case_of_a_team_that_moved_to_another_chat_reads_so_and_nobody_else(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    [team] = shop.company.teams.values()
    moved = team.model_copy(update={"channels": (Place.parse("msteams:19:oak@thread.tacv2"),)})
    shop.company = shop.company.model_copy(update={"teams": {team.name: moved}})
    assert shop.tap("close", ANA).text == "Oak Street is in another chat now, so nothing was changed. Please go on there."
    assert shop.tap("close", BEN).text.startswith("This card does not belong to a team here")
    assert shop.tap("close", person("ana", workspace="T-other")).text.startswith("This card does not belong to a team here")
