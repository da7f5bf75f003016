"""The monthly lost-customer review of a leader: last month's decision first, then what became of customers. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from handlers.calendar.months import Month
from handlers.cards import Ask, Button, Card, Field, Form, Style
from handlers.digests import money
from handlers.digests.money import Sum
from handlers.reviews import review_lists
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import TITLE, cut, month

LEVEL = 40


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, who is responsible, by when; `went` is what was recorded a month later: `done`, `not`, `changed`."""

    what: str
    owner: str
    by: str
    went: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """Everything it says. `counts` has the customers of that month by what became of them, `worth` what they are worth, without the
    `again` who had come back once before. `reached` is how many of the lost heard from us: `in_time`, `late`, `never`. `chains` are
    the causes by case, each from the first why to the last, an empty text where nobody knew."""

    id: int
    month: Month
    title: str
    counts: Mapping[str, int]
    worth: Mapping[str, Sum]
    again: int = 0
    reached: Mapping[str, int] = field(default_factory=dict)
    chains: Mapping[int, Sequence[str]] = field(default_factory=dict)
    timelines: tuple[str, ...] = ()
    is_first: bool = True
    before: Decision | None = None
    decision: Decision | None = None
    late: bool = False


def review_card(review: Review) -> Card:
    """Returns the private post of a leader."""
    name, target = month(review.month.first), f"review:{review.id}"
    told = sum(review.counts.values())
    decide = Button("decide", _("Decide…"), target, _("Take the one decision of this month"), Style.PRIMARY)
    went = Button("say_how_it_went", _("How did it go…"), target, _("Say what became of last month's decision"))
    return Card(
        plain=_("Lost customers in {month}: {lost} lost, {unknown} unknown, of {n} unhappy.").format(
            month=name, lost=review.counts["lost"], unknown=review.counts["unknown"], n=told
        ),
        headline=_("Customers we lost · {month} · {title}").format(month=name, title=cut(review.title, TITLE)),
        context=(
            *_before(review),
            *_sum(review, told),
            *_worth(review),
            *_reached(review),
            *_why(review.chains),
            *review.timelines,
            _decision(review),
        ),
        buttons=(decide, went) if review.before is not None and not review.before.went else (decide,),
        menu=_menu(review),
        footer=_("{month} · only you read this · names stay here").format(month=name)
        + (_(" · it comes late") if review.late else ""),
    )


def decide_form(review_id: int, decision: Decision | None) -> Form:
    said = decision or Decision("", "", "")
    return Form(
        verb="decide",
        target=f"review:{review_id}",
        title=_("One decision"),
        intro=_("One, with somebody who sees to it. It comes first in next month's review."),
        submit=_("Decide it"),
        fields=(
            Field("what", _("What do we do?"), Ask.TEXT, max_length=200, value=said.what, error=_("Please say what we do.")),
            Field(
                "owner",
                _("Who sees to it?"),
                Ask.TEXT,
                max_length=60,
                short=True,
                value=said.owner,
                error=_("Please say who sees to it."),
            ),
            Field("by", _("By when?"), Ask.TEXT, max_length=40, short=True, value=said.by, error=_("Please say by when.")),
        ),
    )


def went_form(review_id: int) -> Form:
    missing = _("Please choose how it went.")
    return Form(
        verb="say_how_it_went",
        target=f"review:{review_id}",
        title=_("How did it go?"),
        intro=_("Not done is an answer like any other: it says what to decide now."),
        submit=_("Say it"),
        fields=(
            Field("went", _("What became of it?"), Ask.CHOICE, tuple(ways().items()), error=missing),
            Field("how", _("A word on it"), Ask.TEXT, required=False, max_length=200),
        ),
    )


def ways() -> dict[str, str]:
    """Returns what can become of a decision, by the stored value."""
    return {"done": _("Done"), "not": _("Not done"), "changed": _("Changed")}


def groups() -> dict[str, str]:
    """Returns what can have become of a customer, by the stored value."""
    return {"recovered": _("recovered"), "unhappy": _("kept but not happy"), "lost": _("lost"), "unknown": _("unknown")}


def _before(review: Review) -> tuple[str, ...]:
    if review.before is None:
        return () if review.is_first else (_("Last month nothing was decided."),)
    was = review.before
    went = ways().get(was.went, _("Nobody has said yet how it went"))
    how = f" {was.how}" if was.how else ""
    return (_("Decided last month: {what} ({owner}, by {by}). {went}.").format(what=was.what, owner=was.owner, by=was.by, went=went) + how,)  # fmt: skip # noqa: E501


def _sum(review: Review, told: int) -> tuple[str, ...]:
    if not told:
        return (_("No customer told us that we let them down, and nobody left."),)
    each = ", ".join(f"{name} {review.counts[group]}" for group, name in groups().items())
    said = ngettext("{n} unhappy customer: {each}.", "{n} unhappy customers: {each}.", told)
    return (said.format(n=told, each=each),)


def _worth(review: Review) -> tuple[str, ...]:
    """Returns each group's value, if any is known. Nobody counts as recovered twice."""
    if not any(one.known for one in review.worth.values()):
        return ()
    each = "; ".join(
        f"{name}: {money.said(review.worth[group])}" for group, name in groups().items() if review.worth[group].customers
    )
    said = _("Their value, an estimate, each customer once: {each}.").format(each=each)
    if not review.again:
        return (said,)
    again = ngettext(
        "{n} who came back once before is not added again.", "{n} who came back once before are not added again.", review.again
    )
    return (f"{said} {again.format(n=review.again)}",)


def _reached(review: Review) -> tuple[str, ...]:
    number = sum(review.reached.values())
    if not number:
        return ()
    said = ngettext(
        "Did we even call? {n} lost customer: contacted in time {in_time}, late {late}, no contact noted {never}.",
        "Did we even call? {n} lost customers: contacted in time {in_time}, late {late}, no contact noted {never}.",
        number,
    )
    counts = {name: review.reached.get(name, 0) for name in ("in_time", "late", "never")}
    return (said.format(n=number, **counts),)


def _why(chains: Mapping[int, Sequence[str]]) -> tuple[str, ...]:
    """Returns the causes, by the deepest one that somebody noted, the most frequent first."""
    if not chains:
        return ()
    others = {review_lists.REST: _("something else"), review_lists.NOBODY: _("nobody has said why")}
    each = [
        _("{n} × {chain}").format(n=len(ids), chain=others.get(name) or _chain(max((chains[id] for id in ids), key=len)))
        for name, ids in review_lists.whys(chains).items()
    ]
    return (_("Why they left, as deep as somebody asked: {each}.").format(each="; ".join(each)),)


def _menu(review: Review) -> tuple[Button, ...]:
    """Every figure leads to its list."""
    again = review.again if any(one.known for one in review.worth.values()) else 0
    return review_lists.menu(review.id, review_lists.counts(review.counts, review.reached, again), review.chains)


def _chain(chain: Sequence[str]) -> str:
    return " ← ".join(cut(level, LEVEL) if level else _("(not known)") for level in chain)


def _decision(review: Review) -> str:
    if review.decision is None:
        return _("One decision is to be taken: it comes first next month.")
    made = review.decision
    return _("Decided: {what} ({owner}, by {by}). It comes first next month.").format(what=made.what, owner=made.owner, by=made.by)
