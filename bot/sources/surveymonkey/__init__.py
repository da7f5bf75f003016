"""SurveyMonkey: the webhook only names a response, which is then fetched; once a day the last few days are also polled."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

import bot.listening
from bot.listening import Asking, Ignored, Page, paths, reading, signatures
from bot.listening.asked import Asked
from bot.secret import Secret
from handlers.feedback import Feedback, FieldError

_TABLE: paths.Table = {
    "id": "id",
    "occurred_at": "date_modified",
    "link": "analyze_url",
    "customer.key": "custom_variables.key",
    "customer.email": "email_address",
    "touchpoint": "custom_variables.touchpoint",
}

Id = Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]


class Options(Asked, bot.listening.Options):
    """`survey` and `questions` are SurveyMonkey's ids. `choices` maps the ids of choices to scores."""

    token: Secret
    api_url: Annotated[str, Field(pattern=r"^https?://")] = "https://api.surveymonkey.com/v3/"
    survey: Id
    questions: dict[Literal["score", "comment"], Id]
    choices: dict[Id, float] = Field(default_factory=dict)


verify = signatures.by(signatures.Signature(scheme="hmac-sha1-base64", header="Sm-Signature"))


def notice(payload: Any, options: Options) -> Sequence[str]:
    event = reading.as_object(payload, "").get("event_type")
    if not isinstance(event, str):
        raise FieldError("event_type", "is missing" if event is None else "must be text")
    if event not in ("response_completed", "response_updated"):
        raise Ignored("not a completed response")
    survey = reading.as_text(paths.look(payload, "resources.survey_id"))
    if survey != options.survey:
        raise Ignored("another survey")
    response = reading.as_text(payload.get("object_id"))
    if not isinstance(response, str) or re.fullmatch(r"[0-9]{1,20}", response, re.ASCII) is None:
        raise FieldError("object_id", "is not the id of a response")
    return (response,)


def addresses(options: Options) -> Sequence[str]:
    return (options.api_url,)


async def fetch(reference: str, options: Options, ask: Asking) -> Any:
    return await ask.get(f"surveys/{options.survey}/responses/{reference}/details", headers=_who(options))


def begin(since: datetime, options: Options) -> str:  # noqa: ARG001 - part of the interface
    return json.dumps({"since": f"{since:%Y-%m-%dT%H:%M:%S+00:00}", "page": 1})


async def poll(cursor: str, options: Options, ask: Asking) -> Page:
    at = json.loads(cursor)
    params = {"start_modified_at": at["since"], "sort_by": "date_modified", "sort_order": "ASC", "page": str(at["page"])}
    answer = await ask.get(f"surveys/{options.survey}/responses/bulk", params=params | {"per_page": "100"}, headers=_who(options))
    more = isinstance(paths.look(answer, "links.next"), str)
    entries = answer.get("data") if isinstance(answer, dict) else None
    return Page(entries if isinstance(entries, list) else (), json.dumps(at | {"page": at["page"] + 1}), more)


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    if reading.as_object(payload, "").get("response_status", "completed") != "completed":
        raise Ignored("not completed")
    found = options.question | paths.gather(payload, _TABLE)
    said = dict(_TABLE)
    names = [payload.get(name) for name in ("first_name", "last_name")]
    found["customer"]["name"] = " ".join(name for name in names if isinstance(name, str))
    answers = dict(_answers(payload.get("pages")))
    for ours, question in options.questions.items():
        said[ours] = f"pages.questions[{question}]"
        found[ours] = _given(answers.get(question), ours, options, said[ours])
    return (reading.feedback(found, said),)


def _answers(pages: Any) -> Sequence[tuple[Any, Any]]:
    if not isinstance(pages, list):
        raise FieldError("pages", "is missing" if pages is None else "must be an array")
    questions = [paths.look(page, "questions") for page in pages]
    asked = [each for some in questions if isinstance(some, list) for each in some if isinstance(each, dict)]
    return [(reading.as_text(each.get("id")), each.get("answers")) for each in asked if not isinstance(each.get("id"), list | dict)]


def _given(answers: Any, ours: str, options: Options, path: str) -> Any:
    """Returns the words of a question, its comment field and every row of it a line; or the score of the selected row or choice."""
    given = [answer for answer in answers if isinstance(answer, Mapping)] if isinstance(answers, list) else []
    return _words(given) if ours == "comment" else _score(given, options, path)


def _words(given: Sequence[Mapping[str, Any]]) -> Any:
    texts = [answer["text"] for answer in given if answer.get("text") is not None]
    no_texts = [text for text in texts if not isinstance(text, str)]
    return no_texts[0] if no_texts else "\n".join(texts)


def _score(given: Sequence[Mapping[str, Any]], options: Options, path: str) -> Any:
    selected = [answer for answer in given if answer.get("other_id") is None]  # the other is the comment field of the question
    choices = [reading.as_text(answer.get("choice_id")) for answer in selected]
    for choice in choices:
        if isinstance(choice, str) and choice in options.choices:
            return options.choices[choice]
    text = next((answer.get("text") for answer in selected), None)
    if text is None and any(choice is not None for choice in choices):
        raise FieldError(path, "holds a choice that is not named under choices of this source in app.yaml")
    return options.score(text, path)


def _who(options: Options) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {options.token.get_secret_value().strip()}"}
