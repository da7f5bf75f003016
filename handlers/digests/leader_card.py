"""A leader's private weekly post: customers who wait come before anything else, and no person is counted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from handlers.calendar.weeks import Week
from handlers.cards import Button, Card
from handlers.case import Case
from handlers.company import People
from handlers.digests import figure_lines, figure_lists, figures, machine_lines, money, waiting_item
from handlers.digests.figures import Figures, Kept, Score, Spread
from handlers.digests.machine_lines import Health, Noise
from handlers.digests.money import Money
from handlers.digests.week_sentence import told_again
from handlers.raised import raised_card
from handlers.raised.raised_card import Raised
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import TITLE, begin, cut, days, when

CAUSES = 3
QUOTED = 100
NAMED = 10
"""Cases named by their numbers in one line."""


@dataclass(frozen=True, slots=True)
class OfTeam:
    """One team's part of the post. `causes_before`: None if nothing is known of the week before. `fell`: it kept its promise
    less often than chance explains. `to_look_at` are randomly drawn dismissals, `in_conflict` cases ended by somebody whom the
    customer names, and not confirmed yet."""

    title: str
    figures: Figures
    causes_before: Mapping[str, int] | None
    fell: bool = False
    to_look_at: tuple[int, ...] = ()
    in_conflict: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Everything it says. `id` is that of its digest. `first_contact` counts opening hours, `customers_waited` all hours. `waiting`
    are the cases that still wait now, with their teams, unclaimed ones first; `people` is how colleagues are named there. `claimed`
    and `contacted` are what leaders did themselves; `words` has one customer's words for each of the top causes; `raised` is what
    they still have to decide. `asked`: somebody asked for it (see week_now.py), so it has the figures alone. `reader_id` is who
    reads it, where that is known."""

    week: Week
    zone: ZoneInfo
    made_at: datetime
    teams: tuple[OfTeam, ...]
    before: Kept
    first_contact: Spread
    customers_waited: Spread
    score: Score
    score_before: Score
    health: Health
    noise: Noise
    claimed: int = 0
    contacted: int = 0
    waiting: tuple[tuple[Case, Team], ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    raised: tuple[Raised, ...] = ()
    money: Money = field(default_factory=Money)
    id: int = 0
    running_before: int = 0
    people: People = People.NAMES
    asked: bool = False
    reader_id: int | None = None

    @property
    def so_far(self) -> bool:
        """Returns whether somebody asked for the week that runs."""
        return self.asked and Week.of(self.made_at.astimezone(self.zone).date()) <= self.week


def report_card(report: Report, now: datetime) -> Card:
    """Returns the leader's post: what was kept and who waits, these customers themselves, and then the rest."""
    title = cut(report.teams[0].title, TITLE) if len(report.teams) == 1 else _("{n} teams").format(n=len(report.teams))
    first, items = (_promise(report), _waiting(report)), _items(report, now)
    rest = (
        *raised_card.asked(report.raised, report.made_at),
        *_a_hand(report.teams),
        *_came_back(report.teams),
        *_causes(report),
        *figure_lines.score(report.score, report.score_before),
        *(() if report.asked else _to_decide(report.teams)),
        *money.lines(report.money),
        *(() if report.asked else _work(report)),
    )
    plain = _("So far this week, {title}: {promise}") if report.so_far else _("Your week, {title}: {promise}")
    headline = _("So far this week · {title} · {days}") if report.so_far else _("Your week · {title} · {days}")
    return Card(
        plain=plain.format(title=title, promise=first[0]),
        headline=headline.format(title=title, days=days(report.week.monday, report.week.sunday)),
        context=first if items else (*first, *rest),
        buttons=_buttons(report),
        menu=_menu(report),
        items=items,
        below=rest if items else (),
        footer=_("Week {number}, counted {at} · only you read this").format(
            number=report.week.number, at=when(report.made_at, report.zone, report.made_at)
        ),
    )


def _buttons(report: Report) -> tuple[Button, ...]:
    """Returns a button that shows all who wait, if the post shows only the first of them."""
    if sum(team.figures.waiting_now for team in report.teams) <= len(report.waiting):
        return ()
    target = figure_lists.target(report.id, "waiting_now")
    return (Button("show_list", _("Show all who wait"), target, _("Show me, privately, all who still wait")),)


def _menu(report: Report) -> tuple[Button, ...]:
    """Every figure leads to its list."""
    each = [team.figures for team in report.teams]
    known = report.money
    counted = figure_lists.counts(each) | {
        "unconfirmed": sum(len(team.in_conflict) for team in report.teams),
        "at_risk": known.at_risk.known,
        "recovered": known.recovered.customers if known.known else 0,
        "lost": known.lost.customers if known.known else 0,
        "unscored": report.health.unscored,
    }
    ordered = figure_lists.causes(each)
    return figure_lists.menu(report.id, counted, ordered, list(ordered)[:CAUSES])


def _promise(report: Report) -> str:
    kept = figures.added(Kept, (team.figures.kept for team in report.teams))
    again = sum(team.figures.told_again for team in report.teams)
    if not kept.told and again:
        return told_again(again)
    if not kept.told and not any(team.figures.answers for team in report.teams):
        # So nobody knows whether anybody was let down: the feed may be broken.
        theirs = ngettext("No answers reached your team.", "No answers reached your teams.", len(report.teams))
        return theirs if report.health.unrouted else _("No answers arrived.")
    if not kept.told:
        return _("No customer told us that we let them down.")
    said = figure_lines.kept(kept, sum(team.figures.running for team in report.teams))
    if report.first_contact.median is not None:
        said += " " + figure_lines.how_soon(report.first_contact, report.customers_waited, kept.told)
    if ended := report.before.told - report.running_before:
        said += " " + _("The week before: {part} of {whole}.").format(part=report.before.in_time, whole=ended)
    return f"{said} {told_again(again)}" if again else said


def _waiting(report: Report) -> str:
    number = sum(team.figures.waiting_now for team in report.teams)
    oldest = min((team.figures.oldest_at for team in report.teams if team.figures.oldest_at), default=None)
    if not number or oldest is None:
        return _("Nobody waits for a word from us.")
    said = ngettext("{n} customer waits for a word from us, since {since}.", "{n} customers wait for a word from us, the first since {since}.", number)  # fmt: skip # noqa: E501
    return said.format(n=number, since=when(oldest, report.zone, report.made_at))


def _a_hand(teams: Sequence[OfTeam]) -> tuple[str, ...]:
    """Names only the teams that need a hand, in alphabetical order; the others are counted."""
    if len(teams) == 1:
        return ()
    named = sorted((team for team in teams if team.fell or team.figures.waiting_now), key=lambda team: team.title.casefold())
    rest = len(teams) - len(named)
    said = [_("{team}: {why}").format(team=cut(team.title, TITLE), why=_why(team)) for team in named]
    others = ngettext("{n} team kept up.", "{n} teams kept up.", rest).format(n=rest) if rest else ""
    hand = _("Teams that could use a hand: {teams}.").format(teams="; ".join(said)) if said else ""
    return tuple(text for text in (hand, others) if text)


def _why(team: OfTeam) -> str:
    waits = ngettext("{n} waits", "{n} wait", team.figures.waiting_now).format(n=team.figures.waiting_now)
    fell = _("kept its promise less often than usual")
    return ", ".join(text for text, holds in ((waits, team.figures.waiting_now), (fell, team.fell)) if holds)


def _came_back(teams: Sequence[OfTeam]) -> tuple[str, ...]:
    asked, recovered = (sum(getattr(team.figures, name) for team in teams) for name in ("asked_again", "recovered"))
    reopened = sum(team.figures.reopened for team in teams)
    said = []
    if asked:
        said.append(
            _("Recovered, as their next answer says: {part} of {whole} who answered again.").format(part=recovered, whole=asked)
        )
    if reopened:
        said.append(
            ngettext("{n} case had to be opened again.", "{n} cases had to be opened again.", reopened).format(n=reopened)
        )  # fmt: skip
    return (" ".join(said),) if said else ()


def _causes(report: Report) -> tuple[str, ...]:
    """Returns the top causes, and a customer's own words for each."""
    now = figure_lists.causes(team.figures for team in report.teams)
    if not now:
        return ()
    first = list(now)[:CAUSES]
    known = [team.causes_before for team in report.teams if team.causes_before is not None]
    before = [] if report.so_far else known  # a whole week
    was = {cause: _(" (was {n})").format(n=sum(one.get(cause, 0) for one in before)) if before else "" for cause in first}
    each = [f"{cause or _('no cause recorded')} {now[cause]}{was[cause]}" for cause in first]
    said = {cause: cut(" ".join(report.words.get(cause, "").split()), QUOTED) for cause in first}
    quoted = [_("{cause}: “{words}”").format(cause=cause, words=said[cause]) for cause in first if cause and said[cause]]
    return (_("Causes: {causes}.").format(causes=", ".join(each)), *(begin(line) for line in quoted))


def _to_decide(teams: Sequence[OfTeam]) -> tuple[str, ...]:
    """Returns what only a leader can judge."""
    dismissed = sum(team.figures.dismissed for team in teams)
    drawn = [f"#{id}" for team in teams for id in team.to_look_at]
    conflicts = [f"#{id}" for team in teams for id in team.in_conflict]
    said = []
    if dismissed:
        said.append(
            ngettext(
                "{n} was dismissed as no problem. Please look at {these}, drawn by lot.",
                "{n} were dismissed as no problem. Please look at {these}, drawn by lot.",
                dismissed,
            ).format(n=dismissed, these=_some(drawn))
        )
    if conflicts:
        said.append(_("Ended by somebody whom the customer names, and not confirmed yet: {these}.").format(these=_some(conflicts)))
    return tuple(said)


def _some(these: Sequence[str]) -> str:
    """Returns as many as can be read on a phone."""
    more = [_("{n} more").format(n=len(these) - NAMED)] if len(these) > NAMED else []
    return ", ".join([*these[:NAMED], *more])


def _work(report: Report) -> tuple[str, ...]:
    """Returns what leaders did themselves, which shows their own commitment, and how the data and the bot do."""
    leaders = _("Leaders themselves took {claimed} and were in touch with {contacted}.").format(
        claimed=ngettext("{n} case", "{n} cases", report.claimed).format(n=report.claimed),
        contacted=ngettext("{n} customer", "{n} customers", report.contacted).format(n=report.contacted),
    )
    return leaders, machine_lines.health(report.health), machine_lines.noise(report.noise)


def _items(report: Report, now: datetime) -> tuple[Card, ...]:
    """Customers come first."""
    waiting = [waiting_item.item(case, team, report.people, now, report.reader_id) for case, team in report.waiting]
    return (*waiting, *(raised_card.item(each, report.made_at) for each in report.raised[: raised_card.LISTED]))
