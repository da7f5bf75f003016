"""What somebody typed or tapped, in a form that every database can store."""

from __future__ import annotations

from dataclasses import replace

from handlers.feedback import Person
from handlers.situation import Tap
from storage.storable import text as kept


def kept_tap(tap: Tap) -> Tap:
    """Returns the tap with only what can be stored in its answers and in people's ids and names."""
    answers = {name: kept(words) for name, words in tap.answers.items()} if tap.answers is not None else None
    people = {name: kept_person(person) for name, person in tap.people.items()} if tap.people is not None else None
    return replace(tap, answers=answers, people=people, person=kept_person(tap.person))


def kept_person(who: Person) -> Person:
    """Returns the person with only what can be stored in their id and name."""
    user_id, name = kept(who.user_id), kept(who.name)
    return who if (user_id, name) == (who.user_id, who.name) else replace(who, user_id=user_id, name=name)
