"""The weekly post: what the channel reads on Monday, and what its leader reads before. Pure; every sentence of both is here.

Counts come before shares, failure is told as the customers' wait, and nobody is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from handlers.cards import Button, Card, Chart, Style
from handlers.digests import figure_lists, figures
from handlers.digests.figures import NO_CAUSE, Figures, Kept
from handlers.digests.heroes import Reason
from handlers.digests.weeks import Week
from handlers.language import gettext as _
from handlers.language import ngettext
from handlers.words import begin, cut, days, when

WORDS = 200
"""Characters of a sentence that somebody wrote, in the post."""
TITLE = 40
TELLS = ("told", "in_time", "later", "unreached", "waiting", "answers")
"""The figures of a week that its post tells of; each leads to its list."""


@dataclass(frozen=True, slots=True)
class Told:
    """A story as it is told. `done` is the sentence with which the case was closed, `closer` who wrote it where that is somebody
    else; `why` are the facts that chose it."""

    follow_up: int
    name: str
    reason: Reason
    done: str = ""
    closer: str = ""
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """All that the weekly post of one team says. `restated` are earlier weeks that are counted otherwise now: what was said, and
    what is true. `late`: it comes later than promised."""

    digest_id: int
    title: str
    week: Week
    zone: ZoneInfo
    due_at: datetime
    made_at: datetime
    figures: Figures
    causes_before: Mapping[str, int]
    weeks: Mapping[Week, Kept]
    restated: tuple[tuple[Week, int, int], ...] = ()
    stories: tuple[Told, ...] = ()
    kind_words: str = ""
    late: bool = False


def post_card(post: Post) -> Card:
    """What everybody in the team's channel sees."""
    quiet = not post.figures.kept.told
    return Card(
        plain=plain(post),
        headline=_("Customer action heroes · {team} · {days}").format(team=cut(post.title, TITLE), days=_days(post.week)),
        context=(
            sentence(post.figures),
            *_late(post),
            *_stories(post),
            *_kind_words(post),
            *(() if quiet else _causes(post)),
            *_waiting(post),
            *_restated(post),
        ),
        chart=chart(post.weeks),
        buttons=_buttons(post),
        menu=_menu(post),
        footer=_("Week {number}, counted {at}").format(
            number=post.week.number, at=when(post.made_at, post.zone, post.due_at)
        ),
    )  # fmt: skip


def preview_card(post: Post, *, agreed: bool, gone_out: bool) -> Card:
    """What the leader sees the working day before. Whatever they do, or leave, it goes out at its time."""
    at = when(post.due_at, post.zone, post.made_at)
    if gone_out:
        return Card(plain=_("The weekly post of {team} went out {at}.").format(team=cut(post.title, TITLE), at=at))
    target = f"digest:{post.digest_id}"
    send = Button("send_digest", _("Send as is"), target, _("Send the weekly post as it is"), Style.PRIMARY)
    said = _("It goes out {at} by itself, with the numbers of that moment. Nobody sees this but you.").format(at=at)
    if agreed:
        said = _("Thank you. It goes out {at}, with the numbers of that moment.").format(at=at)
    return Card(
        plain=_("The weekly post of {team}, before it goes out {at}.").format(team=cut(post.title, TITLE), at=at),
        headline=_("A look ahead · the weekly post of {team} goes out {at}").format(team=cut(post.title, TITLE), at=at),
        context=(sentence(post.figures), *(_no_stories() if not post.stories else ()), *_waiting(post), said),
        buttons=() if agreed else (send,),
        items=tuple(_choosable(told, target, open=not agreed) for told in post.stories),
        footer=_("Week {number}").format(number=post.week.number),
    )


def not_sent_card(title: str, week: Week, *, passed: bool) -> Card:
    """What a look ahead becomes where no post came of it."""
    said = (
        _("The weekly post of {team} on {days} did not go out: we were away at its time, and a later week was told instead.")
        if passed
        else _("The weekly post of {team} on {days} did not go out: no answer arrived from anywhere, see below.")
    )
    return Card(plain=said.format(team=cut(title, TITLE), days=_days(week)))


