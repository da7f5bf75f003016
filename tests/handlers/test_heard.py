"""Colleagues pass on what customers told them, and hear what became of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from handlers.cards import Reply
from handlers.commands import answer
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.rules import Route, When
from handlers.team import Team
from storage import delivery_log, models
from tests.conftest import ANA, BEN, Shop, person, said

HERE = Place.parse("slack:C1")


def types(shop: Shop, word: str, who: Person = BEN, place: Place = HERE) -> Reply:
    return shop.store.write_sync(answer, shop.company, word, who, place, shop.now)


def passes_on(shop: Shop, who: Person = BEN, **answers: str) -> Reply:
    filled = {
        "words": "The lift is broken again, says Mr Reyes.",
        "kind": "customer",
        "name": "Dana Reyes",
        "reach": "dana@mail.example",
    } | answers
    return shop.tap("heard", who, "heard:here", **filled)  # type: ignore[arg-type]


def told(shop: Shop) -> list[tuple[str, str]]:
    rows = [row for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "told"]
    return [(row.channel, shop.card(row.key).plain) for row in rows]


def test_the_word_opens_a_form_in_which_what_follows_it_stands_already(shop: Shop) -> None:
    form = types(shop, "heard").form
    assert form is not None
    assert [field.name for field in form.fields] == ["words", "kind", "name", "reach"], "with one team there is none to choose"
    form = types(shop, "heard The lift is broken.\nAgain!").form
    assert form is not None
    assert form.fields[0].value == "The lift is broken.\nAgain!"


def test_what_was_passed_on_becomes_a_follow_up_that_nobody_is_asked_to_weigh(shop: Shop) -> None:
    assert passes_on(shop).text.startswith("Thank you for passing it on! Oak Street has it now")
    card = shop.card()
    assert card.headline == "New · no score · Oak Street · needs somebody by Fri 15:00"
    assert [button.label for button in card.buttons] == ["I'll reply", "Not a problem…"]
    assert card.quote == "The lift is broken again, says Mr R.."
    row = shop.store.read_sync(lambda tx: tx.execute(select(models.Feedback.__table__)).one())
    assert (row.source, row.metric, row.tags) == ("frontline", "comment", ["customer"])
    shop.tap("claim", ANA)
    private = next(row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "private")
    assert shop.card(private).reach == ("Dana Reyes", "dana@mail.example")


def test_the_author_is_told_what_became_of_it(shop: Shop) -> None:
    passes_on(shop)
    shop.tap("claim", ANA)
    shop.closes(ANA, done="The lift runs again; told Mr Reyes.")
    assert told(shop) == [
        (
            "ben",
            "What you passed on, “The lift is broken again, says Mr R..”, was looked after: fixed. The lift runs again; told Mr R..",
        )
    ]


def test_the_author_is_told_also_when_no_reply_was_needed_and_never_of_what_they_did_themselves(shop: Shop) -> None:
    passes_on(shop)
    shop.tap("dismiss", ANA, reason="duplicate")
    assert [words.split(": ")[-1] for _, words in told(shop)] == ["the same as another card."]
    passes_on(shop, words="Another one.")
    shop.tap("claim", BEN, 2)
    shop.closes(BEN, 2)
    assert len(told(shop)) == 1


def test_what_customers_say_themselves_has_no_author_to_be_told(shop: Shop) -> None:
    shop.hears(said())
    shop.tap("claim", ANA)
    shop.closes(ANA)
    assert told(shop) == []


@pytest.mark.parametrize(("left_out", "field"), [({"words": " "}, "words"), ({"kind": "gossip"}, "kind")])
def test_what_is_missing_is_said_at_its_field_and_nothing_is_stored(shop: Shop, left_out: dict[str, str], field: str) -> None:
    reply = passes_on(shop, **left_out)
    assert list(reply.errors) == [field]
    assert shop.row() is None


def test_with_several_teams_one_is_chosen_and_a_route_that_names_colleagues_comes_first(
    shop_of: Callable[[Company], Shop], company: Company, team: Team
) -> None:
    harbour = team.model_copy(update={"name": "harbour", "title": "Harbour", "channels": (Place.parse("slack:C2"),)})
    shop = shop_of(company.model_copy(update={"teams": {team.name: team, "harbour": harbour}}))
    form = types(shop, "heard", place=Place.parse("slack:C2")).form
    assert form is not None
    assert (form.fields[-1].name, form.fields[-1].value) == ("team", "harbour")
    assert list(passes_on(shop, team="nowhere").errors) == ["team"]
    passes_on(shop, team="harbour")
    assert shop.row().team == "harbour"
    ideas = Route(name="ideas", when=When(source=("frontline",), tag=("idea",)), team=team.name)
    ruled = shop_of(shop.company.model_copy(update={"routes": (ideas,)}))
    passes_on(ruled, team="harbour", kind="idea")
    assert (ruled.row(2).team, ruled.row(2).route) == (team.name, "ideas")


def test_a_stranger_can_pass_nothing_on(shop: Shop) -> None:
    stranger = person("eve", workspace="T-other")
    assert types(shop, "heard", who=stranger).form is None
    assert "No team" in passes_on(shop, who=stranger).text
    assert shop.row() is None


def test_no_telephone_number_loses_its_last_digits(shop: Shop) -> None:
    long = "Room 412 until Sunday, afterwards her husband: +47 400 12 345"
    assert passes_on(shop, reach=long).errors == {"reach": "Please keep this to 60 characters."}
    assert not passes_on(shop, reach=long.replace("her ", "")).errors
    assert not passes_on(shop, reach=f"{'d' * 60}@mail.example").errors
    shop.tap("claim", ANA)
    private = next(row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "private")
    assert shop.card(private).reach[-1].endswith("+47 400 12 345")
