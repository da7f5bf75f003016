"""Every figure of a post leads to the list behind it: the titles of the lists, and what each figure counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from handlers.cards import Button, Card
from handlers.digests.figures import NO_CAUSE, Figures
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import begin, cut

PAGE = 10
"""Cards in one answer; nobody reads more on a phone."""
CAUSE = "cause-"
"""Prefix of the name of a cause's list; the index of the cause follows, the most frequent first."""
LABEL = 24
SPOKEN = 50


@dataclass(frozen=True, slots=True)
class Titled:
    """The names of a list: on its button, and above it."""

    label: str
    title: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A list as it is now: all its ids, and the number that the post said; None if it said none."""

    title: str
    ids: Sequence[int]
    said: int | None


def titles() -> dict[str, Titled]:
    """Returns the titles by the names of the lists."""
    return {
        "told": Titled(_("All who told us"), _("Customers who told us that we let them down")),
        "told_again": Titled(
            _("Told us again"), _("Customers who told us again that we let them down, after their case had ended")
        ),
        "in_time": Titled(_("In time"), _("Customers we got back to within our promise")),
        "later": Titled(_("Later"), _("Customers we got back to later than we promised")),
        "unreached": Titled(_("No contact noted"), _("Cases closed with no contact noted")),
        "waiting": Titled(_("No word yet"), _("Customers of that week who still wait for a word from us")),
        "running": Titled(_("Still has time"), _("Customers of that week who wait, and whose promise still runs")),
        "past": Titled(_("Past our promise"), _("Customers of that week who wait longer than we promised")),
        "waiting_now": Titled(_("Show all who wait"), _("Customers who wait for a word from us now, the longest waiting first")),
        "again": Titled(_("Answered again"), _("Looked after, and answered another survey since")),
        "reopened": Titled(_("Opened again"), _("Cases that had to be opened again")),
        "dismissed": Titled(_("Dismissed"), _("Dismissed as no problem")),
        "unconfirmed": Titled(_("Not confirmed"), _("Ended by somebody whom the customer names, and not confirmed yet")),
        "at_risk": Titled(_("At risk"), _("Customers with an open case and a known value, the most valuable first")),
        "recovered": Titled(_("Recovered"), _("Customers who, after a closed case, first answered that they are satisfied")),
        "lost": Titled(_("Lost"), _("Customers who were marked as lost")),
        "unscored": Titled(_("Without a score"), _("Words without a score that wait for somebody")),
        "answers": Titled(_("All answers"), _("Answers that arrived")),
    }


def counts(each: Iterable[Figures]) -> dict[str, int]:
    """Returns the number behind each figure of a week, summed over these teams."""
    found: dict[str, int] = {}
    for one in each:
        kept = one.kept
        counted = {
            "told": kept.told,
            "told_again": one.told_again,
            "in_time": kept.in_time,
            "later": kept.later,
            "unreached": kept.unreached,
            "waiting": kept.waiting,
            "running": one.running,
            "past": kept.waiting - one.running,
            "again": one.asked_again,
            "reopened": one.reopened,
            "dismissed": one.dismissed,
            "answers": one.answers,
        }
        for name, number in counted.items():
            found[name] = found.get(name, 0) + number
    return found


def causes(each: Iterable[Figures]) -> dict[str, int]:
    """Returns the causes of the closed cases of these teams with their counts, the most frequent first."""
    added: dict[str, int] = {}
    for one in each:
        for cause, number in one.causes.items():
            added[cause] = added.get(cause, 0) + number
    return {cause: added[cause] for cause in sorted(added, key=lambda cause: (-added[cause], cause))}


def cause_of(name: str, ordered: Mapping[str, int]) -> str | None:
    """Returns the cause that a list's name refers to; None for any other name."""
    place = name.removeprefix(CAUSE)
    known = list(ordered)
    return known[int(place)] if name.startswith(CAUSE) and place.isdecimal() and int(place) < len(known) else None


