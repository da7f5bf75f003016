"""The weekly post: what the channel reads on Monday. Pure; all its sentences are here.

Counts come before shares, failure is described as the customers' wait, and no person is counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.calendar.weeks import Week
from handlers.cards import Button, Card
from handlers.digests import figure_lists
from handlers.digests.figures import NO_CAUSE, Figures, Kept, Promised
from handlers.digests.heroes import Reason
from handlers.digests.week_chart import chart
from handlers.digests.week_sentence import sentence
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import TITLE, begin, cut, date_of, day, days, when, within

WORDS = 200
"""Maximum characters of somebody's own words in the post."""
TELLS = ("told", "told_again", "in_time", "later", "unreached", "running", "past", "answers")
"""The figures of a week that its post mentions; each leads to its list."""


@dataclass(frozen=True, slots=True)
class StoryInWords:
    """A story in words. `done` is the sentence with which the case was closed, `closer` who wrote it if that is somebody else;
    `why` are the facts that selected it."""

    follow_up: int
    name: str
    reason: Reason
    done: str = ""
    closer: str = ""
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """Everything the weekly post of one team says. `causes_before` are those of the week before, None if nothing is known of it.
    `promise` is what everybody was promised, if it was the same for all. `unheard` are weeks without any answer. `restated` are
    earlier weeks whose count has changed: the week, the count reported, and the count now. `raised` describes the newest thing
    raised. `late`: it is posted later than promised. `closed`: the team did not open in that week."""

    digest_id: int
    title: str
    week: Week
    zone: ZoneInfo
    due_at: datetime
    made_at: datetime
    figures: Figures
    causes_before: Mapping[str, int] | None
    promise: Promised | None
    weeks: Mapping[Week, Kept]
    restated: tuple[tuple[Week, int, int], ...] = ()
    stories: tuple[StoryInWords, ...] = ()
    kind_words: str = ""
    raised: str = ""
    late: bool = False
    closed: bool = False
    unheard: frozenset[Week] = frozenset()


def post_card(post: Post) -> Card:
    """Returns what everybody in the team's channel sees."""
    quiet = not post.figures.kept.told
    return Card(
        plain=plain(post),
        headline=_("Customer action heroes · {team} · {days}").format(team=cut(post.title, TITLE), days=span(post.week)),
        context=(
            sentence(post.figures, post.promise, closed=post.closed),
            *_late(post),
            *_stories(post),
            *_kind_words(post),
            *(() if quiet else _causes(post)),
            *((post.raised,) if post.raised else ()),
            *who_waits(post),
            *_restated(post),
        ),
        chart=chart(post.weeks, post.unheard),
        buttons=_buttons(post),
        menu=_menu(post),
        footer=_("Week {number}, counted {at}").format(
            number=post.week.number, at=when(post.made_at, post.zone, post.due_at)
        ),
    )  # fmt: skip


def thanks_card(giver: str, reason: Reason, note: str, week: Week) -> Card:
    """Returns the private message to the thanked colleague."""
    text = _("{name} thanks you: {deed} (week {number}).").format(
        name=begin(giver), deed=deeds()[reason].lower(), number=week.number
    )
    return Card(plain=f"{text} “{cut(note, WORDS)}”" if note else text)


def deeds() -> dict[Reason, str]:
    """Returns how each reason is called in praise."""
    return {
        Reason.HARD: _("First contact on a hard one"),
        Reason.BACK: _("Brought a customer back"),
        Reason.HELPED: _("Helped with a colleague's case"),
        Reason.CAUSE: _("Found the cause behind several cases"),
        Reason.HANDOVER: _("A handover in good time"),
        Reason.THANKED: _("Answered a content customer"),
    }


def plain(post: Post) -> str:
    """Returns the one line a phone shows."""
    said = sentence(post.figures, closed=post.closed)
    return _("Customer action heroes at {team}: {sentence}").format(team=cut(post.title, TITLE), sentence=said)


def _late(post: Post) -> tuple[str, ...]:
    if not post.late:
        return ()
    return (
        _("This should have been here {at}; we were away. We are sorry.").format(at=when(post.due_at, post.zone, post.made_at)),
    )


