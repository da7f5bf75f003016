"""`ops`: lists who may set things up, names others and takes that back."""

from __future__ import annotations

from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged.arrangements import Kind, keep
from handlers.arranged.undo import still_holding
from handlers.arranged.who_is_ops import whom_to_ask
from handlers.cards import Ask, Button, Card, Field, Form, Reply
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.situation import Tap, Word
from handlers.wording.language import gettext as _
from handlers.wording.words import called
from storage import arrangements, people


def only_ops(tx: Connection, company: Company, person: Person) -> Reply:
    """The answer to somebody who is not ops."""
    if company.ops:
        text = _("Only ops can do that, so nothing was changed. Please ask {whom}.")
        return Reply(text.format(whom=whom_to_ask(tx, company, person)))
    return Reply(
        _(
            "Nobody is named as ops yet, so nothing was changed. In Slack, an admin of the workspace can do it. Elsewhere whoever "
            "set up Action Hero names you: docs/setting-up-in-chat.md says how."
        )
    )


def ops(tx: Connection, company: Company, word: Word) -> Reply:
    """List ops, with buttons to name somebody and to take a name back."""
    in_chat = [row for row in arrangements.holding(tx) if row.kind == Kind.OPS]
    here = {row.name: row for row in in_chat}
    from_file = [name for name in company.ops if name not in here]
    lines = [_("{name}, in app.yaml").format(name=name) for name in from_file]
    items = tuple(_named(tx, row.id, Place.parse(row.name)) for row in in_chat[:10])
    card = Card(
        plain=_("Who sets up channels, routes and sources"),
        headline=_("Who sets up channels, routes and sources"),
        context=tuple(lines) or (() if items else (_("Nobody is named yet: admins of the workspace may, until somebody is."),)),
        items=items,
        buttons=(Button("name_ops", _("Name somebody…"), f"ops:{word.person.chat}", _("Name somebody as ops")),),
    )
    return Reply(cards=(card,))


def name_ops(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Name another person as ops."""
    if tap.answers is None:
        return Reply(form=_form(tap))
    chosen = (tap.people or {}).get("who")
    if chosen is None:
        return _form(tap).again("who")
    who = colleagues.remember(tx, chosen)
    keep(tx, tap, Kind.OPS, who.place.address, {})
    if not company.ops:  # the person who names the first becomes one too, or nobody could name the next
        keep(tx, tap, Kind.OPS, tap.person.place.address, {})
    return Reply(_("{name} may set up channels, routes and sources from now on.").format(name=called(who, company.people)))


def unname_ops(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Take back what `name_ops` gave."""
    row = still_holding(tx, tap, "ops", Kind.OPS)
    if row is None:
        return Reply(_("That list is old, so nothing was changed. Type “ops” for a fresh one."))
    keep(tx, tap, Kind.OPS, row.name, None)
    return Reply(_("They are no longer ops. Type “ops” to see who is."))


def _named(tx: Connection, row_id: int, place: Place) -> Card:
    known = people.find(tx, *place.parts)
    name = known.name if known is not None and known.name else place.channel
    return Card(
        plain=name,
        headline=name,
        context=(_("named in chat"),),
        buttons=(Button("unname_ops", _("Take back"), f"ops:{row_id}", _("{name} is no longer ops").format(name=name)),),
    )


def _form(tap: Tap) -> Form:
    missing = _("Please choose a colleague.")
    who = Field("who", _("Who sets things up, too?"), Ask.PERSON, error=missing)
    hint = _("They can give channels to teams, and say which feedback goes where. They see no customer's details by that.")
    return Form("name_ops", tap.target, _("Name somebody as ops"), hint, _("Name them"), (who,))
