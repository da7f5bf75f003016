"""`hero deliveries`: what a person at the command line learns of what is not shown, and of what nobody was asked about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from bot.commands.deliveries import MOST, give_up, listed, send_again, shown
from bot.refusals import Mistaken
from handlers.arrivals.arrival import Arrival
from handlers.company import Company
from handlers.receive import receive
from storage import messages, sending
from storage.database import Store
from storage.messages import message
from tests.conftest import said

CLOSED = datetime(2026, 11, 21, 11, tzinfo=UTC)
"""A Saturday."""


@pytest.fixture
def kept(store: Store, company: Company) -> Store:
    """One unhappy customer whose card is not shown yet, and two whom no route asked about: a happy one and one without a score."""
    always = company.model_copy(update={"routes": (company.routes[0].model_copy(update={"at_once": True}),)})
    now, silent = datetime.now(UTC), said("r-3", score=None)
    store.write_sync(receive, always, [Arrival("survey", each, now) for each in (said("r-1"), said("r-2", score=9), silent)])
    return store


def parked(store: Store) -> None:
    [attempt], _ = store.write_sync(sending.lease, ["slack"], 4e9, 1.0, 5.0, 10)
    assert store.write_sync(sending.park, attempt, 0.0, "the channel is archived")


def test_what_waits_and_what_no_route_took_is_listed(kept: Store) -> None:
    told = listed(kept, json=False)
    assert "waiting" in told
    assert "card:1" in told
    assert "1 answer of the last 7 days, unhappy or without a score, matched no route: nobody was asked to reply." in told


def test_one_message_is_shown_in_full_and_an_unknown_one_is_a_mistake(kept: Store) -> None:
    assert "slack" in shown(kept, "card:1", json=False)
    with pytest.raises(Mistaken, match="there is no message 'card:9'"):
        shown(kept, "card:9", json=False)


def test_a_parked_message_shows_its_reason_and_is_sent_again_or_given_up(kept: Store) -> None:
    parked(kept)
    assert "the channel is archived" in listed(kept, json=False)
    assert send_again(kept, "card:1").startswith("1 will be sent again")
    parked(kept)
    assert give_up(kept, "card:1", "no use") == "card:1 is dropped: no use"
    assert "Everything is shown" in listed(kept, json=False)


def test_what_waits_for_somebody_who_will_never_come_can_be_given_up_and_nothing_sends_it_after_all(
    kept: Store,
) -> None:
    assert give_up(kept, "card:1", "no use") == "card:1 is dropped: no use"
    assert "Everything is shown" in listed(kept, json=False)
    kept.write_sync(messages.want_again, 1)
    assert kept.write_sync(sending.lease, ["slack"], 4e9, 1.0, 5.0, 10)[0] == []
    with pytest.raises(Mistaken, match="'card:9' neither waits nor is parked"):
        give_up(kept, "card:9", "no use")


def test_what_is_being_sent_cannot_be_given_up_as_it_may_arrive(kept: Store) -> None:
    kept.write_sync(sending.lease, ["slack"], 4e9, 1.0, 5.0, 10)
    with pytest.raises(Mistaken, match="neither waits nor is parked"):
        give_up(kept, "card:1", "no use")


def test_a_change_that_waits_is_told_from_what_nobody_sees_and_giving_it_up_leaves_what_is_shown(kept: Store) -> None:
    [attempt], _ = kept.write_sync(sending.lease, ["slack"], 4e9, 1.0, 5.0, 10)
    assert kept.write_sync(sending.shown, attempt, 1, ("C1", "1.5"), None, 0.0)
    kept.write_sync(messages.want_again, 1)
    [line, *_] = listed(kept, json=False).splitlines()
    assert (line.split()[0], line.endswith("an older version is shown")) == ("edit", True)
    give_up(kept, "card:1", "no use")
    assert "Everything is shown" in listed(kept, json=False)
    kept.write_sync(messages.want_again, 1)
    assert listed(kept, json=False).startswith("edit"), "the next change is shown again"


def test_only_parked_messages_are_sent_again(kept: Store) -> None:
    with pytest.raises(Mistaken, match="is not parked"):
        send_again(kept, "card:1")
    assert send_again(kept, None) == "Nothing is parked that could be sent again."
    parked(kept)
    give_up(kept, "card:1", "no use")
    assert send_again(kept, None) == "Nothing is parked that could be sent again."


def test_all_that_are_parked_are_sent_again_however_many_wait_before_them(kept: Store, company: Company) -> None:
    hears(kept, company, *(f"w-{n}" for n in range(MOST)), at=datetime(2026, 11, 16, 9, tzinfo=UTC))
    hears(kept, company, "last", at=datetime(2026, 11, 16, 9, tzinfo=UTC))
    last = update(message).where(message.c.key == f"card:{MOST + 2}").values(state="parked", reason="the channel is archived")
    assert kept.write_sync(lambda tx: tx.execute(last).rowcount) == 1
    assert "others after these" in listed(kept, json=False)
    assert send_again(kept, None) == "1 will be sent again by the running bot, within 1 min."


def hears(store: Store, company: Company, *ids: str, at: datetime, score: int = 3, history: bool = False) -> None:
    store.write_sync(receive, company, [Arrival("survey", said(id, score), at, history=history) for id in ids])


def test_cards_that_wait_for_an_opening_are_told_with_how_long(store: Store, company: Company) -> None:
    with time_machine.travel(CLOSED, tick=False):
        hears(store, company, "r-1", at=CLOSED)
        assert listed(store, json=False).splitlines() == [
            "oak-street: 1 card waits for the opening, in 2 days",
            "Everything else is shown: nothing is in doubt, nothing is parked.",
        ]
        hears(store, company, "r-2", at=CLOSED)
        assert "oak-street: 2 cards wait for the opening, in 2 days" in listed(store, json=False)
    with time_machine.travel(CLOSED + timedelta(days=2), tick=False):
        told = listed(store, json=False)
    assert "oak-street: 2 cards are due since the opening, 4 h ago: does the bot run?" in told


def test_nobody_is_missed_who_was_only_imported_to_be_remembered(store: Store, company: Company) -> None:
    now, no_routes = datetime.now(UTC), company.model_copy(update={"routes": ()})
    hears(store, no_routes, "h-1", "h-2", at=now, history=True)
    assert listed(store, json=False) == "Everything is shown: nothing waits, nothing is in doubt, nothing is parked."
    hears(store, no_routes, "r-1", at=now)
    assert "1 answer of the last 7 days, unhappy or without a score, matched no route" in listed(store, json=False)
    hears(store, no_routes, "r-1", at=now, score=2, history=True)
    assert "1 answer of the last 7 days" in listed(store, json=False), "it came by itself, whatever a file says of it later"