def _stories(post: Post) -> tuple[str, ...]:
    return tuple(story(told) for told in sorted(post.stories, key=lambda told: (told.name.casefold(), told.follow_up)))


def story(told: StoryInWords) -> str:
    """Returns one story, as the channel reads it."""
    said = f" “{cut(' '.join(told.done.split()), WORDS)}”" if told.done else ""
    whose = _(" What {name} did then:").format(name=told.closer) if said and told.closer else ""
    return _("{name}: {deed}.").format(name=begin(told.name), deed=within(deeds()[told.reason])) + whose + said


def _kind_words(post: Post) -> tuple[str, ...]:
    words = cut(" ".join(post.kind_words.split()), WORDS)
    return (_("A customer says thank you: “{words}”").format(words=words),) if words else ()


def _causes(post: Post) -> tuple[str, ...]:
    """Returns the most frequent cause, how it changed, and a question about it."""
    cause = _top_cause(post.figures)
    if cause is None:
        return ()
    number = post.figures.causes[cause]
    most = ngettext("What keeps happening: {cause}, {n} case{change}.", "What keeps happening: {cause}, {n} cases{change}.", number)
    return (
        most.format(cause=cause, n=number, change=_change(number, post.causes_before, cause)),
        _("For the huddle: what one thing could we change this week so that fewer customers meet “{cause}”?").format(cause=cause),
    )


def _change(number: int, before: Mapping[str, int] | None, cause: str) -> str:
    """Compares with the week before, unless nothing is known of that."""
    if before is None:
        return ""
    was = before.get(cause, 0)
    return _(" (the same as the week before)") if number == was else _(" ({n} the week before)").format(n=was)


def _top_cause(week: Figures) -> str | None:
    """Returns the most frequent cause that says anything, if it occurred more than once: a single case does not keep happening."""
    nothing = (NO_CAUSE, "other")
    named = {cause: number for cause, number in week.causes.items() if number > 1 and cause.casefold() not in nothing}
    return min(named, key=lambda each: (-named[each], each), default=None)


def who_waits(post: Post) -> tuple[str, ...]:
    """Says how many customers wait now, since when, and how many promises to them are due by the end of the week that has begun."""
    number, oldest = post.figures.waiting_now, post.figures.oldest_at
    if not number or oldest is None:
        return ()
    said = ngettext(
        "Still waiting for a word from us: {n} customer, since {since}.",
        "Still waiting for a word from us: {n} customers, the first since {since}.",
        number,
    )
    until = day(post.week.begun(post.made_at.astimezone(post.zone).date()).sunday)
    due = _("Promises due by {day}: {n}.").format(day=until, n=post.figures.due) if post.figures.due else ""
    return (f"{said.format(n=number, since=when(oldest, post.zone, post.made_at))} {due}".rstrip(),)


def _restated(post: Post) -> tuple[str, ...]:
    return tuple(
        ngettext(
            "The week of {day} now counts {now} customer; we had told you {was}.",
            "The week of {day} now counts {now} customers; we had told you {was}.",
            now,
        ).format(day=date_of(week.monday), was=was, now=now)
        for week, was, now in post.restated
    )


def _buttons(post: Post) -> tuple[Button, ...]:
    target = f"digest:{post.digest_id}"
    show = Button("show_waiting", _("Show them"), target, _("Show me, privately, who still waits"))
    thank = Button("thank", _("Say thanks…"), target, _("Thank a colleague privately"))
    return (*((show,) if post.figures.waiting_now else ()), *((thank,) if post.stories else ()))


def _menu(post: Post) -> tuple[Button, ...]:
    """Every figure leads to its list."""
    ordered = figure_lists.causes([post.figures])
    counted = figure_lists.counts([post.figures])
    told = {name: number for name, number in counted.items() if name in TELLS}
    top = _top_cause(post.figures)
    recall = Button("recall", _("Huddle notes"), f"digest:{post.digest_id}", _("Show me, privately, the last huddle's notes"))
    return (*figure_lists.menu(post.digest_id, told, ordered, [top] if top and post.figures.kept.told else []), recall)


def span(week: Week) -> str:
    """Returns its days, as people say them."""
    return days(week.monday, week.sunday)
