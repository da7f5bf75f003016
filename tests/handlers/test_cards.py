"""What a card may say: rules that hold for every state, score, name and hour, and the words themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.actions import ACTIONS
from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.cards import Card, Form
from handlers.case import Case, State
from handlers.company import Company, People
from handlers.feedback import Band, Customer, Feedback, Metric, Moment, Person, Place
from handlers.followup.followup_card import channel_card, private_card
from handlers.followup.lines import line
from handlers.rules import Route
from handlers.situation import Situation, Tap
from handlers.team import Team
from handlers.wording.outcomes import outcomes, reasons
from handlers.wording.words import QUOTED, called, cut, deadline, short_score, took, when
from tests.conftest import FRIDAY, OSLO

ANA = Person("slack", "main", "ana", "Ana Silva", 7)
BEN = Person("slack", "main", "ben", "Ben", 8)
DANA = Customer(
    key="c-77",
    name="Dana Reyes-Quintero",
    email="dana.rq@mail.example",
    phone="+47 400 12 345",
    company="Acme",
    value=48000,
    currency="NOK",
)
LATE = "Still waiting for us"
SECRETS = ("Reyes", "Quintero", "dana.rq", "mail.example", "400 12 345", "c-77", "48,000", "orders.example")

TEAM = Team(
    name="oak-street", title="Oak Street", channels=(Place.parse("slack:C1"),), leader=(),
    hours=OpeningHours.build("always", OSLO), promise=Promise(claim=Duration.parse("4h"), close=Duration.parse("2d")),
    causes=("waiting time", "other"),
)  # fmt: skip
COMPANY = Company(
    name="N", timezone=OSLO, people=People.NAMES, teams={TEAM.name: TEAM}, routes=(Route(name="everyone", team=TEAM.name),)
)


def case(state: State = State.NEW, **more: object) -> Case:
    known = Case(
        id=42, version=1, state=state, team=TEAM.name, route="everyone", moment=Moment.RESCUE, metric=Metric.NPS, band=Band.DETRACTOR,
        score=3, scale=(0, 10), comment="Waited 45 minutes and nobody came.", touchpoint="collection",
        link="https://orders.example/o/4711", wants_contact=True, occurred_at=FRIDAY, created_at=FRIDAY,
        claim_by=FRIDAY + timedelta(hours=4), close_by=FRIDAY + timedelta(days=4), promised_at=FRIDAY, state_since=FRIDAY, customer=DANA,
    )  # fmt: skip
    if state is not State.NEW:
        known = replace(known, owner=ANA, claimed_at=FRIDAY + timedelta(minutes=5))
    if state is State.CLOSED:
        ended = FRIDAY + timedelta(hours=2, minutes=10)
        known = replace(known, contacted_at=ended, closed_at=ended, outcome="fixed", cause="other", done="Called her.")
        known = replace(known, replied_by=ANA, closed_by=ANA)
    if state is State.DISMISSED:
        known = replace(known, reason="test", closed_at=FRIDAY + timedelta(hours=1))
    return replace(known, **more)  # type: ignore[arg-type]


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=200) | st.just("Maximiliana-Alexandrina " * 8)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=600)
MOMENTS = st.integers(-3 * 24 * 60, 60 * 24 * 60).map(lambda minutes: FRIDAY + timedelta(minutes=minutes))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any case that can be in the database."""
    metric = draw(st.sampled_from(Metric))
    scored = metric is not Metric.COMMENT and draw(st.booleans())
    owner = Person("slack", "main", "u", draw(NAMES).strip(), 7)
    some = case(
        draw(st.sampled_from(State)), metric=metric, score=draw(st.integers(0, 10)) if scored else None, comment=draw(WORDS).strip(),
        touchpoint=draw(st.none() | st.text(min_size=1, max_size=200).map(lambda t: t.strip() or None)), wants_contact=draw(st.booleans()),
        earlier_low=draw(st.integers(0, 30)), outcome=draw(st.sampled_from(sorted(outcomes()))), done=draw(st.text(max_size=300)),
        reason=draw(st.sampled_from(sorted(reasons()))), contacted_at=draw(st.none() | MOMENTS), closed_at=draw(MOMENTS),
    )  # fmt: skip
    did = owner if some.state is State.CLOSED else None
    return replace(some, owner=owner if some.owner else None, replied_by=did, closed_by=did)


