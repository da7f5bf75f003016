"""Who may set things up: the people named as ops in app.yaml or in chat; while there are none, the admins of the workspace."""

from __future__ import annotations

from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged.arrangements import Kind
from handlers.company import Company, People
from handlers.feedback import MAIN_WORKSPACE, Person, Place
from handlers.wording.language import gettext as _
from handlers.wording.words import called
from storage import arrangements, nudges, people

COMPANY, DUTY = "", "ops"
"""The team and role under which the people that the chats found for `company.ops` are stored."""


def is_ops(tx: Connection, company: Company, person: Person) -> bool:
    """Returns whether this person may set things up."""
    known = people.find(tx, *person.place.parts)
    if not company.ops:
        return known is not None and bool(known.admin) and person.workspace == MAIN_WORKSPACE
    named = {name.casefold() for name in company.ops}
    if person.place.address.casefold() in named:
        return True
    if known is None:
        return False
    if known.id in nudges.on_duty(tx).get((COMPANY, DUTY), ()):
        return True
    return company.is_ours(person) and (known.linked_email or known.email or "").casefold() in named


def known_ops(tx: Connection) -> list[Person]:
    """Returns those of ops whom a chat knows, each once."""
    named = [Place.parse(row.name) for row in arrangements.holding(tx) if row.kind == Kind.OPS]
    ids = [*nudges.on_duty(tx).get((COMPANY, DUTY), ()), *(colleagues.remember(tx, Person(*place.parts)).id for place in named)]
    return [colleagues.person_of(tx, id) for id in dict.fromkeys(ids)]


def is_anybody_known(tx: Connection) -> bool:
    """Returns whether a chat knows anybody of ops."""
    return bool(nudges.on_duty(tx).get((COMPANY, DUTY))) or any(row.kind == Kind.OPS for row in arrangements.holding(tx))


def whom_to_ask(tx: Connection, company: Company, person: Person) -> str:
    """Returns up to two of ops by name, for somebody in the same chat: `Kim or Lea`."""
    here = [each for each in known_ops(tx) if each.place.is_near(person.place)]
    names = list(dict.fromkeys(called(each, company.people) for each in here if each.name and each.user_id != person.user_id))
    if not names or company.people is People.OFF:
        return _("whoever set up Action Hero")
    return _("{name} or {other}").format(name=names[0], other=names[1]) if names[1:] else names[0]