def silent_card(week: Week) -> Card:
    """To a leader, in place of a post: nothing arrived from anywhere, so nothing true can be said."""
    return Card(
        plain=_(
            "No answer from any customer arrived in the week of {days}, from no survey at all. That is rarely good news: the feed "
            "is probably broken, and customers may wait for a reply nobody knows of. The channel gets no weekly post until it is "
            "mended; please ask whoever runs Action Hero to look at the survey tools."
        ).format(days=_days(week))
    )


def thanks_card(giver: str, reason: Reason, note: str, week: Week) -> Card:
    """To a colleague, privately."""
    text = _("{name} thanks you: {deed} (week {number}).").format(
        name=begin(giver), deed=deeds()[reason].lower(), number=week.number
    )
    return Card(plain=f"{text} “{cut(note, WORDS)}”" if note else text)


def deeds() -> dict[Reason, str]:
    """What each reason is called where it is praised."""
    return {
        Reason.HARD: _("First contact on a hard one"),
        Reason.BACK: _("Brought a customer back"),
        Reason.HELPED: _("Helped with a colleague's case"),
        Reason.CAUSE: _("Found the cause behind several cases"),
        Reason.HANDOVER: _("A handover in good time"),
        Reason.THANKED: _("Answered a content customer"),
    }


def plain(post: Post) -> str:
    """The one line a phone shows."""
    return _("Customer action heroes at {team}: {sentence}").format(team=cut(post.title, TITLE), sentence=sentence(post.figures))


def sentence(week: Figures) -> str:
    """The week in one breath, the denominator first."""
    kept = week.kept
    if not week.answers and not kept.told:
        return _("No answers this week.")
    if not kept.told:
        said = ngettext(
            "{n} answer, and not from an unhappy customer. Enjoy it.",
            "{n} answers, none from an unhappy customer. Enjoy it.",
            week.answers,
        )
        return said.format(n=week.answers)
    parts = [
        ngettext("{n} customer told us we let them down.", "{n} customers told us we let them down.", kept.told).format(n=kept.told)
    ]
    if kept.answered:
        parts.append(f"{_got_back(kept)}, {_in_time(kept)}.")
    if kept.unreached:
        parts.append(
            ngettext("{n} could not be reached.", "{n} could not be reached.", kept.unreached).format(n=kept.unreached)
        )  # fmt: skip
    if kept.waiting:
        parts.append(
            ngettext("{n} is still waiting for a word from us.", "{n} are still waiting for a word from us.", kept.waiting).format(
                n=kept.waiting
            )
        )
    return " ".join(parts)


def chart(weeks: Mapping[Week, Kept]) -> Chart | None:
    """Kept in time, later, or not yet, by week; none where there was nobody in all that time."""
    if not any(kept.told for kept in weeks.values()):
        return None
    series = (
        (_("In time"), tuple(kept.in_time for kept in weeks.values())),
        (_("Later"), tuple(kept.later for kept in weeks.values())),
        (_("No word yet"), tuple(kept.told - kept.answered for kept in weeks.values())),
    )
    told = " · ".join(_twins(weeks))
    return Chart(
        title=_("Customers who heard from us"),
        labels=tuple(_("Week {number}").format(number=week.number) for week in weeks),
        series=series,
        twin=_("By week, in time + later + no word yet: {weeks}").format(weeks=told),
    )


def _twins(weeks: Mapping[Week, Kept]) -> Iterator[str]:
    """`40 to 46: nobody`, `47: 5 + 0 + 1`."""
    for anybody, run in groupby(weeks.items(), key=lambda pair: pair[1].told > 0):
        these = list(run)
        if anybody:
            yield from (f"{week.number}: {kept.in_time} + {kept.later} + {kept.told - kept.answered}" for week, kept in these)
        elif len(these) == 1:
            yield _("{number}: nobody").format(number=these[0][0].number)
        else:
            yield _("{first} to {last}: nobody").format(first=these[0][0].number, last=these[-1][0].number)


