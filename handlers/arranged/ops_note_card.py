"""The daily note to ops while something is wrong: what it is, what it means for customers, and the one thing to do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handlers.cards import Card
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import cut

_ONCE = "set_aside"  # what notes that are stored already call the parked answers
WRONG = ("gone", "silent", "unread", "parked_answers", _ONCE, "payloads", "parked", "held_up", "unrouted", "unmet")
OF_A_KIND = 3
"""Lines about the same kind of problem; the rest is counted."""
FIRST = 120


def is_wrong(found: Mapping[str, Any]) -> bool:
    """Returns whether there is anything to report."""
    return any(found.get(each) for each in WRONG)


def card(found: Mapping[str, Any], titles: Mapping[str, str]) -> Card:
    """Returns the note. `titles` are the teams' titles by name."""
    lines = [
        *_few([_gone(*each) for each in found.get("gone", ())]),
        *_few([_silent(*each) for each in found.get("silent", ())]),
        *_few([_unread(*each) for each in found.get("unread", ())]),
        *_few([_parked_answers(*each) for each in found.get("parked_answers", found.get(_ONCE, ()))]),
        *_few([_not_understood(*each) for each in found.get("payloads", ())]),
        *_few([_held_up(each) for each in found.get("held_up", ())]),
        *_few([_parked(each) for each in found.get("parked", ())]),
        *_unrouted(found.get("unrouted", 0)),
        *_few([_unmet(titles.get(team, team), role, names) for team, role, names in found.get("unmet", ())]),
    ]
    return Card(
        plain=cut(_("Action Hero needs you: {first}").format(first=lines[0]), FIRST),
        headline=_("Action Hero needs you"),
        context=tuple(lines),
        footer=_("To ops alone, once a day at most, and only while something is wrong. “status” shows how it stands now."),
    )


def _few(lines: Sequence[str]) -> Iterator[str]:
    yield from lines[:OF_A_KIND]
    more = len(lines) - OF_A_KIND
    if more > 0:
        yield ngettext("One more like that.", "{n} more like that.", more).format(n=more)


def _days(number: int) -> str:
    return ngettext("{n} day", "{n} days", number).format(n=number)


def _gone(team: str, number: int) -> str:
    said = ngettext(
        "{team}: one customer still waits, and no team of that name is set up any more, so nobody is reminded.",
        "{team}: {n} customers still wait, and no team of that name is set up any more, so nobody is reminded.",
        number,
    ).format(team=team, n=number)
    return f"{said} {_('Put the team back in app.yaml under that name; you can give it another title.')}"


def _silent(source: str, silent: int, longest: int) -> str:
    return _(
        "{source}: nothing for {silent}, and before that never more than {longest} apart. Unhappy customers may wait unheard. "
        "Look in the survey tool whether it still sends."
    ).format(source=source, silent=_days(silent), longest=_days(longest))


def _unread(source: str, reason: str) -> str:
    return _(
        "{source} cannot be read: {reason}. What customers say there reaches nobody. Mend that; it is tried again by itself."
    ).format(source=source, reason=_no_stop(reason))


def _parked_answers(source: str, number: int, reason: str) -> str:
    said = ngettext(
        "{source}: one answer could not be fetched: {reason}. Nobody hears what that customer said.",
        "{source}: {n} answers could not be fetched: {reason}. Nobody hears what these customers said.",
        number,
    ).format(source=source, n=number, reason=_no_stop(reason))
    do = _("If it was not deleted there, mend that, then in a terminal: {command}")
    return f"{said} {do.format(command=f'hero sources --replay {source}')}"


def _not_understood(source: str, number: int) -> str:
    said = ngettext(
        "{source}: one payload could not be read, so nobody hears what it says.",
        "{source}: {n} payloads could not be read, so nobody hears what they say.",
        number,
    ).format(source=source, n=number)
    do = _("See why in a terminal, and read it again once that is mended: {command}")
    return f"{said} {do.format(command=f'hero sources --replay {source}')}"


def _held_up(of: Mapping[str, Any]) -> str:
    said = ngettext("{chat}: one message waits: {reason}.", "{chat}: {n} messages wait: {reason}.", of["number"])
    return f"{_filled(said, of)} {_means(of['cards'])} {_('Mend that; they go out by themselves then.')}"


def _parked(of: Mapping[str, Any]) -> str:
    said = ngettext(
        "{chat}: one message cannot be shown: {reason}.", "{chat}: {n} messages cannot be shown: {reason}.", of["number"]
    )
    do = _("Mend that, then in a terminal: {command}").format(command="hero deliveries --replay")
    return f"{_filled(said, of)} {_means(of['cards'])} {do}"


def _filled(said: str, of: Mapping[str, Any]) -> str:
    return said.format(chat=of["chat"], n=of["number"], reason=_no_stop(of["reason"]))


def _means(cards: int) -> str:
    if not cards:
        return _("Somebody misses what it says.")
    return ngettext(
        "One customer's card is not seen by their team.", "{n} customers' cards are not seen by their teams.", cards
    ).format(n=cards)


def _unrouted(number: int) -> Iterator[str]:
    if number:
        said = ngettext(
            "One answer, unhappy or without a score, matched no route, so nobody was asked to reply.",
            "{n} answers, unhappy or without a score, matched no route, so nobody was asked to reply.",
            number,
        )
        yield f"{said.format(n=number)} {_('Type “routes” to add one that takes them.')}"


def _unmet(team: str, role: str, names: str) -> str:
    what = {"leader": _("the leader"), "backup": _("the backup"), "manager": _("the manager")}
    return _(
        "{team}: no chat knows {names}, {role}. Correct the address, or invite them: "
        "until then nobody in that role hears of customers who wait too long."
    ).format(team=team, names=names, role=what.get(role, role))


def _no_stop(reason: str) -> str:
    return reason.rstrip(". ") or _("no reason was given")
