"""What Slack is asked to draw: within its limits, and deaf to every markup, whatever a customer writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View
from slackblocks import _limits as limits
from slackblocks._surfaces import validate_surface_blocks

from bot.chats.slack import blocks
from bot.chats.slack.plain import cut, escaped, parts, units
from handlers.cards import Ask, Button, Card, Field, Form, Reply, Style, There
from handlers.team import Team
from tests.conftest import ANA, Shop, said

LIVE = re.compile(r"[<>]|&(?!amp;|lt;|gt;)")
"""What Slack would read as a mention, a channel-wide call or a link."""

WAY = re.compile(r"tel:\+?[0-9]{3,17}|mailto:[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+")

ATTACKS = (
    "<!channel> <!here> <!everyone> <@U123> <#C123> <!subteam^S1> <!date^1^{date}^http://x|y>",
    "<https://evil.example|your bank>",
    "*bold* _italic_ ~struck~ `code` ```block``` :tada: > quoted",
    "a\u202egnp.exe\u202c b\u2066c\u2069 d\u200be \ufefff",
    "&lt;!channel&gt; &amp;lt;",
    "\n" * 300 + "bottom",
    "Z" + "\u0335" * 200 + "algo",
    "👩\u200d👩\u200d👧 \u0000\u0007 \ud800 end",
    "& <" * 50,
    "👋" * 90,
)
HUGE = ("<" * 21_000, "👋" * 9000, "& word\n" * 3000, "Z" + "\u0335" * 20_000)

text = st.one_of(
    st.sampled_from(ATTACKS),
    st.text(st.characters(codec=None), max_size=60),
    st.builds(lambda word, times: word * times, st.sampled_from([*ATTACKS[:6], "word ", "\r\n"]), st.integers(0, 9)),
)
OURS = There("C0123456789", "1355517523.000008", "https://northwind.slack.com/archives/C0123456789/p1355517523000008")
verbs = st.sampled_from(["claim", "close", "hand_over", "note", "read", "raise"])
buttons = st.builds(Button, verbs, text, st.integers(0, 2**53), text, st.sampled_from(Style))
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
    there=st.sampled_from([None, There("C1", "1.000001"), OURS]),
)
fields = st.builds(
    Field,
    name=st.uuids().map(str),
    label=text,
    ask=st.sampled_from(Ask),
    options=st.lists(st.tuples(st.text("abc-", min_size=1, max_size=150), text), max_size=12).map(tuple),
    required=st.booleans(),
    max_length=st.integers(0, 5000),
    hint=text,
    error=text,
    value=st.one_of(st.just("a"), text),
    short=st.booleans(),
)
forms = st.builds(Form, verbs, st.integers(0, 2**53), text, text, text, st.lists(fields, max_size=5).map(tuple))

CASE = Card(
    plain="New: 3/10 at Oak Street, needs somebody by Fri 16:40. “Waited 45 minutes & nobody…”",
    headline="New · NPS 3 of 10 · Oak Street · needs somebody by Fri 16:40",
    quote="Waited 45 minutes.\nNobody came. <!channel> *really*",
    context=("collection · Fri 11:00", "What we did: called"),
    buttons=(
        Button("claim", "I'll reply", 42, "I'll reply to this customer", Style.PRIMARY),
        Button("dismiss", "Not a problem…", 42),
    ),
    menu=(Button("note", "Add a note…", 42), Button("read", "Read all of it", 42)),
    footer="#42 · everyone else",
)


def test_a_card_becomes_headline_quote_context_buttons_and_small_print_in_this_order() -> None:
    assert blocks.message(CASE) == {
        "text": "New: 3/10 at Oak Street, needs somebody by Fri 16:40. “Waited 45 minutes &amp; nobody…”",
        "blocks": [
            {
                "type": "header",
                "text": {
                    "type": "plain_text",
                    "text": "New · NPS 3 of 10 · Oak Street · needs somebody by Fri 16:40",
                    "emoji": False,
                },
            },
            {
                "type": "rich_text",
                "elements": [
                    {
                        "type": "rich_text_quote",
                        "elements": [{"type": "text", "text": "Waited 45 minutes.\nNobody came. <!channel> *really*"}],
                    }
                ],
            },
            {
                "type": "context",
                "elements": [{"type": "plain_text", "text": "collection · Fri 11:00\nWhat we did: called", "emoji": False}],
            },
            {
                "type": "actions",
                "block_id": "case:42:buttons",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "claim",
                        "text": {"type": "plain_text", "text": "I'll reply", "emoji": False},
                        "value": "42",
                        "style": "primary",
                        "accessibility_label": "I'll reply to this customer #42",
                    },
                    {
                        "type": "button",
                        "action_id": "dismiss",
                        "text": {"type": "plain_text", "text": "Not a problem…", "emoji": False},
                        "value": "42",
                    },
                    {
                        "type": "overflow",
                        "action_id": "menu",
                        "options": [
                            {"text": {"type": "plain_text", "text": "Add a note…", "emoji": False}, "value": "note:42"},
                            {"text": {"type": "plain_text", "text": "Read all of it", "emoji": False}, "value": "read:42"},
                        ],
                    },
                ],
            },
            {"type": "context", "elements": [{"type": "plain_text", "text": "#42 · everyone else", "emoji": False}]},
        ],
    }


def test_how_to_reach_a_customer_stands_with_their_words_and_can_be_tapped() -> None:
    ways = ("Dana Reyes", "+47 400 12 345", "dana@mail.example", "<https://evil.example|your bank>")
    drawn = blocks.message(replace(CASE, reach=ways))["blocks"][1]
    assert [part["type"] for part in drawn["elements"]] == ["rich_text_quote", *["rich_text_section"] * 4]
    assert [part["elements"] for part in drawn["elements"][1:]] == [
        [{"type": "text", "text": "Dana Reyes"}],
        [{"type": "link", "url": "tel:+4740012345", "text": "+47 400 12 345"}],
        [{"type": "link", "url": "mailto:dana@mail.example", "text": "dana@mail.example"}],
        [{"type": "text", "text": "<https://evil.example|your bank>"}],
    ]
    assert "tel:" not in str(blocks.message(replace(CASE, reach=ways), plainly=True)), "where Slack would not draw it"
    bundle = replace(CASE, items=(replace(CASE, reach=ways),))
    assert "tel:" in str(blocks.message(bundle))
    assert "tel:" not in str(blocks.message(bundle, plainly=True))


def test_the_link_to_the_card_in_the_channel_stands_with_the_words_and_takes_no_block_of_a_small_card() -> None:
    way = {"type": "rich_text_section", "elements": [{"type": "link", "url": OURS.url, "text": "Open in the channel"}]}
    drawn = blocks.message(replace(CASE, reach=("+47 400 12 345",), there=OURS))["blocks"]
    assert [len(part["elements"]) for part in drawn[1]["elements"]] == [1, 1, 1]
    assert drawn[1]["elements"][-1] == way
    bare = Card("#42 is closed.", "#42 is closed.", footer="#42", there=OURS)
    assert [block["type"] for block in blocks.message(Card("p", "h", items=(bare,)))["blocks"]] == [
        "header", "section", "rich_text", "context"
    ]  # fmt: skip
    full = replace(CASE, reach=("Dana",), there=OURS)
    message = blocks.message(Card("p", "h", context=("c",), items=(full,) * 10, below=("b",), footer="f"))
    _fits(message)
    assert str(message).count(OURS.url) == 10
    assert "Open in" not in str(blocks.message(replace(CASE, there=replace(OURS, url="")))), "where it stands is not enough"


def test_a_line_of_talk_is_one_section_that_says_the_same_as_the_notification() -> None:
    line = blocks.message(Card("Ana handed this over to Bo & Co."))
    assert line["text"] == "Ana handed this over to Bo &amp; Co."
    assert line["blocks"] == [
        {"type": "section", "text": {"type": "plain_text", "text": "Ana handed this over to Bo & Co.", "emoji": False}}
    ]


def test_a_card_without_a_quote_says_its_context_in_full_size() -> None:
    digest = blocks.message(Card("Three heroes", headline="Three heroes", context=("Ana called.", "Bo wrote.")))
    assert [block["type"] for block in digest["blocks"]] == ["header", "section"]
    assert digest["blocks"][1]["text"]["text"] == "Ana called.\nBo wrote."


def test_what_stands_below_the_small_cards_is_read_after_them_and_before_the_small_print() -> None:
    card = Card("plain", "Your week", context=("One waits.",), items=(CASE,), below=("A.", "B."), footer="Week 47")
    [*_above, below, footer] = blocks.message(card)["blocks"]
    assert (below["text"]["text"], footer["elements"][0]["text"]) == ("A.\nB.", "Week 47")


def test_a_menu_longer_than_five_becomes_a_list_to_choose_from() -> None:
    menu = tuple(Button("note", f"Thing {n}", n) for n in range(7))
    drawn = blocks.message(Card("p", "h", buttons=(), menu=menu))["blocks"][-1]["elements"][0]
    assert drawn["type"] == "static_select"
    assert [option["value"] for option in drawn["options"]] == [f"note:{n}" for n in range(7)]


def test_a_form_becomes_a_modal_whose_fields_keep_their_names() -> None:
    who = Field("to", "Who?", Ask.PERSON, hint="They get the details.")
    how = Field("outcome", "How?", Ask.CHOICE, (("fixed", "Fixed"), ("partly", "Partly")))
    why = Field("cause", "Why?", Ask.CHOICE, tuple((f"c{n}", f"Cause {n}") for n in range(6)), required=False)
    said = Field("done", "What?", Ask.TEXT, max_length=300)
    view = blocks.modal(Form("close", 42, "How did it end?", "Three answers.", "Close it", (who, how, why, said)), "{}")
    assert (view["callback_id"], view["private_metadata"], view["title"]["text"]) == ("close", "{}", "How did it end?")
    asked = view["blocks"][1:]
    assert [(block["block_id"], block["element"]["action_id"], block["element"]["type"], block["optional"]) for block in asked] == [
        ("to", "to", "users_select", False),
        ("outcome", "outcome", "radio_buttons", False),
        ("cause", "cause", "static_select", True),
        ("done", "done", "plain_text_input", False),
    ]
    assert asked[3]["element"]["max_length"] == 300


def test_a_follow_up_is_closed_with_three_taps_and_a_sentence(shop: Shop, team: Team) -> None:
    six = ("waiting time", "product fault", "service", "price", "delivery", "other")
    shop.company = shop.company.model_copy(update={"teams": {"oak-street": team.model_copy(update={"causes": six})}})
    shop.hears(said())
    shop.tap("claim", ANA)
    form = shop.tap("close", ANA).form
    assert form is not None
    view = blocks.modal(form, "{}")
    _fits_a_view(view)
    kinds = [block["element"]["type"] for block in view["blocks"] if block["type"] == "input"]
    assert kinds == ["radio_buttons", "plain_text_input", "radio_buttons"]  # then the button below


@pytest.mark.parametrize(("options", "drawn"), [(10, "radio_buttons"), (11, "static_select")])
def test_no_more_than_ten_options_stand_open(options: int, drawn: str) -> None:
    why = Field("cause", "Why?", Ask.CHOICE, tuple((f"c{n}", f"Cause {n}") for n in range(options)))
    view = blocks.modal(Form("close", 42, "How did it end?", "", "Close it", (why,)), "{}")
    _fits_a_view(view)
    assert view["blocks"][0]["element"]["type"] == drawn


def test_what_stands_in_a_form_already_can_be_changed() -> None:
    who = Field("leader", "Who leads?", Ask.PERSON, value="U0LEA")
    day = Field("day", "When?", Ask.CHOICE, (("mon", "Monday"), ("tue", "Tuesday")), value="tue")
    title = Field("title", "What is it called?", Ask.TEXT, value="Oak Street", short=True)
    view = blocks.modal(Form("set_up", "place:slack:main:C1", "This channel", "", "Save", (who, day, title)), "{}")
    first, second, third = (block["element"] for block in view["blocks"])
    assert (first["initial_user"], second["initial_option"]["value"]) == ("U0LEA", "tue")
    assert (third["initial_value"], third["multiline"]) == ("Oak Street", False)


@settings(deadline=None)
@given(cards)
def test_any_card_fits_slacks_limits_and_holds_nothing_live(card: Card) -> None:
    message = blocks.message(card)
    _fits(message)
    assert units(message["text"]) <= 4000


@pytest.mark.parametrize("said", [*ATTACKS, *HUGE])
def test_a_flood_in_every_field_is_cut_to_size(said: str) -> None:
    flood = Button("note", said, 1, said)
    card = Card(said, said, said, (said,) * 3, (flood,) * 2, (flood,) * 7, said, reach=(said,) * 9, below=(said,) * 3)
    _fits(blocks.message(card))
    _fits(blocks.message(Card(said)))
    for message in blocks.messages(Reply(said, cards=(card,) * 5)):
        _fits(message)
    field = Field("done", said, Ask.CHOICE, (("a", said),) * 7, hint=said)
    _fits_a_view(blocks.modal(Form("close", 1, said, said, said, (field,)), "{}"))
    _fits_a_view(blocks.home(said, (card,) * 5, said))


@settings(max_examples=30, deadline=None)
@given(st.builds(Reply, text=text, cards=st.lists(cards, max_size=5).map(tuple)))
def test_any_private_answer_fits_into_messages_that_slack_takes(reply: Reply) -> None:
    for message in blocks.messages(reply):
        _fits(message)


def test_a_long_answer_is_told_in_several_messages_and_loses_nothing() -> None:
    words = " ".join(f"word{n}" for n in range(2500))
    told = " ".join(block["text"]["text"] for message in blocks.messages(Reply(words)) for block in message["blocks"])
    assert told == words


def test_all_that_a_customer_wrote_can_be_read_in_the_home() -> None:
    words = " ".join(f"word{n}" for n in range(2500))
    view = blocks.home("Your customers", (), words)
    _fits_a_view(view)
    assert " ".join(block["text"]["text"] for block in view["blocks"][1:]) == words


@settings(max_examples=50, deadline=None)
@given(forms)
def test_any_form_is_a_modal_that_slack_opens(form: Form) -> None:
    view = blocks.modal(form, '{"target": 1}')
    _fits_a_view(view)
    assert units(view["title"]["text"]) <= limits.VIEW_TITLE_MAX_LENGTH
    assert units(view["submit"]["text"]) <= limits.VIEW_SUBMIT_MAX_LENGTH


@settings(max_examples=30, deadline=None)
@given(text, st.lists(cards, max_size=4), text)
def test_any_home_is_a_view_that_slack_publishes(title: str, shown: list[Card], intro: str) -> None:
    _fits_a_view(blocks.home(title, shown, intro))


@given(st.text(), st.integers(2, 50))
def test_escaped_text_is_never_cut_inside_an_entity(said: str, limit: int) -> None:
    safe = escaped(said, limit)
    assert units(safe) <= limit
    assert not LIVE.search(safe)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(2, 40))
def test_a_cut_text_is_within_its_limit_and_parts_hold_every_letter(said: str, size: int) -> None:
    assert units(cut(said, size)) <= size
    pieces = parts(said, size)
    assert all(units(piece) <= size for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(said.split())


def _fits(message: dict[str, Any]) -> None:
    assert set(message) == {"text", "blocks"}
    assert message["text"].strip()
    assert not LIVE.search(message["text"])
    assert 1 <= len(message["blocks"]) <= limits.MESSAGE_BLOCKS_MAX_ITEMS
    validate_surface_blocks(message["blocks"], "message")
    assert units(message["text"]) + sum(units(said) for said in _texts(message["blocks"])) < 8800
    _blocks_fit(message["blocks"])


def _fits_a_view(view: dict[str, Any]) -> None:
    assert len(view["blocks"]) <= limits.VIEW_BLOCKS_MAX_ITEMS
    validate_surface_blocks(view["blocks"], view["type"])
    View(**view).to_dict()
    _blocks_fit(view["blocks"])


def _blocks_fit(drawn: list[dict[str, Any]]) -> None:
    """slack-sdk's own models check the lengths; what they miss (see the facts) is checked here."""
    ids = [block["block_id"] for block in drawn if "block_id" in block]
    assert len(ids) == len(set(ids))
    actions = [node["action_id"] for node in _nodes(drawn) if "action_id" in node]
    assert len(actions) == len(set(actions))
    for block in Block.parse_all(drawn):
        block.to_dict()
    for node in _nodes(drawn):
        assert node.get("type") != "mrkdwn", "nothing may be parsed as markup"
        if "url" in node:
            assert node["type"] == "link"
            assert WAY.fullmatch(node["url"]) or node["url"] == OURS.url, "links are how to reach a customer, and our own cards"
        if node.get("type") == "plain_text":
            assert node["text"].strip()
            assert node["emoji"] is False
            assert units(node["text"]) <= limits.TEXT_MAX_LENGTH
        if node.get("type") == "actions":
            assert len(node["elements"]) <= limits.ACTIONS_ELEMENTS_MAX_ITEMS
        if node.get("type") == "button":
            assert units(node["text"]["text"]) <= limits.BUTTON_TEXT_MAX_LENGTH
            assert units(node.get("accessibility_label", "")) <= limits.BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH
        if node.get("type") == "overflow":
            assert limits.OVERFLOW_OPTIONS_MIN_ITEMS <= len(node["options"]) <= limits.OVERFLOW_OPTIONS_MAX_ITEMS
        if node.get("type") == "header":
            assert units(node["text"]["text"]) <= limits.HEADER_TEXT_MAX_LENGTH
        if node.get("type") == "rich_text_quote":
            assert [set(element) for element in node["elements"]] == [{"type", "text"}]
            assert node["elements"][0]["type"] == "text"
        for option in node.get("options", ()):
            assert units(option["text"]["text"]) <= limits.OPTION_TEXT_MAX_LENGTH
            assert units(option["value"]) <= limits.OPTION_VALUE_MAX_LENGTH


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _texts(value: Any) -> Iterator[str]:
    for node in _nodes(value):
        if isinstance(node.get("text"), str):
            yield node["text"]