@given(cases(), st.sampled_from(People), MOMENTS)
def test_every_card_has_one_line_at_most_two_buttons_and_labels_that_fit_a_small_phone(
    some: Case, people: People, now: datetime
) -> None:
    card = channel_card(some, TEAM, people, now)
    assert card.plain
    assert card.headline
    assert "\n" not in card.plain
    assert "\n" not in card.headline
    assert len(card.plain.split(" “")[0]) <= 150, "what a phone shows before the quote"
    assert len(card.headline) <= 150, "what Slack takes as a header"
    assert len(card.quote) <= QUOTED
    assert len(card.buttons) <= 2
    assert all(len(text) <= 2000 for text in card.context)


@given(cases(), st.sampled_from(People), MOMENTS)
def test_every_button_of_every_card_names_a_verb_an_action_and_its_object(some: Case, people: People, now: datetime) -> None:
    for card in (channel_card(some, TEAM, people, now), private_card(some, TEAM, people, ANA, now)):
        verbs = [button.verb for button in (*card.buttons, *card.menu)]
        assert len(verbs) == len(set(verbs)), "no verb is offered twice"
        for button in (*card.buttons, *card.menu):
            assert button.verb in ACTIONS
            assert button.target == some.id
            assert 1 <= len(button.label) <= 24
            assert len(button.label) < len(button.spoken) <= 75
            assert button.label.removesuffix("…") in button.name, "who presses by voice says what they see"
            assert f"#{some.id}" in button.name[:75], "several cards have such a button"
            assert len(replace(button, target=999_999).name) <= 75, "no chat cuts it, however many cases there were"


@given(cases(), st.sampled_from(People), MOMENTS)
def test_the_state_is_in_words_at_the_beginning_of_every_headline(some: Case, people: People, now: datetime) -> None:
    words = {State.NEW: ("New", LATE), State.CLAIMED: ("Claimed", LATE), State.WAITING: ("Waiting for the customer",)}
    allowed = words.get(some.state, (some.state.value.capitalize(),))
    assert channel_card(some, TEAM, people, now).headline.split(" ·")[0] in allowed


@given(st.sampled_from(State), st.sampled_from(People), MOMENTS, st.booleans())
def test_no_card_in_a_channel_holds_what_identifies_the_customer(
    state: State, people: People, now: datetime, contacted: bool
) -> None:
    card = channel_card(case(state, contacted_at=FRIDAY if contacted else None), TEAM, people, now)
    assert not [secret for secret in SECRETS if secret in repr(card)]


@given(cases(), st.sampled_from([People.FIRST_NAMES, People.OFF]), MOMENTS)
def test_a_company_that_wants_no_full_names_gets_none(some: Case, people: People, now: datetime) -> None:
    if some.owner is None:
        return
    card = channel_card(replace(some, owner=ANA), TEAM, people, now)
    assert "Silva" not in repr(card)
    assert people is People.FIRST_NAMES or "Ana" not in repr(card)


@given(cases(), st.sampled_from(People), MOMENTS)
def test_no_word_of_a_card_depends_on_the_day_it_is_read(some: Case, people: People, now: datetime) -> None:
    bare = replace(some, comment="", touchpoint=None, done="", owner=ANA if some.owner else None)
    for card in (channel_card(bare, TEAM, people, now), private_card(bare, TEAM, people, ANA, now)):
        assert not re.search(r"\b(today|tomorrow|yesterday|now)\b", repr(card), re.IGNORECASE)


@given(cases(), MOMENTS)
def test_only_the_owner_of_an_open_case_is_shown_how_to_reach_the_customer(some: Case, now: datetime) -> None:
    for reader in (ANA, BEN):
        card = private_card(some, TEAM, People.NAMES, reader, now)
        mine = some.open and some.owner is not None and some.owner.id == reader.id
        assert ("dana.rq@mail.example" in repr(card)) == mine
        assert card.is_line == (not mine)


