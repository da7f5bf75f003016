"""What people typed, as every database can keep it: PostgreSQL takes no NUL, and neither takes half of a character."""

from __future__ import annotations

from dataclasses import replace

from handlers.feedback import Person
from handlers.situation import Tap


def kept(text: str) -> str:
    """The text without what cannot be kept."""
    if text.isascii():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


def kept_tap(tap: Tap) -> Tap:
    """A tap of which all can be kept: what was filled in, and what people are called."""
    answers = {name: kept(text) for name, text in tap.answers.items()} if tap.answers is not None else None
    people = {name: kept_person(person) for name, person in tap.people.items()} if tap.people is not None else None
    return replace(tap, answers=answers, people=people, person=kept_person(tap.person))


def kept_person(who: Person) -> Person:
    """Somebody whose id and name can be kept."""
    user_id, name = kept(who.user_id), kept(who.name)
    return who if (user_id, name) == (who.user_id, who.name) else replace(who, user_id=user_id, name=name)