def menu(digest_id: int, counted: Mapping[str, int], named: Mapping[str, int], shown: Sequence[str]) -> tuple[Button, ...]:
    """Returns a button for each figure that is not zero and for each of the causes `shown`, and one that explains what is
    counted."""
    lists = [(name, titled.label, counted[name]) for name, titled in titles().items() if counted.get(name)]
    places = {cause: place for place, cause in enumerate(named)}
    lists += [(f"{CAUSE}{places[cause]}", _called(cause), named[cause]) for cause in shown if cause in places]
    return (
        *(button(digest_id, *each) for each in lists),
        Button("explain", _("What is counted"), f"digest:{digest_id}", _("Tell me, privately, what each figure counts")),
    )


def button(digest_id: int, name: str, label: str, number: int) -> Button:
    """Returns a button that leads to a list; its label includes the length."""
    spoken = _("Show me, privately: {label}").format(label=cut(label, SPOKEN))
    return Button("show_list", _with_number(label, number), target(digest_id, name), spoken)


def target(digest_id: int, name: str, first: int = 0) -> str:
    return f"list:{digest_id}:{name}" + (f":{first}" if first else "")


def behind(cause: str) -> str:
    return _("Closed cases with the cause “{cause}”").format(cause=_called(cause))


def heading(title: str, number: int, said: int | None, first: int) -> str:
    """Returns the text above a list: its length now, the number that the post said, and which entries follow."""
    text = _("{title}: {n}.").format(title=title, n=number or _("nobody now"))
    if said is not None and said != number:
        text += " " + _("The post said {said}; what arrived or changed since makes the difference.").format(said=said)
    if number > PAGE:
        text += " " + _("These are {first} to {last}.").format(first=first + 1, last=min(first + PAGE, number))
    return text


def next_page(digest_id: int, name: str, first: int, number: int) -> Card:
    """Returns a card that leads to the next page."""
    left = number - first
    said = ngettext("{n} more", "{n} more", left).format(n=left)
    show = ngettext("Show it", "Show the next {n}", min(left, PAGE)).format(n=min(left, PAGE))
    spoken = _("Show me, privately, the next of this list")
    return Card(plain=said, headline=said, buttons=(Button("show_list", show, target(digest_id, name, first), spoken),))


def definitions() -> str:
    """Explains what each figure counts; docs/digest.md says more."""
    return _(
        "Told us: low answers of that week, and words without a score, that somebody was asked to follow up; "
        "dismissed ones are not.\n"
        "Told us again: low answers of earlier weeks to which the customer added something that week, after the case had ended; "
        "one that was closed is among those opened again, too.\n"
        "Got back to: a contact with the customer is noted.\n"
        "In time: somebody took it within the promise to claim, and the contact came within the promise to close. "
        "Promises count opening hours.\n"
        "Still has time: open, without a contact, and the promise could still be kept when the post was made; "
        "nobody of them counts as missed. Past our promise: open, without a contact, and a part of the promise is over.\n"
        "No contact noted: closed, as could not be reached or otherwise, and nobody noted a contact. "
        "No word yet: open, without a contact.\n"
        "Answered again: a customer answered for the first time since we were in touch and closed their case; recovered, if that "
        "answer is not low. Each customer counts once.\n"
        "Promises due: waiting customers whom somebody must take, or answer, by then.\n"
        "A promise is named where it was the same for all customers of that week.\n"
        "A share in percent stands there from 10 customers on, a slowest tenth too, and a score from 10 answers on; a score "
        "says its margin, and under 30 answers it is too few to compare.\n"
        "At risk, recovered, lost: estimates, the value of these customers where it is known, each once.\n"
        "What arrives late changes earlier weeks, and the next post says so."
    )


def _called(cause: str) -> str:
    return cause if cause != NO_CAUSE else _("no cause recorded")


def _with_number(label: str, number: int) -> str:
    end = f" ({number})"
    return cut(begin(label), LABEL - len(end)) + end
