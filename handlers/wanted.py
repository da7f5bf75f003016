"""The messages that can be wanted, each with its key, kind, place and what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from sqlalchemy import Connection

from handlers import message_keys as keys
from handlers.case import Case
from handlers.feedback import Person, Place
from handlers.team import Team
from storage import act_log, messages
from storage.messages import Wanted

IN_THE_THREAD = frozenset({"note", "raise"})
"""Verbs that say something in the thread of the card, and change nothing else."""


@dataclass(frozen=True, slots=True)
class ToldInThread:
    """An act that is told in the threads of its case's cards. `open` says whether the case is open after it. `only_card_in` is as
    in a Case, where that is known."""

    team: Team
    follow_up_id: int
    act_id: int
    open: bool
    only_card_in: str | None = None

    @property
    def in_one_place(self) -> bool:
        """Whether its only card stands, or is kept up, where the team has its only channel."""
        first = self.team.channels[0]
        return len(self.team.channels) == 1 and self.only_card_in == f"{first.chat}:{first.workspace}"


def card(follow_up_id: int, place: Place, n: int) -> Wanted:
    """The card in the team's n-th channel."""
    return Wanted(keys.in_channel(keys.card(follow_up_id), n), "card", *place.parts, follow_up_id, fresh=True)


def line(follow_up_id: int, act_id: int, place: Place, n: int) -> Wanted:
    """A sentence about one act in the thread of that card."""
    thread = keys.in_channel(keys.card(follow_up_id), n)
    return Wanted(keys.in_channel(keys.line(act_id), n), "line", *place.parts, follow_up_id, act_id, thread_of=thread, fresh=True)


def in_thread(tx: Connection, team: Team, case: Case, act_id: int, *, open: bool = True) -> list[Wanted]:
    """The sentences about one act of this case; none without a posted card, for there is no thread. `open` as in ToldInThread."""
    return lines(tx, [ToldInThread(team, case.id, act_id, open, case.only_card_in)]) if case.held_until is None else []


def lines(tx: Connection, said: Sequence[ToldInThread]) -> list[Wanted]:
    """The sentences about these acts, in the thread of each card of their cases. In a channel that the team got since a case began,
    and in the chat to which the team moved since, its card is wanted, too, as long as it is open; afterwards nothing is said
    there."""
    cards: dict[int, dict[int, Place]] = {each.follow_up_id: {} for each in said if not each.in_one_place}
    for row in messages.cards(tx, cards):
        cards[row.follow_up_id][keys.number_of(row.key)] = Place(row.chat, row.workspace, row.channel)
    return [wanted for each in said for wanted in _in_threads(each, cards.get(each.follow_up_id, {0: each.team.channels[0]}))]


def _in_threads(said: ToldInThread, cards: Mapping[int, Place]) -> Iterator[Wanted]:
    """`cards` says where the case's cards stand, by their number."""
    channels = dict.fromkeys(said.team.channels)
    numbers = {place: n for n, place in cards.items()}
    unused = (n for n in count() if n not in cards)
    for n, place in enumerate(channels):
        number = numbers.get(place)
        if number is None and n in cards and cards[n] not in channels and cards[n].is_near(place):
            number = n  # this channel took the place of the one where the card stands, or is the same under another name
        if number is None:
            if not said.open:
                continue
            number = next(unused)
            yield card(said.follow_up_id, place, number)
        yield line(said.follow_up_id, said.act_id, place, number)


def noted_before(tx: Connection, posted: Mapping[int, Team]) -> list[Wanted]:
    """What colleagues noted about these follow-ups, or raised, while their cards waited for the opening: lines in the threads of
    the cards that are posted now."""
    acts = act_log.on(tx, posted, IN_THE_THREAD)
    return [line(act.follow_up_id, act.id, place, n) for act in acts for n, place in enumerate(posted[act.follow_up_id].channels)]


def private(follow_up_id: int, person: Person) -> Wanted:
    """What one person sees about a follow-up they were given; one message for as long as the follow-up lives."""
    return Wanted(keys.private(follow_up_id, person.id), "private", *person.place.parts, follow_up_id, person_id=person.id)


def closing(follow_up_id: int, act_id: int, person: Person) -> Wanted:
    """The question to a leader whether a case may stay ended by this act; asked anew once it was opened and ends again."""
    return Wanted(keys.closing(follow_up_id, act_id, person.id), "closing", *person.place.parts, follow_up_id, person_id=person.id)


def told(act_id: int, person: Person) -> Wanted:
    """What became of something, for the colleague who passed it on."""
    return Wanted(keys.told(act_id), "told", *person.place.parts, act_id=act_id, person_id=person.id)


def became(raised_id: int, state: str, person: Person) -> Wanted:
    """What became of something that keeps happening, for the person who raised it; one message for each decision."""
    return Wanted(keys.became(raised_id, state), "became", *person.place.parts, person_id=person.id)


def bundle(bundle_id: int, person: Person) -> Wanted:
    """All reminders of one run, for one person."""
    return Wanted(keys.bundle(bundle_id), "bundle", *person.place.parts, person_id=person.id, bundle_id=bundle_id, fresh=True)


def posts(kind: str, team: Team, period: str) -> list[Wanted]:
    """A post in each of the team's channels: the `digest` of a week, the `huddle` or the `wins` of a day."""
    key = keys.of_team(kind, team.name, period)
    return [Wanted(keys.in_channel(key, n), kind, *place.parts) for n, place in enumerate(team.channels)]


def opening(team: Team, opened_at: datetime) -> list[Wanted]:
    """The line above the cards that waited for the team to open, in each of its channels."""
    return posts("opening", team, str(int(opened_at.timestamp())))


def welcome(change: int, place: Place) -> Wanted:
    """The greeting in a channel that ops gave to a team in chat."""
    return Wanted(keys.welcome(change), "welcome", *place.parts, fresh=True)


def link_request(change: int, person: Person) -> Wanted:
    """The question to somebody of ops whether to grant what was asked for in that change."""
    return Wanted(keys.link_request(change, person.id), "wish", *person.place.parts)


def silent(period: str, person: Person) -> Wanted:
    """Why a week has no post, for a leader; one message, however many teams they lead."""
    return Wanted(keys.silent(period, person.id), "silent", *person.place.parts, person_id=person.id)


def about_digest(kind: str, digest_id: int, person: Person) -> Wanted:
    """What one person sees of a post: a look ahead (`preview`), a leader's post (`leader`, `month`, `calls`), anybody's own
    (`own`), that a huddle has no room for their notes (`full`), or the note to ops (`ops`)."""
    return Wanted(keys.about_digest(kind, digest_id, person.id), kind, *person.place.parts, person_id=person.id)


def thanks(thanks_id: int, person: Person) -> Wanted:
    """A colleague's thank-you, for one person."""
    return Wanted(keys.thanks(thanks_id), "thanks", *person.place.parts, person_id=person.id)
