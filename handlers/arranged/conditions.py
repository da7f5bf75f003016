"""The conditions of a route in words. Pure."""

from __future__ import annotations

from handlers.feedback import Band
from handlers.places import TeamOf
from handlers.rules import Comparison, When
from handlers.wording.language import gettext as _


def bands() -> dict[Band, str]:
    """Returns how the bands are called: the customers a route is about."""
    return {
        Band.DETRACTOR: _("unhappy customers"),
        Band.PASSIVE: _("customers in between"),
        Band.PROMOTER: _("happy customers"),
        Band.UNSCORED: _("words without a score"),
    }


def by_place() -> dict[TeamOf, str]:
    """Returns where a route leads that finds its team by a place."""
    return {
        TeamOf.TOUCHPOINT: _("the team of the touchpoint"),
        TeamOf.TAG: _("the team that a tag names"),
        TeamOf.LOCATION: _("the team where the customer usually is"),
    }


def in_words(when: When) -> str:
    """Returns conditions as `unhappy customers, tagged harbour, worth 10,000 or more`; `everybody` if there are none."""
    parts = [_or([bands()[band] for band in when.band])] if when.band else []
    named = (
        (_("from {what}"), when.source),
        (_("asked for {what}"), when.metric),
        (_("tagged {what}"), when.tag),
        (_("about {what}"), when.touchpoint),
        (_("usually at {what}"), when.location),
        (_("of segment {what}"), when.segment),
        (_("who say {what}"), tuple(f"“{word}”" for word in when.words)),
        (_("score {what}"), tuple(map(_compared, when.score))),
        (_("worth {what}"), tuple(map(_compared, when.value))),
    )
    parts += [words.format(what=_or([str(each) for each in said])) for words, said in named if said]
    if when.wants_contact is not None:
        parts.append(_("who ask to be contacted") if when.wants_contact else _("who do not ask to be contacted"))
    return ", ".join(parts) or _("everybody")


def _compared(said: Comparison) -> str:
    ways = {">=": _("{n} or more"), "<=": _("{n} or less"), ">": _("more than {n}"), "<": _("less than {n}")}
    return ways.get(said.sign, "{n}").format(n=f"{said.number:,.15g}")


def _or(words: list[str]) -> str:
    return _(" or ").join(words)
