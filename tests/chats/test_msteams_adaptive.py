"""What Microsoft Teams is asked to draw: valid, small enough, and deaf to every markup, whatever a customer writes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chats import Posted
from bot.chats.msteams import adaptive, forms, plain
from bot.chats.msteams.deep_link import deep_link
from bot.chats.msteams.forms import Asked, Colleague
from handlers.cards import Ask, Button, Card, Field, Form, Style, There
from handlers.case import State
from handlers.company import People
from handlers.ladder import Role
from handlers.nudges.bundle_card import bundle_card
from handlers.nudges.reminder import Reminder
from handlers.team import Team
from tests.conftest import ANA, BEN, FRIDAY, Shop, said
from tests.emulators.msteams import Shown, activities
from tests.emulators.msteams.cards import check_card, walk
from tests.emulators.msteams.tenant import Tenant
from tests.handlers.test_cards import ANA as OWNER
from tests.handlers.test_cards import TEAM, case

TEAMS = Tenant(app_id="app", tenant="tenant", bot_name="Action Hero", now=time.time, log=None)
OAK = TEAMS.channel("Oak Street")

WAY = re.compile(r"tel:\+?[0-9]{3,17}|mailto:[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")

ATTACKS = (
    "[your bank](https://evil.example) ![x](https://evil.example/x.png) [a][b]\n\n[b]: https://evil.example",
    "<at>Ana</at> <AT>everyone</AT> </at> @Ana",
    "<b>bold</b> <script>alert(1)</script> &lt;i&gt; <img src=x>",
    "**bold** _it_ ~~no~~ `code` # head\n- one\n1. two\n> quoted\n---",
    "{{DATE(2017-02-14T06:00:00Z)}} {{ TIME(2017-02-14T06:00:00Z) }} ${name}",
    "a\u202egnp.exe\u202c b\u2066c\u2069 d\u200be \ufefff",
    "\n" * 300 + "bottom",
    "Z" + "\u0335" * 200 + "algo",
    "👩\u200d👩\u200d👧 \u0000\u0007 \ud800 end",
    '\\" \\u202e \\',
    "👋" * 90,
)
SCRIPTS = {
    "Latin": "Waited forty-five minutes and nobody came. ",
    "Norwegian": "Ærlig talt, på tide å få høre det. ",
    "Cyrillic": "Ждали сорок пять минут, и никто не пришёл. ",
    "Arabic": "انتظرت خمسًا وأربعين دقيقة ولم يأتِ أحد. ",
    "Hindi": "पैंतालीस मिनट इंतज़ार किया और कोई नहीं आया। ",
    "Chinese": "等了四十五分钟也没有人来。",
    "emoji": "😡🕰️🤷🏽‍♀️",
    "quotes": '"\\"\\',
    "line breaks": "no\n",
}

text = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(st.characters(codec=None), max_size=60),
    st.builds(lambda word, times: word * times, st.sampled_from([*ATTACKS[:6], "word ", "\r\n"]), st.integers(0, 9)),
)
POST = Posted(f"19:{'4a95f7d8' * 5}abcd1@thread.tacv2;messageid=1648741500652", "1648741500652")
OURS = There(POST.channel, POST.id, deep_link(POST, "0d9b645f-597b-41f0-a2a3-ef103fbd91bb", ()))
"""As long as they are."""
verbs = st.sampled_from(["claim", "close", "hand_over", "note", "read", "raise"])
buttons = st.builds(Button, verbs, text, st.integers(1, 2**53), text, st.sampled_from(Style))
ways = st.sampled_from(["+47 400 12 345", "dana@mail.example", "dana@mail.example?cc=eve@evil.example", "tel:112", "+47 4\u202e00"])
cards = st.builds(
    Card,
    plain=text,
    headline=text,
    quote=text,
    context=st.lists(text, max_size=12).map(tuple),
    buttons=st.lists(buttons, max_size=3).map(tuple),
    menu=st.lists(buttons, max_size=12).map(tuple),
    footer=text,
    reach=st.lists(ways | text, max_size=9).map(tuple),
    below=st.lists(text, max_size=12).map(tuple),
    there=st.sampled_from([None, There("19:oak", "1"), OURS]),
)
fields = st.builds(
    Field,
    name=st.uuids().map(str),
    label=text,
    ask=st.sampled_from(Ask),
    options=st.lists(st.tuples(st.text("abc-,%2C", min_size=1, max_size=150), text), max_size=12, unique_by=lambda o: o[0]).map(
        tuple
    ),
    required=st.booleans(),
    max_length=st.integers(0, 5000),
    hint=text,
    error=text,
    value=st.one_of(st.just("a"), text),
    short=st.booleans(),
)
some_forms = st.builds(
    Form, verbs, st.integers(1, 2**53), text, text, text, st.lists(fields, max_size=5, unique_by=lambda f: f.name).map(tuple)
)
people = st.lists(st.builds(Colleague, st.uuids().map(lambda key: f"29:{key}"), text), max_size=8)

CASE = Card(
    plain="New: 3/10 at Oak Street, needs somebody by Fri 16:40. “Waited 45 minutes & nobody…”",
    headline="New · NPS 3 of 10 · Oak Street · needs somebody by Fri 16:40",
    quote="Waited 45 minutes.\nNobody came. *really*",
    context=("collection · Fri 11:00", "What we did: called"),
    buttons=(
        Button("claim", "I'll reply", 42, "I'll reply to this customer", Style.PRIMARY),
        Button("dismiss", "Not a problem…", 42),
    ),
    menu=(Button("note", "Add a note…", 42), Button("read", "Read all of it", 42)),
    footer="#42 · everyone else",
)


def test_a_card_becomes_headline_quote_context_and_small_print_with_its_buttons_below() -> None:
    card = adaptive.drawn(CASE)
    assert str(Shown(cards=[card])).split("\n") == [
        "New · NPS 3 of 10 · Oak Street · needs somebody by Fri 16:40",
        "Waited 45 minutes.",
        "Nobody came. *really*",
        "collection · Fri 11:00",
        "What we did: called",
        "#42 · everyone else",
        "[ I'll reply ] [ Not a problem… ] [ More… ]",
    ]
    assert [(a["type"], a.get("verb"), a.get("tooltip")) for a in card["actions"]] == [
        ("Action.Execute", "claim", "I'll reply to this customer"),
        ("Action.Execute", "dismiss", None),
        ("Action.ShowCard", None, None),
    ]


def test_how_to_reach_a_customer_is_as_large_as_their_words_and_can_be_tapped() -> None:
    ways = ("Dana Reyes", "+47 400 12 345", "[call](tel:112)")
    name, phone, attack = [
        node for node in adaptive.drawn(replace(CASE, reach=ways))["body"] if node.get("inlines", [{}])[0].get("text") in ways
    ]
    assert phone["inlines"] == [
        {
            "type": "TextRun",
            "text": "+47 400 12 345",
            "underline": True,
            "selectAction": {"type": "Action.OpenUrl", "title": "+47 400 12 345", "url": "tel:+4740012345"},
        }
    ]
    for words in (name, attack):
        assert set(words["inlines"][0]) == {"type", "text"}


def test_the_link_to_the_card_in_the_channel_stands_above_the_buttons() -> None:
    link = adaptive.drawn(replace(CASE, there=OURS))["body"][-1]
    opens = {"type": "Action.OpenUrl", "title": "Open in the channel", "url": OURS.url}
    assert link["inlines"] == [{"type": "TextRun", "text": "Open in the channel", "underline": True, "selectAction": opens}]
    assert "Open in" not in str(adaptive.drawn(replace(CASE, there=replace(OURS, url="")))), "where it stands is not enough"


def reminder_of(cases: int) -> Card:
    """A reminder of so many cases, as their owner gets it."""
    held = (case(State.CLAIMED, id=n, comment="Waited. " * 17) for n in range(1, cases + 1))
    reminders = [Reminder(each, TEAM, Role.OWNER, "claimed", asks=False, said_at=FRIDAY) for each in held]
    return bundle_card(reminders, OWNER, People.NAMES, FRIDAY)


@pytest.mark.parametrize("cases", [1, 3, 5, 7, 10])
def test_each_of_several_cases_keeps_whom_to_call_and_its_buttons(cases: int) -> None:
    bundle = adaptive.message(reminder_of(cases))
    _fits(bundle)
    pressed = [node.get("verb") or node.get("url") for node in walk(bundle["attachments"])]
    assert [pressed.count(kept) for kept in ("tel:+4740012345", "close", "hand_over")] == [cases] * 3


@pytest.mark.parametrize("cases", [1, 3, 5, 7])
def test_each_of_several_cases_leads_to_its_card_and_nothing_else_goes_for_it(cases: int) -> None:
    whole = reminder_of(cases)
    bundle = adaptive.message(replace(whole, items=tuple(replace(item, there=OURS) for item in whole.items)))
    _fits(bundle)
    pressed = [node.get("verb") or node.get("url") for node in walk(bundle["attachments"])]
    assert [pressed.count(kept) for kept in (OURS.url, "tel:+4740012345", "close", "hand_over")] == [cases] * 4


def test_where_ten_cases_leave_no_room_for_links_their_buttons_stay_and_one_of_them_opens_the_card_with_its_link() -> None:
    whole = crowd("x")
    linked = replace(whole, items=tuple(replace(item, there=OURS) for item in whole.items))
    assert adaptive.drawn(linked) == adaptive.drawn(whole)
    asks_for_the_rest = [a for a in walk(adaptive.drawn(linked)) if a.get("verb") == "show" and a["type"] == "Action.Execute"]
    assert len(asks_for_the_rest) == 10


def test_the_plain_line_is_what_phones_screen_readers_and_old_clients_get() -> None:
    message = adaptive.message(CASE)
    content = message["attachments"][0]["content"]
    assert message["summary"] == content["speak"] == CASE.plain
    assert content["fallbackText"] == CASE.plain
    assert "text" not in message, "Teams splits a text from its card"


def test_a_line_of_talk_is_text_without_a_card_and_read_without_markdown() -> None:
    said = adaptive.message(Card("Ana *handed* this over to Bo & Co."))
    assert (said["text"], said["textFormat"], said["attachments"]) == ("Ana *handed* this over to Bo & Co.", "plain", [])


def test_a_card_without_a_quote_says_its_context_in_full_size() -> None:
    body = adaptive.drawn(Card("Three heroes", headline="Three heroes", context=("Ana called.\nBo wrote.",)))["body"]
    runs = [block["inlines"][0] for block in body]
    assert [run["text"] for run in runs] == ["Three heroes", "Ana called.", "Bo wrote."]
    assert not any(run.get("isSubtle") for run in runs)


def test_a_long_menu_stands_in_rows_of_six_and_loses_nothing() -> None:
    menu = tuple(Button("note", f"Thing {n}", n + 1) for n in range(15))
    rows = adaptive.drawn(Card("p", "h", menu=menu))["actions"][-1]["card"]["body"]
    assert [len(row["actions"]) for row in rows] == [6, 6, 3]
    assert [action["data"]["target"] for row in rows for action in row["actions"]] == list(range(1, 16))


def test_every_button_carries_its_verb_whatever_the_client_understands() -> None:
    for action in adaptive.drawn(CASE)["actions"][:2]:
        assert action["data"] == action["fallback"]["data"] == {"verb": action["verb"], "target": 42}
        assert action["fallback"]["type"] == "Action.Submit"


def test_small_cards_inside_a_larger_one_keep_their_own_buttons() -> None:
    small = [replace(CASE, buttons=(Button("claim", "I'll reply", n + 1),), menu=()) for n in range(10)]
    bundle = adaptive.frame([block for each in small for block in adaptive.nested(each)], [], "Ten customers wait.")
    assert check_card(bundle) == []
    assert len(json.dumps(bundle)) < 20_000
    assert [action["data"]["target"] for action in walk(bundle) if action["type"] == "Action.Execute"] == list(range(1, 11))


MENU = ("contacted", "wait", "snooze", "help", "note", "release", "dismiss")


def crowd(script: str, menu: bool = True) -> Card:
    """Ten cases in one message, in a language of that script: every label as long as may be."""

    def button(verb: str, n: int) -> Button:
        return Button(verb, (script * 24)[:24], n, (script * 75)[:75])

    items = tuple(
        Card(
            (script * 150)[:150], (script * 150)[:150], (script * 140)[:140], ((script * 80)[:80],),
            (button("close", n), button("hand_over", n)), tuple(button(verb, n) for verb in MENU) if menu else (), f"#{n} · Oak",
        )
        for n in range(1, 11)
    )  # fmt: skip
    return Card((script * 140)[:140], (script * 60)[:60], items=items, footer=(script * 80)[:80])


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("menu", [True, False])
def test_ten_cases_in_one_message_stay_small_and_each_leads_to_all_that_can_be_done(script: str, menu: bool) -> None:
    message = adaptive.message(crowd(script, menu))
    _fits(message)
    led = [(a["verb"], a["data"]["target"]) for a in walk(message["attachments"]) if a["type"] == "Action.Execute"]
    for n in range(1, 11):
        mine = {verb for verb, target in led if target == n}
        assert "show" in mine or mine >= {"close", "hand_over", *(MENU if menu else ())}, n
        assert any(word in str(message) for word in (f"#{n} · Oak",))


def test_where_there_is_room_a_small_card_keeps_its_menu_and_where_there_is_less_its_buttons() -> None:
    few = adaptive.drawn(replace(crowd("x"), items=crowd("x").items[:2]))
    assert [a["type"] for a in walk(few) if a["title" if "title" in a else "type"] == "More…"] == ["Action.ShowCard"] * 2
    many = adaptive.drawn(crowd("x"))
    assert [a["verb"] for a in walk(many) if a["type"] == "Action.Execute"] == ["close", "hand_over", "show"] * 10


def test_the_small_print_of_a_message_with_many_cases_stands_below_all_of_them() -> None:
    told = str(
        Shown(cards=[adaptive.drawn(replace(crowd("x"), headline="Ten customers wait", footer="Too many of these?"))])
    ).split("\n")
    assert (told[0], told[-1]) == ("Ten customers wait", "Too many of these?")


def test_what_stands_below_the_small_cards_is_read_after_them_and_before_the_small_print() -> None:
    card = replace(crowd("x"), context=("Ten wait.",), below=("A.", "B."), footer="Week 47")
    told = str(Shown(cards=[adaptive.drawn(card)])).split("\n")
    assert (told[1], told[-3:]) == ("Ten wait.", ["A.", "B.", "Week 47"])


def test_small_cards_about_something_else_than_a_follow_up_lose_no_button_either() -> None:
    about = tuple(Button("raise", f"Thing {n}", f"digest:{n}") for n in range(4))
    small = Card("p", "h", buttons=about[:2], menu=about[2:])
    told = adaptive.nested(small, room=700)
    assert [a["data"]["target"] for a in walk(told) if a["type"] == "Action.Execute"] == [button.target for button in about]


def _claim(shop: Shop) -> None:
    shop.tap("claim", ANA)


def _late(shop: Shop) -> None:
    shop.passes(days=5)


def _closed(shop: Shop) -> None:
    _claim(shop)
    shop.closes(ANA, done="Called and apologised. " * 13)


STATES: dict[str, Callable[[Shop], object]] = {
    "new": lambda shop: None,
    "late": _late,
    "claimed": _claim,
    "claimed and late": lambda shop: (_claim(shop), _late(shop)),
    "contacted": lambda shop: (_claim(shop), shop.tap("contacted", ANA)),
    "handed over": lambda shop: (_claim(shop), shop.tap("hand_over", ANA, to=BEN)),
    "given back": lambda shop: (_claim(shop), shop.tap("release", ANA)),
    "closed": _closed,
    "reopened": lambda shop: (_closed(shop), shop.tap("reopen", ANA)),
    "dismissed": lambda shop: shop.tap("dismiss", ANA, reason="test"),
    "noted": lambda shop: (_claim(shop), shop.tap("note", ANA, text="Rang twice. " * 40)),
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("reach", STATES.values(), ids=STATES)
def test_every_card_of_every_state_is_valid_and_small_in_every_script(
    shop: Shop, reach: Callable[[Shop], object], script: str
) -> None:
    longest = (script * 20_000)[:20_000]
    name = script[:200].strip() or "Dana"
    customer = {"name": name, "company": name, "segment": name, "phone": "+47 400 00 000", "value": 48_000, "currency": "NOK"}
    shop.hears(said(comment=longest, customer=customer, touchpoint=name, link="https://survey.example/" + "r" * 1900))
    reach(shop)
    keys = shop.keys()
    for key in keys:
        message = adaptive.message(shop.card(key))
        _fits(message)
        words = [node for node in walk(message["attachments"]) if node["type"] == "TextRun"]
        assert words or message["text"]


@pytest.mark.parametrize("script", ["等", "ж", "x", "😡"])
def test_most_of_a_private_card_is_the_customers_own_words(script: str) -> None:
    card = adaptive.drawn(replace(CASE, quote=script * 2500))
    assert str(Shown(cards=[card])).count(script) >= 1_000


@settings(deadline=None)
@given(cards)
def test_any_card_is_valid_small_enough_and_holds_nothing_live(card: Card) -> None:
    _fits(adaptive.message(card))


def about_one(card: Card) -> Card:
    """A small card as they are made: with at most two buttons, and all that can be done is about one follow-up."""
    buttons, menu = ([replace(button, target=7) for button in each] for each in (card.buttons[:2], card.menu))
    return replace(card, buttons=tuple(buttons), menu=tuple(menu))


@settings(max_examples=50, deadline=None)
@given(st.lists(cards.map(about_one), min_size=1, max_size=10))
def test_any_cards_inside_a_card_are_valid_and_hold_nothing_live(small: list[Card]) -> None:
    content = adaptive.frame([block for each in small for block in adaptive.nested(each)], [], small[0].plain)
    assert check_card(content) == []
    _is_inert(Shown(cards=[content]))


@pytest.mark.parametrize("words", [*ATTACKS, "<", "<" * 21_000, "👋" * 9000, "& word\n" * 3000, "Z" + "\u0335" * 20_000])
def test_a_flood_in_every_field_is_cut_to_size(words: str) -> None:
    flood = Button("note", words, 1, words)
    card = Card(words, words, words, (words,) * 3, (flood,) * 2, (flood,) * 7, words, below=(words,) * 3, reach=(words,) * 9)
    _fits(adaptive.message(card))
    _fits(adaptive.message(replace(card, reach=(), items=crowd("x").items[:5])))
    _fits(adaptive.message(Card(words)))
    field = Field("done", words, Ask.CHOICE, (("a", words), ("b", words)), hint=words, error=words)
    many = [Colleague(f"29:{n}", words) for n in range(300)]
    asked = Asked(many, 0, {"done": words}, {"done": words, "": words})
    _fits_a_form(forms.drawn(Form("close", 1, words, words, words, (field, Field("to", words, Ask.PERSON))), asked))


@settings(max_examples=50, deadline=None)
@given(some_forms, people, st.dictionaries(st.sampled_from(["", "to"]), text), st.integers(0, 3))
def test_any_form_is_a_card_that_can_be_filled_in(form: Form, crowd: list[Colleague], errors: dict[str, str], skip: int) -> None:
    typed = {field.name: field.options[0][0] if field.options else "typed" for field in form.fields}
    _fits_a_form(forms.drawn(form, Asked(crowd, min(skip, max(0, len(crowd) - 1)), typed, errors)))


def test_a_form_keeps_the_names_of_its_fields_and_what_was_typed() -> None:
    who = Field("to", "Who?", Ask.PERSON, hint="They get the details.")
    how = Field("outcome", "How?", Ask.CHOICE, (("fixed", "Fixed"), ("partly", "Partly")), error="Please choose.")
    why = Field("cause", "Why?", Ask.CHOICE, tuple((f"c{n}, d", f"Cause {n}") for n in range(6)), required=False)
    what = Field("done", "What?", Ask.TEXT, max_length=300)
    typed = {"to": "29:bo", "outcome": "partly", "cause": "c3, d", "done": "Rang."}
    form = forms.drawn(Form("close", 42, "t", "i", "s", (who, how, why, what)), Asked([Colleague("29:bo", "Bo")], 0, typed))
    inputs = {node["id"]: node for node in walk(form) if node["type"].startswith("Input.")}
    assert {name: node.get("style", node["type"]) for name, node in inputs.items()} == {
        "to": "compact",
        "outcome": "expanded",
        "cause": "compact",
        "done": "Input.Text",
    }
    assert [node.get("isRequired", False) for node in inputs.values()] == [True, True, False, True]
    assert inputs["outcome"]["errorMessage"] == "Please choose."
    assert {name: forms.unsealed(node["value"]) for name, node in inputs.items()} == typed


def test_a_follow_up_is_closed_with_three_taps_and_a_sentence(shop: Shop, team: Team) -> None:
    six = ("waiting time", "product fault", "service", "price", "delivery", "other")
    shop.company = shop.company.model_copy(update={"teams": {"oak-street": team.model_copy(update={"causes": six})}})
    shop.hears(said())
    shop.tap("claim", ANA)
    form = shop.tap("close", ANA).form
    assert form is not None
    drawn = forms.drawn(form, Asked())
    _fits_a_form(drawn)
    inputs = [node.get("style", node["type"]) for node in walk(drawn) if node["type"].startswith("Input.")]
    assert inputs == ["expanded", "Input.Text", "expanded"]  # then the button below


@pytest.mark.parametrize(("options", "style"), [(10, "expanded"), (11, "compact")])
def test_no_more_than_ten_options_stand_open(options: int, style: str) -> None:
    why = Field("cause", "Why?", Ask.CHOICE, tuple((f"c{n}", f"Cause {n}") for n in range(options)))
    drawn = forms.drawn(Form("close", 42, "t", "", "s", (why,)), Asked())
    assert [node["style"] for node in walk(drawn) if node["type"] == "Input.ChoiceSet"] == [style]


def test_everybody_of_a_large_team_can_be_chosen_page_by_page() -> None:
    crowd = [Colleague(f"29:{n:04d}-{'x' * 80}", f"Person Number {n}") for n in range(700)]
    offered: list[str] = []
    skip, pages = 0, 0
    while pages < 100:
        pages += 1
        drawn = forms.drawn(Form("hand_over", 1, "t", "i", "s", (Field("to", "Who?", Ask.PERSON),)), Asked(crowd, skip))
        _fits_a_form(drawn)
        offered += [choice["value"] for node in walk(drawn) for choice in node.get("choices", ())]
        skip = next(a["data"]["skip"] for a in drawn["actions"] if a["data"]["verb"] == "hand_over" and "fields" not in a["data"])
        if not skip:
            break
    assert pages > 3
    assert offered == [who.id for who in crowd]


def test_an_error_that_belongs_to_no_field_stands_above_the_form() -> None:
    form = forms.drawn(Form("note", 1, "t", "", "s", (Field("text", "What?", Ask.TEXT),)), Asked(errors={"": "Not saved."}))
    assert "Not saved." in str(Shown(cards=[form])).split("\n")[1]


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(24, 80))
def test_a_cut_text_is_within_its_limit_and_parts_hold_every_letter(words: str, limit: int) -> None:
    assert plain.weight(plain.cut(words, limit)) <= limit
    pieces = plain.parts(words, limit)
    assert all(plain.weight(piece) <= limit for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(words.split())


@given(st.text(max_size=40))
def test_the_value_of_a_choice_comes_back_as_it_was(value: str) -> None:
    assert "," not in forms.sealed(value)
    assert forms.unsealed(forms.sealed(value)) == value


def _fits(message: dict[str, Any]) -> None:
    activities.check(TEAMS, OAK, message)  # raises with everything that Teams would not take
    for attachment in message["attachments"]:
        assert len(json.dumps(attachment["content"])) < 20_000
    _is_inert(Shown(text=message.get("text", ""), text_format="plain", cards=[each["content"] for each in message["attachments"]]))


def _fits_a_form(content: dict[str, Any]) -> None:
    assert check_card(content) == []
    assert len(json.dumps(content)) < 20_000
    _is_inert(Shown(cards=[content]))


def _is_inert(shown: Shown) -> None:
    assert shown.live_markup() == shown.unseen() == shown.dates() == []
    everything = [node for card in shown.cards for node in walk(card)]
    assert not {node["type"] for node in everything} & {"TextBlock", "FactSet", "Image"}, "these read Markdown, or link"
    opened = [node["url"] for node in everything if node["type"] == "Action.OpenUrl"]
    assert all(WAY.fullmatch(url) or url == OURS.url for url in opened), "links are how to reach a customer, and our own cards"
    assert opened == [node["selectAction"]["url"] for node in everything if "selectAction" in node]
