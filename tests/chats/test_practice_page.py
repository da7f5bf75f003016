"""The practice page as a browser without scripts meets it: plain HTML, links, forms and redirects."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from bot.chats import ChatServices, Posted, Refused, connect
from bot.chats.msteams import adaptive
from bot.chats.practice import Options, html, page
from bot.chats.practice.extras import Channel, Extras
from bot.chats.practice.listen import HERE
from bot.chats.practice.people import member
from bot.chats.practice.speak import Practice
from handlers.cards import Ask, Button, Card, Field, Form, Reply, Style, There
from handlers.feedback import FieldError, Person, Place
from handlers.situation import Tap
from storage.database import Store
from tests.plain_browser import Page, Sent

pytestmark = pytest.mark.anyio

OAK = Place("practice", "main", "oak-street")
AT = datetime(2026, 11, 20, 8, 10, tzinfo=UTC)
NEW = Card(
    plain="New: 3/10 at Oak Street, needs somebody by Fri 13:05. “Waited 45 minutes”",
    headline="New · NPS 3 of 10 · Oak Street · needs somebody by Fri 13:05",
    quote="Waited 45 minutes & nobody <b>came</b>.",
    context=("collection · Fri 09:05",),
    buttons=(
        Button("claim", "I'll reply", 42, "I'll reply to this customer", Style.PRIMARY),
        Button("dismiss", "Not a problem…", 42, "This is not a customer problem, say why"),
    ),
    menu=(Button("read", "Read all of it", 42),),
    footer="#42 · everyone else",
)
CLAIMED = replace(
    NEW,
    plain="Ana is replying: 3/10 at Oak Street, by Fri 17:00. “Waited 45 minutes”",
    headline="Claimed · Ana is replying · by Fri 17:00",
    buttons=(Button("close", "Done…", 42, "Close this follow-up", Style.PRIMARY), Button("hand_over", "Hand over…", 42)),
)
CLOSE = Form(
    "close",
    42,
    "How did it end?",
    "Three answers.",
    "Close it",
    (
        Field(
            "outcome", "Outcome", Ask.CHOICE, (("fixed", "Fixed"), ("partly", "Partly fixed")), error="Please choose how it ended."
        ),
        Field("done", "What did we do?", Ask.TEXT, max_length=300, error="Please say what we did."),
    ),
)
HAND_OVER = Form(
    "hand_over", 42, "Hand over", "A good act.", "Hand over", (Field("to", "Who?", Ask.PERSON, error="Choose somebody."),)
)


@dataclass
class Stage:
    """A practice chat on a real database, and a little house that answers presses from a script and remembers them."""

    chat: Practice
    client: httpx.AsyncClient
    now: datetime = AT
    taps: list[Tap] = field(default_factory=list)
    words: list[tuple[str, Person, Place]] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    pushed: list[tuple[str, str]] = field(default_factory=list)
    card: Posted | None = None

    async def tap(self, tap: Tap) -> Reply:
        self.taps.append(tap)
        if tap.answers is None and tap.verb in ("close", "hand_over"):
            return Reply(form=CLOSE if tap.verb == "close" else HAND_OVER)
        if tap.verb == "read":
            return Reply("First line.\nSecond line.")
        if tap.verb == "claim" and self.card is not None:
            await self.chat.edit(self.card, OAK, CLAIMED)
            await self.chat.post(tap.person.place, Card(plain="You are replying to Dana, dana@example.com"), "private:42:1")
        return Reply("It is yours now." if tap.verb == "claim" else "Saved.")

    async def command(self, word: str, person: Person, place: Place) -> Reply:
        self.words.append((word, person, place))
        return Reply("One customer waits for you.", cards=(CLAIMED,))

    async def send_feedback(self, said: dict[str, Any]) -> str:
        if said.get("score") == 4:
            raise FieldError("customer.email", "is not an address")
        self.heard.append(said)
        return "Thank you. The team has just been told."

    async def push(self, to: str, channel: str) -> str:
        self.pushed.append((to, channel))
        return "It is now Monday, 9:00."

    async def get(self, **query: str) -> Page:
        return await self.look("/" + (f"?{urlencode(query)}" if query else ""))

    async def look(self, url: str) -> Page:
        response = await self.client.get(url)
        assert response.status_code == 200, response.text
        return Page.read(response.text)

    async def send(self, form: Sent, **answers: str) -> Page:
        """Send a form as a browser does: its hidden fields, what was answered, and then where it leads."""
        response = await self.client.post(form.action, data=form.fields | answers)
        assert response.status_code == 303, response.text
        return await self.look(response.headers["location"])


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    held: list[Stage] = []

    async def tap(tap: Tap) -> Reply:
        return await held[0].tap(tap)

    async def command(word: str, person: Person, place: Place) -> Reply:
        return await held[0].command(word, person, place)

    services = ChatServices(tap=tap, command=command, now=lambda: held[0].now, store=store, deadline=5)
    chat = connect("practice", Options(), services)
    assert isinstance(chat, Practice)
    await chat.start()
    transport = httpx.ASGITransport(Starlette(routes=list(chat.routes())))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8080") as client:
        one = Stage(chat, client)
        held.append(one)
        chat.offer(
            Extras(
                channels=lambda: [Channel("oak-street", "Oak Street")],
                send_feedback=one.send_feedback,
                push_clock=one.push,
                payloads={
                    "Slack": lambda card: {"text": card.plain, "blocks": [{"type": "header", "text": card.headline}]},
                    "Microsoft Teams": adaptive.message,
                },
            )
        )
        one.card = await chat.post(OAK, NEW, "card:42")
        yield one
    await chat.stop()


async def test_the_badge_counts_private_messages_that_came_since_this_person_looked(stage: Stage) -> None:
    def badge(page: Page) -> str:
        return " ".join(re.findall(r'<span class="count">(\d+)<', page.source))

    for n in (1, 2):
        await stage.chat.post(Place("practice", "main", "ana"), Card(plain=f"For Ana, {n}."), f"private:{n}")
    assert badge(await stage.look("/?as=ana")) == "2"
    assert badge(await stage.look("/?as=ana&view=private")) == ""
    assert badge(await stage.look("/?as=ana")) == ""
    await stage.chat.post(Place("practice", "main", "ana"), Card(plain="For Ana, 3."), "private:3")
    assert badge(await stage.look("/?as=ana")) == "1"
    assert badge(await stage.look("/?as=ben")) == ""


async def test_everything_the_chat_holds_is_plain_html_before_anybody_is_chosen(stage: Stage) -> None:
    await stage.chat.post(OAK, Card(plain="Ana notes: rang twice."), "line:7", thread=stage.card)
    seen = await stage.get()
    for words in (
        "New",
        "NPS 3 of 10 · Oak Street · needs somebody by Fri 13:05",
        "collection",
        "#42 · everyone else",
        "Ana notes: rang twice.",
    ):
        assert words in seen.said
    assert "Who are you?" in seen.said


async def test_how_to_reach_a_customer_is_a_link_where_it_is_a_number_or_an_email_and_else_text(stage: Stage) -> None:
    ways = ("Dana <b>Reyes</b>", "+47 400 12 345", "dana@mail.example", "javascript:alert(1)", '"><a href="https://evil.example">x')
    await stage.chat.post(OAK, replace(CLAIMED, reach=ways), "card:43")
    seen = await stage.get()
    assert all(way in seen.said for way in ways)
    led = [str(has["href"]) for name, has in seen.tags if name == "a" and ":" in str(has.get("href", ""))]
    assert set(led) == {"tel:+4740012345", "mailto:dana@mail.example"}


async def test_an_edited_card_shows_its_new_face_and_no_longer_the_old_one(stage: Stage) -> None:
    assert stage.card is not None
    await stage.chat.edit(stage.card, OAK, CLAIMED)
    seen = await stage.get()
    assert "Ana is replying" in seen.said
    assert "needs somebody by" not in seen.said
    assert "edited" in seen.said


async def test_a_claim_takes_one_link_and_one_button_without_scripts(stage: Stage) -> None:
    ana = (await stage.get()).links["Ana"]
    seen = await stage.send((await stage.look(ana)).form("I'll reply"))
    assert "Ana is replying" in seen.said
    assert "Only you see this: It is yours now." in seen.said
    assert "dana@example.com" in seen.said
    (tap,) = stage.taps
    assert (tap.verb, tap.target, tap.person.user_id, tap.answers) == ("claim", 42, "ana", None)
    assert tap.person == replace(tap.person, chat="practice", workspace="main", name="Ana", email="ana@northwind.example")


async def test_whoever_presses_without_a_name_is_asked_and_the_press_happens_as_the_one_they_choose(stage: Stage) -> None:
    asked = await stage.send((await stage.get()).form("I'll reply"))
    assert stage.taps == []
    who = next(one for one in asked.forms if any(button.get("name") == "as" for button in one.buttons))
    seen = await stage.send(who, **{"as": "ben"})
    assert [(tap.verb, tap.person.user_id) for tap in stage.taps] == [("claim", "ben")]
    assert "It is yours now." in seen.said


async def test_closing_asks_its_questions_and_sends_the_answers(stage: Stage) -> None:
    assert stage.card is not None
    await stage.chat.edit(stage.card, OAK, CLAIMED)
    asked = await stage.send((await stage.get(**{"as": "ana"})).form("Done…"))
    assert "How did it end?" in asked.said
    seen = await stage.send(asked.form("Close it"), **{"answer.outcome": "fixed", "answer.done": "Rang her."})
    assert stage.taps[-1].answers == {"outcome": "fixed", "done": "Rang her."}
    assert "Saved." in seen.said
    assert "How did it end?" not in seen.said


async def test_a_blank_answer_is_named_at_its_field_and_what_was_typed_stays(stage: Stage) -> None:
    asked = await stage.send((await stage.get(**{"as": "ana"})).form("I'll reply"))
    asked = await stage.send(asked.form("Done…"))
    again = await stage.send(asked.form("Close it"), **{"answer.done": "Rang <her>."})
    assert "Please choose how it ended." in again.said
    assert "Please say what we did." not in again.said
    assert "Rang <her>." in again.said
    assert stage.taps[-1].answers is None, "nothing reaches the house before the form is complete"


async def test_a_reload_keeps_the_form_that_was_opened(stage: Stage) -> None:
    form = (await stage.get(**{"as": "ana"})).form("I'll reply")
    form.fields["verb"] = "close"
    response = await stage.client.post(form.action, data=form.fields)
    for _ in range(2):
        assert "How did it end?" in (await stage.look(response.headers["location"])).said


async def test_a_colleague_chosen_in_a_form_arrives_as_a_person(stage: Stage) -> None:
    assert stage.card is not None
    await stage.chat.edit(stage.card, OAK, CLAIMED)
    asked = await stage.send((await stage.get(**{"as": "ana"})).form("Hand over…"))
    values = [has["value"] for tag, has in asked.tags if tag == "input" and has.get("name") == "answer.to"]
    assert values == ["ana", "ben", "lea", "omar", "ida", "kim"], "a leader may choose themselves"
    await stage.send(asked.form("Hand over"), **{"answer.to": "lea"})
    lea = member("lea")
    assert lea is not None
    assert stage.taps[-1].people == {"to": lea.person}


async def test_a_long_private_answer_opens_over_the_page(stage: Stage) -> None:
    seen = await stage.send((await stage.get(**{"as": "ana"})).form("Read all of it"))
    assert "First line. Second line." in seen.said
    assert any(has.get("role") == "dialog" for _, has in seen.tags)


def test_only_a_word_of_state_stands_apart_and_never_a_sentence_with_a_name_in_it() -> None:
    new = html.loose(Card(plain="", headline="New · NPS 3 of 10 · Oak Street · needs somebody by Fri 13:05"))
    mine = html.loose(Card(plain="", headline="You are replying to Nora Vik · by Mon 09:05"))
    assert (new.state, new.rest) == ("New", "NPS 3 of 10 · Oak Street · needs somebody by Fri 13:05")
    assert (mine.state, mine.rest) == ("You are replying to Nora Vik · by Mon 09:05", "")


async def test_private_messages_are_read_by_their_own_person_only(stage: Stage) -> None:
    await stage.chat.post(Place("practice", "main", "ana"), Card(plain="Dana: dana@example.com"), "private:42:1")
    assert "dana@example.com" in (await stage.get(**{"as": "ana"})).said
    for other in ({}, {"as": "ben"}, {"as": "ben", "view": "private"}, {"as": "ben", "post": "2"}):
        assert "dana@example.com" not in (await stage.get(**other)).source


async def test_the_panel_shows_the_exact_slack_payload_and_the_plain_line_of_the_selected_card(stage: Stage) -> None:
    assert stage.card is not None
    seen = await stage.get(post=stage.card.id)
    payload = {"text": NEW.plain, "blocks": [{"type": "header", "text": NEW.headline}]}
    assert " ".join(json.dumps(payload, indent=2, ensure_ascii=False).split()) in seen.said
    assert NEW.plain in seen.said


async def test_the_panel_shows_what_microsoft_teams_would_get_under_a_heading_of_its_own(stage: Stage) -> None:
    assert stage.card is not None
    seen = await stage.get(post=stage.card.id)
    assert "What Slack gets" in seen.said
    assert "What Microsoft Teams gets" in seen.said
    assert " ".join(json.dumps(adaptive.message(NEW), indent=2, ensure_ascii=False).split()) in seen.said


async def test_a_customer_is_heard_through_the_real_intake(stage: Stage) -> None:
    seen = await stage.send(
        (await stage.get()).form("Send as a customer"),
        score="3",
        comment="Cold coffee.",
        name="Dana Reyes",
        email="dana@example.com",
        touchpoint="counter",
        wants_contact="yes",
    )
    (said,) = stage.heard
    assert said.pop("id")
    assert said == {
        "metric": "nps",
        "score": 3,
        "comment": "Cold coffee.",
        "occurred_at": AT.isoformat(),
        "customer": {"name": "Dana Reyes", "email": "dana@example.com"},
        "tags": ["oak-street"],
        "touchpoint": "counter",
        "wants_contact": True,
    }
    assert "Thank you. The team has just been told." in seen.said


async def test_an_empty_channel_of_a_team_that_is_closed_says_when_a_card_appears(stage: Stage) -> None:
    stage.chat.offer(
        replace(stage.chat.extras, channels=lambda: [Channel("elm", "Elm"), Channel("oak", "Oak", closed="Oak opens.")])
    )
    assert "Nothing here yet. Send feedback as a customer, and a card appears." in (await stage.get(channel="elm")).said
    assert "Nothing here yet. Send feedback as a customer. Oak opens." in (await stage.get(channel="oak")).said


@pytest.mark.parametrize("root", ["9" * 20, "9" * 5000, "-1", "x"])
async def test_words_in_a_thread_that_there_is_none_of_are_answered_with_the_page(stage: Stage, root: str) -> None:
    response = await stage.client.post("/practice/reply", data={"as": "ana", "root": root, "words": "Hello."})
    assert response.status_code == 303


async def test_words_without_a_score_are_a_comment_and_neither_is_asked_for_again(stage: Stage) -> None:
    form = (await stage.get()).form("Send as a customer")
    await stage.send(form, comment="Just so you know.")
    assert stage.heard[0]["metric"] == "comment"
    assert "score" not in stage.heard[0]
    seen = await stage.send(form, name="Dana")
    assert "choose a score, or write a few words" in seen.said
    assert 'value="Dana"' in seen.source


async def test_feedback_that_cannot_be_read_says_what_to_change_and_keeps_the_words(stage: Stage) -> None:
    seen = await stage.send((await stage.get()).form("Send as a customer"), score="4", comment="Meh.")
    assert "customer.email is not an address" in seen.said
    assert "Meh." in seen.said


async def test_the_clock_has_four_buttons_and_is_pushed_for_the_channel_in_view(stage: Stage) -> None:
    form = (await stage.get(**{"as": "kim"})).form("+1 hour")
    assert [button["label"] for button in form.buttons] == ["+1 hour", "To the deadline", "To closing time", "To Monday 9:00"]
    for button in form.buttons:
        seen = await stage.send(form, to=button["value"])
        assert "It is now Monday, 9:00." in seen.said
    assert stage.pushed == [(to, "oak-street") for to in ("hour", "deadline", "closing", "monday")]


async def test_a_clock_that_runs_in_real_time_offers_nothing_to_push(stage: Stage) -> None:
    form = (await stage.get()).form("+1 hour")
    stage.chat.offer(Extras())
    assert "+1 hour" not in (await stage.get()).said
    assert "cannot be pushed" in (await stage.send(form, to="hour")).said


async def test_a_typed_word_is_answered_privately(stage: Stage) -> None:
    seen = await stage.send((await stage.get(**{"as": "ana"})).form("Send"), word="/hero mine")
    ((word, person, place),) = stage.words
    assert (word, person.user_id, place) == ("mine", "ana", OAK)
    assert "One customer waits for you." in seen.said
    assert "Only you see this" in seen.said


async def test_the_live_part_is_sent_only_when_something_changed(stage: Stage) -> None:
    seen = next(has["value"] for _, has in (await stage.get()).tags if has.get("name") == "seen")
    path = f"/practice/channel?channel=oak-street&seen={seen}"
    assert (await stage.client.get(path)).status_code == 204
    stage.now += timedelta(minutes=1)
    assert (await stage.client.get(path)).status_code == 200, "the page has a clock on it"
    stage.now -= timedelta(minutes=1)
    assert stage.card is not None
    await stage.chat.edit(stage.card, OAK, CLAIMED)
    changed = await stage.client.get(path)
    assert changed.status_code == 200
    assert "Ana is replying" in changed.text
    assert "<html" not in changed.text


async def test_older_messages_are_one_link_away(stage: Stage) -> None:
    for n in range(page.SHOWN + 1):
        await stage.chat.post(OAK, Card(plain=f"Line number {n}."), f"more:{n}")
    seen = await stage.get()
    assert "needs somebody by" not in seen.said
    assert "needs somebody by" in (await stage.look(seen.links["Show earlier messages"])).said


async def test_a_link_leads_to_a_message_however_far_up_it_is_and_shows_the_newest_where_it_is_among_them(stage: Stage) -> None:
    assert stage.card is not None
    path, _, anchor = stage.chat.link(Place("practice", "main", "ana"), stage.card).partition("#")
    assert "before=" not in (await stage.look(path)).source
    for n in range(page.SHOWN + 1):
        await stage.chat.post(OAK, Card(plain=f"Line number {n}."), f"more:{n}")
    seen = await stage.look(path)
    assert ("article", anchor) in [(tag, has.get("id")) for tag, has in seen.tags]
    assert "Back to the newest messages" in seen.links
    assert f"Line number {page.SHOWN}." not in seen.said


async def test_what_another_chat_gets_holds_no_link_of_this_page(stage: Stage) -> None:
    assert stage.card is not None
    ana = Place("practice", "main", "ana")
    there = There(stage.card.channel, stage.card.id, stage.chat.link(ana, stage.card))
    private = await stage.chat.post(ana, replace(CLAIMED, there=there), "private:42:1")
    seen = await stage.get(**{"as": "ana", "view": "private", "post": private.id})
    assert seen.below(f"m-{private.id}")["Open in the channel"] == [there.url]
    assert "Open in the channel" not in seen.source.partition('id="behind"')[2]


def test_a_card_that_was_stored_before_cards_led_anywhere_can_still_be_read() -> None:
    older = {name: value for name, value in html.pack(NEW).items() if name not in ("follow_up", "there")}
    assert html.unpack(older) == NEW


async def test_the_same_key_is_one_message_however_often_it_is_posted(stage: Stage) -> None:
    assert await stage.chat.post(OAK, CLAIMED, "card:42") == stage.card
    assert await stage.chat.find(OAK, "card:42", AT) == stage.card
    assert await stage.chat.find(OAK, "card:4", AT) is None


async def test_a_message_that_does_not_exist_can_neither_be_edited_nor_answered(stage: Stage) -> None:
    for gone in (Posted("oak-street", "999"), Posted("oak-street", "not a number")):
        with pytest.raises(Refused, match="no message"):
            await stage.chat.edit(gone, OAK, NEW)
        with pytest.raises(Refused, match="no message"):
            await stage.chat.post(OAK, NEW, f"card:{gone.id}", thread=gone)


async def test_people_have_names_and_addresses_and_strangers_have_none(stage: Stage) -> None:
    lea = await stage.chat.profile(Person("practice", "main", "lea"))
    assert lea is not None
    assert (lea.name, lea.email) == ("Lea", "lea@northwind.example")
    assert await stage.chat.profile(Person("practice", "main", "nobody")) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": ""},
        {"host": "[bad"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_a_form_from_elsewhere_is_refused(stage: Stage, headers: dict[str, str]) -> None:
    form = (await stage.get(**{"as": "ana"})).form("I'll reply")
    response = await stage.client.post(form.action, data=form.fields, headers=headers)
    assert response.status_code == 403
    assert stage.taps == []


async def test_a_foreign_name_for_this_computer_reads_nothing(stage: Stage) -> None:
    for path in ("/", "/practice/channel"):
        assert (await stage.client.get(path, headers={"host": "evil.example"})).status_code == 403
    for host in ("localhost:8080", "[::1]:8080", "127.0.0.1"):
        assert (await stage.client.get("/", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded"])
async def test_what_came_through_a_proxy_reads_nothing_whatever_host_it_asks_for(stage: Stage, name: str) -> None:
    for path in ("/", "/practice/channel"):
        refused = await stage.client.get(path, headers={"host": "localhost", name: "203.0.113.9"})
        assert (refused.status_code, "came through a proxy" in refused.text) == (403, True)


async def test_the_page_runs_no_script_and_takes_no_style_but_its_own_files(stage: Stage) -> None:
    response = await stage.client.get("/?as=ana")
    policy = response.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    for tag, has in Page.read(response.text).tags:
        assert tag != "style"
        assert "style" not in has
        assert not [name for name in has if name.startswith(("on", "hx-on"))]
        if tag == "script":
            assert (await stage.client.get(has["src"])).status_code == 200
        if tag == "link":
            assert (await stage.client.get(has["href"])).status_code == 200


async def test_ids_on_the_page_are_unique(stage: Stage) -> None:
    ids = [has["id"] for _, has in (await stage.get(**{"as": "ana", "post": "1"})).tags if "id" in has]
    assert len(ids) == len(set(ids))


async def test_nonsense_in_the_address_shows_the_page_all_the_same(stage: Stage) -> None:
    await stage.get(**{"as": "<b>", "channel": "nowhere", "view": "?", "post": "9" * 40, "before": "-1", "said": "x"})
    await stage.get(post="²")


words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=200)


@settings(max_examples=60, deadline=None)
@given(quote=words)
def test_no_words_of_a_customer_ever_become_markup(quote: str) -> None:
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(HERE / "templates"), autoescape=True)
    card = replace(NEW, quote=quote, headline=f"New · {quote}", footer=quote)
    shown = templates.from_string('{% import "parts.html" as parts %}{{ parts.body(message, looking, "c-1") }}')
    seen = Page.read(shown.render(message=html.loose(card), looking=page.Looking()))
    assert seen.quote == quote
    plain = Page.read(shown.render(message=html.loose(NEW), looking=page.Looking()))
    assert {tag for tag, _ in seen.tags} == {tag for tag, _ in plain.tags}


@given(quote=words, plain=words, menu=st.booleans())
def test_a_card_survives_being_stored(quote: str, plain: str, *, menu: bool) -> None:
    there = There("oak-street", "1", "/?to=1#c-1") if menu else None
    card = replace(NEW, quote=quote, plain=plain, menu=NEW.menu if menu else (), follow_up=1, there=there)
    assert html.unpack(json.loads(json.dumps(html.pack(card)))) == card