def _got_back(kept: Kept) -> str:
    if kept.answered < kept.told:
        return _("You got back to {n} of them{share}").format(n=kept.answered, share=_share(kept.answered, kept.told))
    return ngettext("You got back to them", "You got back to all {n}", kept.told).format(n=kept.told)


def _in_time(kept: Kept) -> str:
    if kept.in_time == kept.answered:
        return _("within our promise") if kept.answered == 1 else _("all within our promise")
    if not kept.in_time:
        return _("later than we promised")
    return _("{n} within our promise").format(n=kept.in_time)


def _share(part: int, whole: int) -> str:
    percent = figures.percent(part, whole)
    return "" if percent is None else _(" ({percent} %)").format(percent=percent)


def _late(post: Post) -> tuple[str, ...]:
    if not post.late:
        return ()
    return (
        _("This should have been here {at}; we were away. We are sorry.").format(at=when(post.due_at, post.zone, post.made_at)),
    )


def _stories(post: Post) -> tuple[str, ...]:
    return tuple(story(told) for told in sorted(post.stories, key=lambda told: (told.name.casefold(), told.follow_up)))


def story(told: Told) -> str:
    """One story, as the channel reads it."""
    said = f" “{cut(' '.join(told.done.split()), WORDS)}”" if told.done else ""
    whose = _(" What {name} did then:").format(name=told.closer) if said and told.closer else ""
    return _("{name}: {deed}.").format(name=begin(told.name), deed=_lower(deeds()[told.reason])) + whose + said


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _no_stories() -> tuple[str, ...]:
    return (_("There is no story to tell this time."),)


def _choosable(told: Told, target: str, *, open: bool) -> Card:
    """A story in the preview, with the facts that chose it."""
    about = f"{target}:{told.follow_up}"
    buttons = (
        Button("swap_story", _("Swap a story"), about, _("Tell another story in place of this one")),
        Button("leave_out", _("Leave out"), about, _("Leave this story out of the post")),
    )
    return Card(
        plain=story(told),
        headline=story(told),
        context=(_("Why: {facts}").format(facts=", ".join(told.why)),) if told.why else (),
        buttons=buttons if open else (),
        footer=f"#{told.follow_up}",
    )


def _kind_words(post: Post) -> tuple[str, ...]:
    words = cut(" ".join(post.kind_words.split()), WORDS)
    return (_("A customer says thank you: “{words}”").format(words=words),) if words else ()


def _causes(post: Post) -> tuple[str, ...]:
    """What comes up most, by how much that changed, and a question about it."""
    cause = _top_cause(post.figures)
    if cause is None:
        return ()
    number, before = post.figures.causes[cause], post.causes_before.get(cause, 0)
    change = _("the same as the week before") if number == before else _("was {n} the week before").format(n=before)
    most = ngettext(
        "What keeps happening: {cause}, {n} case ({change}).", "What keeps happening: {cause}, {n} cases ({change}).", number
    )
    return (
        most.format(cause=cause, n=number, change=change),
        _("For the huddle: what one thing could we change this week so that fewer customers meet “{cause}”?").format(cause=cause),
    )


def _top_cause(week: Figures) -> str | None:
    """What comes up most, of that which says anything."""
    named = {cause: number for cause, number in week.causes.items() if cause not in (NO_CAUSE, "other")}
    return min(named, key=lambda each: (-named[each], each), default=None)


def _waiting(post: Post) -> tuple[str, ...]:
    number, oldest = post.figures.waiting_now, post.figures.oldest_at
    if not number or oldest is None:
        return ()
    said = ngettext(
        "Still waiting for a word from us: {n} customer, since {since}.",
        "Still waiting for a word from us: {n} customers, the first since {since}.",
        number,
    )
    return (said.format(n=number, since=when(oldest, post.zone, post.made_at)),)


def _restated(post: Post) -> tuple[str, ...]:
    return tuple(
        _("Week {number} changed from {was} to {now} customers since we told of it.").format(number=week.number, was=was, now=now)
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
    return figure_lists.menu(post.digest_id, told, ordered, [top] if top and post.figures.kept.told else [])


def _days(week: Week) -> str:
    return days(week.monday, week.sunday)
