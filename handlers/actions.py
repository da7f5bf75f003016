"""Verbs: what a person can do to a follow-up. One signature for all; adding one is a file, a line here, a button in cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from handlers.cards import Reply
from handlers.feedback import Person
from handlers.rules import Company


@dataclass(frozen=True, slots=True)
class Tap:
    """A button pressed or a form sent. `answers` is None for a press; an empty answer is a field left blank.

    `people` holds who was chosen in the form's PERSON fields, by field name: the chat knows its people.
    `at` is the house clock, aware, in UTC.
    """

    verb: str
    target: int
    person: Person
    at: datetime
    answers: Mapping[str, str] | None = None
    people: Mapping[str, Person] | None = None


Action = Callable[[Connection, Company, Tap], Reply]