def test_the_plain_line_says_state_score_place_deadline_and_first_words_in_this_order() -> None:
    new = channel_card(case(), TEAM, People.NAMES, FRIDAY)
    assert new.plain == "New: 3/10 at Oak Street, needs somebody by Fri 15:00. “Waited 45 minutes and nobody came.”"
    claimed = channel_card(case(State.CLAIMED), TEAM, People.NAMES, FRIDAY)
    assert claimed.plain == "Ana Silva is replying: 3/10 at Oak Street, by Tue 11:00. “Waited 45 minutes and nobody came.”"
    closed = channel_card(case(State.CLOSED), TEAM, People.NAMES, FRIDAY)
    assert closed.plain == "Closed by Ana Silva: 3/10 at Oak Street. “Waited 45 minutes and nobody came.”"


def test_the_words_that_name_a_colleague_follow_the_companys_choice() -> None:
    headlines = [channel_card(case(State.CLAIMED), TEAM, people, FRIDAY).headline for people in People]
    assert headlines == [
        "Claimed · Ana Silva is replying · by Tue 11:00",
        "Claimed · Ana is replying · by Tue 11:00",
        "Claimed · a teammate is replying · by Tue 11:00",
    ]


def test_a_sentence_that_begins_with_a_nameless_colleague_begins_with_a_capital() -> None:
    for people in (People.OFF, People.NAMES, People.FIRST_NAMES):
        plain = channel_card(case(State.CLAIMED, owner=replace(ANA, name="")), TEAM, people, FRIDAY).plain
        assert plain[0].isupper()
        assert plain[:10] in ("A teammate", "A colleagu")


def test_a_long_comment_is_cut_at_a_word_and_the_rest_is_in_the_menu() -> None:
    card = channel_card(case(comment="word " * 200), TEAM, People.NAMES, FRIDAY)
    assert card.quote.endswith("word…")
    assert "read" in [button.verb for button in card.menu]
    assert "read" not in [button.verb for button in channel_card(case(), TEAM, People.NAMES, FRIDAY).menu]


def test_a_comment_without_a_single_space_is_cut_all_the_same() -> None:
    card = channel_card(case(comment="x" * 5000), TEAM, People.NAMES, FRIDAY)
    assert len(card.quote) == QUOTED
    assert card.plain.endswith("xxx…”")


def test_a_customer_who_said_nothing_is_quoted_with_nothing() -> None:
    card = channel_card(case(comment=""), TEAM, People.NAMES, FRIDAY)
    assert card.quote == ""
    assert card.plain == "New: 3/10 at Oak Street, needs somebody by Fri 15:00."


@given(st.text(max_size=400), st.integers(2, 300))
def test_what_is_cut_fits_and_what_fits_is_not_cut(text: str, length: int) -> None:
    short = cut(text, length)
    assert len(short) <= length
    assert (short == text.strip()) == (len(text.strip()) <= length)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)), st.integers(-9000, 9000))
def test_a_time_names_its_date_where_the_weekday_could_mean_another_week(now: datetime, hours: int) -> None:
    at = now + timedelta(hours=hours)
    said = when(at, OSLO, now)
    apart = abs((at.astimezone(OSLO).date() - now.astimezone(OSLO).date()).days)
    assert said.startswith(at.astimezone(OSLO).strftime("%a"))
    assert said.endswith(at.astimezone(OSLO).strftime("%H:%M"))
    assert apart < 7 or str(at.astimezone(OSLO).day) in said.split()


