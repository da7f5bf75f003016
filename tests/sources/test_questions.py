"""Whom and what an answer names: questions left blank, answers in words, and tools that number their customers themselves."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from bot import sources
from bot.listening.reading import as_yes_or_no
from handlers.arrivals.customers import know
from handlers.feedback import Customer, Feedback, FieldError
from tests.conftest import Shop

KNOWN = "dana@example.com"
HALF = "\ud800"
"""The first half of a letter that UTF-16 writes in two: JSON can hold it alone, and no text can."""
GOOGLE = '{"client_email": "a@b.iam.gserviceaccount.com", "private_key": "k", "token_uri": "https://oauth2.googleapis.com/token"}'


def read(kind: str, questions: dict[str, str], payload: Any, **options: Any) -> Feedback:
    folder = sources.load(kind)
    secret = "whsec_c2VjcmV0" if kind == "formbricks" else "a secret"
    [feedback] = folder.parse(payload, folder.Options.model_validate({"secret": secret, "questions": questions, **options}))
    return feedback


def typeform(*answers: Any) -> Feedback:
    said = [{"type": "number", "number": 2, "field": {"ref": "q1"}}, *answers]
    form = {"token": "t1", "submitted_at": "2026-11-20T09:00:00Z", "hidden": {"email": KNOWN}, "answers": said}
    payload = {"event_type": "form_response", "form_response": form}
    return read("typeform", {"score": "q1", "email": "q3", "wants_contact": "q4"}, payload, hidden={"email": "email"})


def formbricks(blank: Any = None) -> Feedback:
    data = {"q1": 2, "q3": blank} if blank is not None else {"q1": 2}
    known = {"contact": {"userId": "c1"}, "contactAttributes": {"email": KNOWN}}
    payload = {"event": "responseFinished", "data": {"id": "1", "createdAt": "2026-11-20T09:00:00Z", "data": data, **known}}
    return read("formbricks", {"score": "q1", "email": "q3"}, payload)


def google_forms(blank: Any = None, wants_contact: Any = None) -> Feedback:
    answers = {"How?": "2", "Another address?": blank, "May we call?": wants_contact}
    questions = {"score": "How?", "email": "Another address?", "wants_contact": "May we call?"}
    return read("google_forms", questions, {"id": "1", "email": KNOWN, "answers": answers})


def qualtrics(blank: Any = None) -> Feedback:
    values = {"QID1": 2, "QID3_TEXT": blank, "recipientEmail": KNOWN, "recipientFirstName": "Dana"}
    asked = {"score": "QID1", "email": "QID3_TEXT", "name": "QID4_TEXT"}
    options = {"token": "t", "api_url": "https://x.example/", "survey": "SV_1"}
    return read("qualtrics_events", asked, {"result": {"responseId": "R_1", "values": values}}, **options)


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_question_left_blank_leaves_what_the_tool_knows_of_the_customer(blank: str | None) -> None:
    for said in (typeform(), formbricks(blank), google_forms(blank), qualtrics(blank)):
        assert said.customer.email == KNOWN
    assert qualtrics().customer.name == "Dana"


def test_a_question_that_was_answered_wins_over_what_the_tool_knows() -> None:
    answer = {"type": "email", "email": "work@example.com", "field": {"ref": "q3"}}
    for said in (typeform(answer), formbricks("work@example.com"), google_forms("work@example.com"), qualtrics("work@example.com")):
        assert said.customer.email == "work@example.com"


@pytest.mark.parametrize("word", [
    *("Yes", "Ja", "Oui", "Sí, por favor", "Yes, please", "after 5 pm", "y", "1", ["Yes"], True, 1),
    *("Yes, no problem", "Ja, kein Problem", "Call me, no rush", "Ring meg, ikke mail", "Bel me nu", "Please", "I do", "Please call"),
    *("Please don't hesitate to call me", "I do not mind", "I wouldn't mind a call", "I will not be home before 5, call after that"),
    *("Please, not before 9am", "Bitte nicht vor 9 Uhr anrufen", "Bitte nicht zögern"),
    *("Ich möchte bitte einen Anruf", "Auf jeden Fall", "Je veux bien", "Tak", "Proszę dzwonić na 555"),
])  # fmt: skip
def test_whoever_asks_to_be_called_is_heard_in_any_language(word: object) -> None:
    assert google_forms(wants_contact=word).wants_contact


@pytest.mark.parametrize(
    "word",
    [
        "No",
        "Nei",
        "nein, danke",
        "Non merci",
        "нет",
        "0",
        "false",
        "n",
        "off",
        "never",
        "Don't call me",
        "Kein Kontakt",
        "Keine",
        "Keinen Anruf, bitte",
        "Geen contact",
        "Ingen kontakt",
        "Inga samtal",
        "Please do not call me",
        "I don't want to",
        "I'd rather not",
        "We would prefer not to be called",
        "Thank you, no",
        "Bitte nicht anrufen",
        "Ich möchte keinen Anruf",
        "Auf keinen Fall",
        "Liever niet",
        "Merci de ne pas m'appeler",
        "S'il vous plaît, non",
        "Por favor, no",
        "Jeg vil helst ikke",
        "Tack, nej",
        "Proszę nie dzwonić",
        [],
        ["Nei"],
        "",
        "–",
        None,
        False,
    ],
)
def test_whoever_declines_to_be_called_or_says_nothing_is_not(word: object) -> None:
    assert not google_forms(wants_contact=word).wants_contact


def test_a_choice_is_read_by_its_label_and_ticked_boxes_by_theirs() -> None:
    for chosen in ({"type": "choice", "choice": {"label": "Ja"}}, {"type": "choices", "choices": {"labels": ["Call me"]}}):
        assert typeform(chosen | {"field": {"ref": "q4"}}).wants_contact


def chosen_why(kind: str, choice: dict[str, Any]) -> str:
    answer = {"type": kind, kind: choice, "field": {"ref": "q5"}}
    said = [{"type": "number", "number": 2, "field": {"ref": "q1"}}, answer]
    form = {"token": "t1", "submitted_at": "2026-11-20T09:00:00Z", "answers": said}
    return read("typeform", {"score": "q1", "comment": "q5"}, {"event_type": "form_response", "form_response": form}).comment


def test_what_a_customer_types_under_other_and_every_box_they_tick_is_read_in_typeform() -> None:
    assert chosen_why("choice", {"other": "Waited 45 minutes."}) == "Waited 45 minutes."
    assert chosen_why("choices", {"labels": ["Slow", "Rude"], "other": "Cold soup."}) == "Slow, Rude, Cold soup."
    assert chosen_why("choices", {"ids": ["other"], "other": "Cold soup."}) == "Cold soup."


def test_what_is_typed_under_other_stands_for_no_score_and_is_still_words() -> None:
    answer = {"type": "choice", "choice": {"other": "Neither good nor bad."}, "field": {"ref": "q1"}}
    form = {"token": "t1", "submitted_at": "2026-11-20T09:00:00Z", "answers": [answer]}
    payload = {"event_type": "form_response", "form_response": form}
    said = read("typeform", {"score": "q1", "comment": "q1"}, payload, metric="csat", answers={"bad": 1})
    assert (said.score, said.comment) == (None, "Neither good nor bad.")


def test_several_ticked_boxes_are_words_in_every_tool_that_sends_a_list_of_them() -> None:
    data = {"id": "1", "createdAt": "2026-11-20T09:00:00Z", "data": {"q1": 2, "q2": ["Slow", "Rude"]}}
    by_formbricks = read("formbricks", {"score": "q1", "comment": "q2"}, {"event": "responseFinished", "data": data})
    asked = {"score": "How?", "comment": "Why?", "touchpoint": "Where?"}
    answers = {"How?": "2", "Why?": ["Slow", "Rude"], "Where?": []}
    by_google = read("google_forms", asked, {"id": "1", "answers": answers})
    assert (by_formbricks.comment, by_google.comment, by_google.touchpoint) == ("Slow, Rude", "Slow, Rude", None)


def test_a_list_that_is_no_list_of_words_is_refused_by_its_question() -> None:
    for odd in ([{"a": 1}], [["Slow"]], [True]):
        with pytest.raises(FieldError, match=r"answers\.Why"):
            read("google_forms", {"score": "How?", "comment": "Why?"}, {"id": "1", "answers": {"How?": "2", "Why?": odd}})


def test_what_is_no_answer_to_a_question_stays_as_it_is_and_is_refused_later() -> None:
    assert as_yes_or_no({"call": "me"}) == {"call": "me"}


def numbered(kind: str, number: str, email: str | None) -> Feedback:
    person = {"id": number, "email": email}
    payload: dict[str, Any] = {
        "asknicely": {"question": {"id": "1", "score": "2"}, "person": person},
        "delighted": {
            "event_type": "survey_response.created",
            "event_data": {"id": "1", "survey_type": "nps", "score": 2, "person": person},
        },
        "simplesat": {"id": 5, "created": "2026-11-20T09:00:00Z", "choice": "bad", "customer": person},
        "hubspot": {
            "id": "1",
            "properties": {"hs_value": "2", "hs_survey_type": "NPS"},
            "contact": {"id": number, "properties": {"email": email}},
        },
    }[kind]
    folder = sources.load(kind)
    key = {"token": "t"} if kind in ("simplesat", "hubspot") else {"secret": "s"}
    answers = {"answers": {"bad": 1}} if kind == "simplesat" else {}
    [feedback] = folder.parse(payload, folder.Options.model_validate(key | answers))
    return feedback


TOOLS = ("asknicely", "delighted", "simplesat", "hubspot")


def test_customers_of_two_tools_are_not_one_person_because_both_are_the_seventy_seventh() -> None:
    assert len({numbered(kind, "77", None).customer.identity for kind in TOOLS}) == len(TOOLS)


def test_one_person_is_one_customer_in_all_tools_and_in_the_directory(shop: Shop) -> None:
    directory = Customer(key="c-77", email=KNOWN, name="Dana Reyes", value=48000)
    shop.store.write_sync(know, [directory], shop.now)
    for n, kind in enumerate(TOOLS):
        shop.source = kind
        shop.hears(numbered(kind, str(70 + n), KNOWN))
    customers = shop.store.read_sync(lambda tx: tx.execute(text("SELECT DISTINCT customer_id FROM feedback")).scalars().all())
    assert customers == [shop.row().customer_id]
    assert (shop.row().key, shop.row().value) == ("c-77", 48000)


def test_half_a_letter_in_an_id_is_refused_and_breaks_nothing() -> None:
    event = {"eventName": "service-review-created", "eventData": {"id": HALF, "stars": 1, "createdAt": "2026-11-20T09:00:00Z"}}
    review = {"reviewId": HALF, "comments": [{"userComment": {"text": "Crashes.", "starRating": 1}}]}
    for kind, payload, options in (
        ("trustpilot", {"events": [event]}, {"secret": "s"}),
        ("google_play", review, {"token": GOOGLE, "package": "com.northwind.app"}),
    ):
        folder = sources.load(kind)
        with pytest.raises(FieldError, match="is not valid Unicode"):
            folder.parse(payload, folder.Options.model_validate(options))
