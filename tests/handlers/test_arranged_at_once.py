"""Two of ops arrange something at the same moment: the second decides about what the first left, or reads that it was changed."""

from __future__ import annotations

from collections.abc import Mapping

from handlers.actions import act
from handlers.cards import Card, Reply
from handlers.situation import Tap
from tests.conftest import BEN, LEA
from tests.handlers import test_sources_in_chat
from tests.handlers.test_arrangements import KIM, Desk, desk
from tests.overlapping import overlapped

__all__ = ["desk"]

sources_desk = test_sources_in_chat.desk
Pressed = tuple[str, str, Mapping[str, str] | None]
"""A verb, its target, and what was filled in."""
WHOLE = {"team": "oak-street", "moment": "rescue"}


def both(desk: Desk, first: Pressed, second: Pressed) -> tuple[Reply, Reply]:
    """Kim's tap and Lea's, who is ops, too."""
    company = desk.shop.company.model_copy(update={"ops": (KIM.place.address, LEA.place.address)})
    kims, leas = (Tap(verb, target, who, desk.shop.now, filled) for who, (verb, target, filled) in ((KIM, first), (LEA, second)))
    store = desk.shop.store
    replies = overlapped(store, lambda tx: act(tx, company, kims), lambda: store.write_sync(act, company, leas))
    desk._catch_up()
    return replies


def routes(desk: Desk) -> list[str]:
    return [route.name for route in desk.shop.company.routes]


def target(card: Card, verb: str, item: str = "") -> str:
    """What such a button of the first item that begins so is about."""
    items = (each for each in card.items if each.headline.startswith(item))
    buttons = (button for each in items for button in (*each.buttons, *each.menu))
    return str(next(button.target for button in buttons if button.verb == verb))


def add(desk: Desk, *names: str) -> None:
    for name in names:
        desk.does("route_add", "route:new", name=name, band="any", **WHOLE)


def test_of_two_new_secrets_at_once_nobody_is_told_one_that_is_not_good(sources_desk: test_sources_in_chat.Desk) -> None:
    desk = sources_desk
    desk.connects()
    company, tap = desk.settings.company, Tap("source_secret", target(desk.lists(), "source_secret"), KIM, desk.shop.now)
    store = desk.shop.store
    won, lost = overlapped(store, lambda tx: act(tx, company, tap), lambda: store.write_sync(act, company, tap))
    assert desk.secrets()[0] in won.text
    assert lost.text == "Somebody changed this source since, so nothing was changed. Type “sources” for a fresh list."


def test_a_route_moved_up_while_another_is_added_leaves_the_new_one_first(desk: Desk) -> None:
    add(desk, "one", "two")
    both(desk, ("route_add", "route:new", {"name": "three", **WHOLE}), ("route_up", target(desk.routes(), "route_up", "one"), None))
    assert routes(desk) == ["three", "one", "two", "everyone"]


def test_of_two_who_change_a_route_at_once_the_second_overwrites_nothing_unseen(desk: Desk) -> None:
    add(desk, "one")
    edit = ("route_edit", target(desk.routes(), "route_edit", "one"))
    kims, leas = both(desk, (*edit, {"tag": "kim", **WHOLE}), (*edit, {"tag": "lea", **WHOLE}))
    assert kims.cards
    assert leas.text == "Somebody changed the routes since, so nothing was changed. Type “routes” for a fresh list."
    assert desk.shop.company.routes[0].when.tag == ("kim",)


def test_what_is_changed_while_it_is_undone_stays_changed(desk: Desk) -> None:
    add(desk, "one")
    route = target(desk.routes(), "route_edit", "one")
    edit, undo = ("route_edit", route, {"tag": "kim", **WHOLE}), ("undo", route.replace("route:", "change:"), None)
    _, undone = both(desk, edit, undo)
    assert undone.text.startswith("Somebody changed this since, so nothing was undone.")
    assert desk.shop.company.routes[0].when.tag == ("kim",)


def test_of_a_yes_and_a_no_to_one_link_the_first_counts(desk: Desk) -> None:
    desk.does("name_ops", "ops:slack", chosen={"who": KIM})
    desk.types("link ben@northwind.example", BEN)
    asked = str(desk.shop.card(desk.link_request()).buttons[0].target)
    yes, no = both(desk, ("link_yes", asked, None), ("link_no", asked, None))
    assert yes.text == "Ben is ben@northwind.example from now on."
    assert no.text.startswith("Somebody has answered this already")
