"""Ops connect a survey tool in chat, replace its secret and switch it off.

A secret is shown once, to the person who created it, and in no card: the database keeps it sealed, and it is never shown again.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection

from handlers.arranged import undo
from handlers.arranged.arrangements import Kind, keep, secrets_of
from handlers.arranged.sources import NEW, made_in_chat, test_button
from handlers.arranged.undo import still_holding
from handlers.cards import Ask, Field, Form, Reply
from handlers.company import Company
from handlers.situation import Tap
from handlers.slug import slug
from handlers.survey_tools import OURS, Tool, page_of
from handlers.wording.language import gettext as _
from storage.prepared import AnyRow

BOTH_HOLD = timedelta(days=7)
"""How long the old secret stays valid beside a new one."""
SHORTEST = 8


def source_add(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Connect a tool: it gets a URL and a secret."""
    if company.safe is None:
        return _no_safe()
    if tap.answers is None:
        return Reply(form=_form(company, "", ""))
    said = {name: text.strip() for name, text in tap.answers.items()}
    tool = next((each for each in company.tools() if each.kind == said.get("kind")), None)
    name = slug(said.get("name", ""))
    errors = _pasted_wrong(tool, said.get("secret", ""))
    if tool is None:
        errors["kind"] = _("Please choose where the feedback comes from.")
    if not name:
        errors["name"] = _("Please give it a name of letters and digits, as in shop-survey.")
    elif name in OURS:
        errors["name"] = _("{name} is kept for answers that come from no survey tool. Please choose another.").format(name=name)
    elif name in company.sources or any(row.name == name for row in made_in_chat(tx)):
        errors["name"] = _("There is a source of that name already. Please choose another.")
    if errors or tool is None:
        return Reply(errors=errors, form=_form(company, said.get("kind", ""), said.get("name", "")))
    secret = said.get("secret") or _fresh()
    keys = {"kind": tool.kind, "secrets": [{"sealed": company.safe.seal(secret)}]}
    change = keep(tx, tap, Kind.SOURCE, name, keys)
    return _told(company, tool, name, secret, change, _("{name} is connected.").format(name=name))


def source_secret(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Replace the secret of a source made in chat; the previous one stays valid for another week."""
    row = still_holding(tx, tap, "made", Kind.SOURCE)
    tool = next((each for each in company.tools() if row is not None and each.kind == row.keys["kind"]), None)
    if row is None or tool is None:
        return _old()
    if company.safe is None:
        return _no_safe()
    pasted = tap.answer("secret")
    if tool.own_secret and tap.answers is None:
        return Reply(form=_form_for_secret(row))
    if errors := _pasted_wrong(tool, pasted):
        return Reply(errors=errors, form=_form_for_secret(row))
    secret = pasted or _fresh()
    before = [
        {"sealed": sealed, "until": (tap.at + BOTH_HOLD).isoformat()}
        for sealed in secrets_of(row, tap.at)[:1]
        if company.safe.opens(sealed)
    ]
    change = keep(tx, tap, Kind.SOURCE, row.name, {**row.keys, "secrets": [{"sealed": company.safe.seal(secret)}, *before]})
    done = _("{name} has a new secret. The old one is good for 7 days more, or until you end it under “sources”.")
    return _told(company, tool, row.name, secret, change, done.format(name=row.name))


def secret_end(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Invalidate the replaced secret."""
    row = still_holding(tx, tap, "made", Kind.SOURCE)
    if row is None or len(secrets_of(row, tap.at)) < 2:
        return _old()
    change = keep(tx, tap, Kind.SOURCE, row.name, {**row.keys, "secrets": row.keys["secrets"][:1]})
    return undo.done(_("The old secret of {name} no longer works.").format(name=row.name), change)


def source_off(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Switch a source off, or on again: it keeps its secret."""
    row = still_holding(tx, tap, "made", Kind.SOURCE)
    if row is None:
        return _old()
    off = not row.keys.get("off")
    change = keep(tx, tap, Kind.SOURCE, row.name, {**row.keys, "off": off})
    told = _("{name} is off: what is sent to it is refused.") if off else _("{name} is on again.")
    return undo.done(told.format(name=row.name), change)


def _fresh() -> str:
    """Valid for every signature scheme: what follows whsec_ is also base64, and no character needs quoting in a URL."""
    return f"whsec_{secrets.token_hex(24)}"


def _pasted_wrong(tool: Tool | None, pasted: str) -> dict[str, str]:
    if tool is None:
        return {}
    if tool.own_secret and len(pasted) < SHORTEST:
        return {"secret": _("{tool} makes the secret itself: please paste it here.").format(tool=tool.title)}
    if pasted and not tool.own_secret:
        return {"secret": _("Please leave this empty: a secret for {tool} is made here.").format(tool=tool.title)}
    return {}


def _told(company: Company, tool: Tool, name: str, secret: str, change: int, done: str) -> Reply:
    """Returns what to enter in the tool. The secret is in the text, which is shown once, and in no card."""
    address, copy = f"{company.address}/feedback/{name}", _("Copy it now: it is not shown again.")
    lines = [_("Its address: {address}").format(address=address)]
    if tool.in_address and not tool.own_secret:
        lines = [_("Its address, which holds its secret: {address}").format(address=f"{address}?key={secret}"), copy]
    elif not tool.own_secret:
        lines += [_("Its secret: {secret}").format(secret=secret), copy]
    where = _("Where that goes: see {page}.").format(page=page_of(tool.kind))
    return replace(undo.done(done, change, *test_button(company, name, tool.kind)), text="\n".join((done, *lines, where)))


def _old() -> Reply:
    return Reply(_("Somebody changed this source since, so nothing was changed. Type “sources” for a fresh list."))


def _no_safe() -> Reply:
    return Reply(
        _(
            "A source made here needs a place for its secret, so nothing was changed. Whoever runs Action Hero writes "
            "server: {secret: ${HERO_SECRET}} in app.yaml and restarts."
        )
    )


def _form(company: Company, kind: str, name: str) -> Form:
    own = ", ".join(tool.title for tool in company.tools() if tool.own_secret)
    kinds = tuple((tool.kind, tool.title) for tool in sorted(company.tools(), key=lambda tool: tool.title.casefold()))
    fields = (
        Field("kind", _("Where does it come from?"), Ask.CHOICE, kinds, error=_("Please choose."), value=kind),
        Field(
            "name",
            _("What is it called?"),
            Ask.TEXT,
            max_length=60,
            hint=_("The end of its address, as in shop-survey."),
            error=_("Please give it a name."),
            value=name,
            short=True,
        ),
        _secret_field(_("Only for {kinds}. All others get one from us.").format(kinds=own), required=False),
    )
    intro = _(
        "It gets an address of its own. SurveyMonkey, Typeform, Google Forms and others are set up in app.yaml: docs/sources.md "
        "says how."
    )
    return Form("source_add", NEW, _("A source"), intro, _("Connect"), fields)


def _form_for_secret(row: AnyRow) -> Form:
    field = _secret_field(_("The old one is good for 7 days more."), required=True)
    return Form("source_secret", f"made:{row.id}", _("A new secret"), row.name, _("Save"), (field,))


def _secret_field(hint: str, *, required: bool) -> Field:
    """A pasted secret is not filled in again when something else in the form is wrong."""
    missing = _("Please paste the secret.")
    return Field("secret", _("The secret that the tool shows"), Ask.TEXT, (), required, 500, hint, missing, short=True)
