"""What anybody may read at the public address: what this is, what is kept about whom, and who may use it. It names no team, and
nothing but the company. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from handlers.forgetting.retention import Retention
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its title, its paragraphs, and a list after them."""

    title: str
    words: tuple[str, ...]
    listed: tuple[str, ...] = ()


def pages(company: str, retention: Retention, payloads: timedelta) -> Mapping[str, Page]:
    """Returns each page by the name in its path; that of the first is empty. `payloads`: how long any of them is kept at most."""
    return {"": _front(company), "privacy": _privacy(company, retention, payloads), "terms": _terms(company)}


def _front(company: str) -> Page:
    what = _(
        "When a customer tells {company} that it let them down, somebody on the team gets back to them, and everybody on the team "
        "can see that it happened."
    )
    where = _("There is nothing to do on this page. Colleagues use Action Hero in their chat: they type “help” to it there.")
    return Page("Action Hero", (what.format(company=company), where))


def _privacy(company: str, retention: Retention, payloads: timedelta) -> Page:
    words = (
        _("{company} runs this copy of Action Hero itself. It sends nothing to the people who made it."),
        _(
            "Of customers it keeps what they answered, and when; and, as far as their survey or the company's own directory says, "
            "their name, e-mail, telephone number, company, place, group and what they are worth."
        ),
        _(
            "Of colleagues it keeps their name, e-mail and time zone, as their chat has them, what they press and write here, and "
            "how they want to be reminded. It ranks nobody."
        ),
        _(
            "Colleagues read what customers said. E-mail addresses, telephone numbers and the customer's surname are hidden in it, "
            "as far as they can be recognised. How to reach a customer is shown, privately, to whoever is to reply to them or to "
            "call them. Whoever runs the computer can read all of it."
        ),
        _(
            "If you want to know what is kept about you, or to be forgotten, ask {company}, where you gave your answer: erasing a "
            "customer takes them out of the database, and out of what was posted about them."
        ),
        _("These pages set no cookies, and load nothing from anywhere else."),
        _("Scores, times, outcomes and who did what stay, so that past weeks add up. How long the rest is kept:"),
    )
    return Page(_("Privacy"), tuple(text.format(company=company) for text in words), _how_long(retention, payloads))


def _terms(company: str) -> Page:
    words = (
        _("{company} offers this app to the teams that it set it up for, under the rules that hold for their work."),
        _("If you have a question about it, ask whoever runs it at {company}."),
        _("The software is Action Hero, which is free under the MIT licence, and comes without any warranty."),
    )
    return Page(_("Terms of use"), tuple(text.format(company=company) for text in words))


def _how_long(retention: Retention, payloads: timedelta) -> tuple[str, ...]:
    each = (
        (_("What customers wrote, and the link to it"), retention.comment),
        (_("Their names"), retention.name),
        (_("Their e-mails"), retention.email),
        (_("Their telephone numbers"), retention.phone),
        (_("Where they work"), retention.company),
        (_("What they are worth"), retention.value),
        (_("Their place and group, and what their answer was about"), None),
        (_("What colleagues wrote"), retention.notes),
        (_("What a survey tool sent, as it came, at most"), payloads),
    )
    return tuple(_("{what}: {how_long}").format(what=what, how_long=_for(kept)) for what, kept in each)


def _for(kept: timedelta | None) -> str:
    if kept is None:
        return _("until the customer is erased")
    return ngettext("{n} day", "{n} days", kept.days).format(n=kept.days)
