"""`link`: for somebody whose e-mail in the chat differs from the one in app.yaml. Ops confirm it, because an e-mail carries
rights."""

from __future__ import annotations

import re

from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged.arrangements import Kind, keep, know_by
from handlers.arranged.undo import still_holding
from handlers.arranged.who_is_ops import known_ops
from handlers.cards import Button, Card, Reply, Style
from handlers.company import Company, People
from handlers.feedback import Person
from handlers.situation import Tap, Word
from handlers.wanted import link_request
from handlers.wording.language import gettext as _
from handlers.wording.words import begin, called
from storage import messages
from storage.prepared import AnyRow

ADDRESS = re.compile(r"[^\s@<>|]{1,64}@[^\s@<>|]{1,180}")


def link(tx: Connection, company: Company, word: Word) -> Reply:
    """Ask ops whether that e-mail is theirs. Nothing changes until they confirm; claiming needs no link."""
    address = word.rest.casefold().removeprefix("mailto:")
    if ADDRESS.fullmatch(address) is None:
        return Reply(_("Which address does your team know you by? Type for example “link lea@example.com”."))
    who = colleagues.remember(tx, word.person)
    if company.is_ours(who) and (who.email or "").casefold() == address:
        return Reply(_("You are known by that address already."))
    asked = [person for person in known_ops(tx) if person.place.is_near(who.place)]
    if not asked:
        return Reply(_("Nobody here could confirm that, so nothing was changed: no ops is known in this chat yet."))
    change = keep(tx, word, Kind.LINK, who.place.address, {"email": address, "confirmed": False})
    messages.want(tx, [link_request(change, person) for person in asked], word.at)
    return Reply(_("We asked ops whether {email} is you. You may claim and close all the while.").format(email=address))


def link_yes(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Confirm: from now on that e-mail identifies them."""
    row = _asked(tx, tap)
    if row is None:
        return _answered()
    email, keys = row.keys["email"], {**row.keys, "confirmed": True}
    keep(tx, tap, Kind.LINK, row.name, keys)
    know_by(tx, row.name, keys)
    who = colleagues.person_of(tx, row.person_id)
    messages.want(tx, [link_request(row.id, person) for person in known_ops(tx)], tap.at)
    return Reply(_("{who} is {email} from now on.").format(who=begin(called(who, company.people)), email=email))


def link_no(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Reject: nothing changes."""
    row = _asked(tx, tap)
    if row is None:
        return _answered()
    keep(tx, tap, Kind.LINK, row.name, None)
    messages.want(tx, [link_request(row.id, person) for person in known_ops(tx)], tap.at)
    return Reply(_("Nothing was changed. Please tell them why."))


def request_card(row: AnyRow, newest: AnyRow, who: Person, names: People) -> Card:
    """Returns what ops read: the question, or its outcome once it is answered."""
    name, email = begin(called(who, names)), row.keys["email"]
    if newest.id == row.id:
        text = _("{who} says they are {email}. Is that so?").format(who=name, email=email)
        note = _("Rights in app.yaml, such as a leader's, go by this address. If you are not sure, ask them in person.")
        target = f"link:{row.id}"
        yes = Button("link_yes", _("Yes, it is"), target, _("Yes, {email} is {who}").format(email=email, who=name), Style.PRIMARY)
        return Card(
            plain=text, headline=text, context=(note,), buttons=(yes, Button("link_no", _("No"), target, _("No, it is not")))
        )
    if newest.keys is not None and newest.keys.get("confirmed") and newest.keys["email"] == email:
        return Card(plain=_("{who} is {email}: somebody of ops confirmed it.").format(who=name, email=email))
    return Card(plain=_("{who} is not linked to {email}.").format(who=name, email=email))


def _asked(tx: Connection, tap: Tap) -> AnyRow | None:
    """Returns the question, if it still waits for an answer."""
    row = still_holding(tx, tap, "link", Kind.LINK)
    return row if row is not None and not row.keys["confirmed"] else None


def _answered() -> Reply:
    return Reply(_("Somebody has answered this already, or it was asked anew; nothing was changed."))