def test_a_deadline_that_is_over_names_its_date_where_the_weekday_could_be_a_coming_one() -> None:
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=OSLO)
    said = [deadline(monday + timedelta(days=days), OSLO, monday) for days in (-7, -5, -2, -1, 0, 2, 5, 6)]
    assert said == [
        "Mon 16 Nov 09:00", "Wed 18 Nov 09:00", "Sat 21 Nov 09:00", "Sun 09:00", "Mon 09:00", "Wed 09:00", "Sat 09:00", "Sun 29 Nov 09:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-50, "less than a minute"), (0, "less than a minute"), (59, "1 min"), (3599, "1 h"), (3600, "1 h"), (7800, "2 h 10 min"), (36000 + 600, "10 h"), (36000 + 3540, "11 h"), (23 * 3600 + 3540, "1 day"),
     (86399, "1 day"), (86400, "1 day"), (3 * 86400, "3 days")],
)  # fmt: skip
def test_a_span_is_told_as_a_person_would(seconds: int, words: str) -> None:
    assert took(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("metric", "score", "scale", "words", "short"),
    [
        (Metric.NPS, 3, (0, 10), "NPS 3 of 10", "3/10"),
        (Metric.STARS, 2, (1, 5), "2 of 5 stars", "2/5"),
        (Metric.CSAT, 2.5, (1, 5), "satisfaction 2.5 of 5", "2.5/5"),
        (Metric.CES, 6, (7, 1), "effort score 6 of 7", "6/7"),
        (Metric.COMMENT, None, (0, 10), "no score", "no score"),
    ],
)
def test_a_score_is_told_with_the_top_of_its_scale(
    metric: Metric, score: float | None, scale: tuple[float, float], words: str, short: str
) -> None:
    some = case(metric=metric, score=score, scale=scale)
    assert f" · {words} · Oak Street · " in channel_card(some, TEAM, People.NAMES, FRIDAY).headline
    assert private_card(replace(some, state=State.CLAIMED, owner=ANA), TEAM, People.NAMES, ANA, FRIDAY).context[0].startswith(words)
    assert short_score(some) == short


def forms() -> Iterator[Form]:
    for verb, decide in ACTIONS.items():
        for state in State:
            some = case(state)
            decision = decide(Situation(some, TEAM, COMPANY, ANA, Tap(verb, 42, ANA, FRIDAY)))
            if isinstance(form := getattr(decision, "form", None), Form):
                yield form


def test_every_form_names_its_fields_and_says_what_a_missing_answer_means() -> None:
    assert {form.verb for form in forms()} == {"close", "dismiss", "hand_over", "lost", "note", "raise", "snooze", "wait"}
    for form in forms():
        assert 1 <= len(form.title) <= 24
        assert 1 <= len(form.submit) <= 24
        for field in form.fields:
            assert field.label
            assert field.error or not field.required
            assert all(1 <= len(label) <= 75 and 1 <= len(value) <= 150 for value, label in field.options)


def test_a_label_with_an_ellipsis_opens_a_form_and_no_other_does() -> None:
    opening = {form.verb for form in forms()}
    for state in State:
        card = channel_card(case(state), TEAM, People.NAMES, FRIDAY)
        for button in (*card.buttons, *card.menu):
            assert button.label.endswith("…") == (button.verb in opening), button


def test_closing_takes_at_most_three_answers() -> None:
    (form,) = {form for form in forms() if form.verb == "close"}
    assert len(form.fields) <= 3


MORNING = (FRIDAY, TEAM.hours.zone)


@pytest.mark.parametrize("verb", ["release", "hand_over", "close", "dismiss", "reopen", "undone", "note", "updated"])
@pytest.mark.parametrize("people", People)
def test_every_act_that_is_told_has_a_sentence_that_stands_alone(verb: str, people: People) -> None:
    card = line(verb, ANA, {"outcome": "fixed", "done": "Called.", "reason": "test", "note": "At the till."}, BEN, people, *MORNING)
    assert card.is_line
    assert card.plain[0].isupper()
    assert card.plain.rstrip()[-1] in ".?"
    assert people is People.NAMES or "Silva" not in card.plain
    assert card == Card(plain=card.plain)


def test_a_person_named_only_by_spaces_is_a_colleague() -> None:
    for people in (People.NAMES, People.FIRST_NAMES):
        assert called(Person("slack", "main", "u", "   "), people) == "a colleague"


def test_a_comment_of_many_lines_is_one_line_on_the_phone() -> None:
    said = Feedback(id="r", metric=Metric.NPS, score=1, comment="One.\n\n  Two.\tThree.").comment
    assert channel_card(case(comment=said), TEAM, People.NAMES, FRIDAY).plain.endswith("“One. Two. Three.”")
