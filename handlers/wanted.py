"""The messages that can be wanted, each with its key, kind, place and what it is about."""

from __future__ import annotations

from datetime import datetime

from handlers import message_keys as keys
from handlers.feedback import Person, Place
from storage.messages import Wanted


def card(follow_up_id: int, place: Place, n: int) -> Wanted:
    """The card in the team's n-th channel."""
    return Wanted(keys.in_channel(keys.card(follow_up_id), n), "card", *_at(place), follow_up_id, fresh=True)


def line(follow_up_id: int, act_id: int, place: Place, n: int) -> Wanted:
    """A sentence about one act in the thread of that card."""
    thread = keys.in_channel(keys.card(follow_up_id), n)
    return Wanted(keys.in_channel(keys.line(act_id), n), "line", *_at(place), follow_up_id, act_id, thread_of=thread, fresh=True)


def private(follow_up_id: int, person: Person) -> Wanted:
    """What one person sees about a follow-up they were given; one message for as long as the follow-up lives."""
    return Wanted(keys.private(follow_up_id, person.id), "private", *_at(person.place), follow_up_id, person_id=person.id)


def closing(follow_up_id: int, promises: int, person: Person) -> Wanted:
    """The question to a leader whether a case may stay ended. Reopening starts a new promise, and under that it is asked anew."""
    return Wanted(keys.closing(follow_up_id, promises, person.id), "closing", *_at(person.place), follow_up_id, person_id=person.id)


def told(act_id: int, person: Person) -> Wanted:
    """What became of something, for the colleague who passed it on."""
    return Wanted(keys.told(act_id), "told", *_at(person.place), act_id=act_id, person_id=person.id)


def became(raised_id: int, state: str, person: Person) -> Wanted:
    """What became of something that keeps happening, for the person who raised it; one message for each decision."""
    return Wanted(keys.became(raised_id, state), "became", *_at(person.place), person_id=person.id)


def bundle(bundle_id: int, person: Person) -> Wanted:
    """All reminders of one run, for one person."""
    return Wanted(keys.bundle(bundle_id), "bundle", *_at(person.place), person_id=person.id, bundle_id=bundle_id, fresh=True)


def opening(team: str, opened_at: datetime, place: Place, n: int) -> Wanted:
    """The line above the cards that waited for the team to open."""
    return Wanted(keys.in_channel(keys.opening(team, int(opened_at.timestamp())), n), "opening", *_at(place))


def welcome(change: int, place: Place) -> Wanted:
    """The greeting in a channel that ops gave to a team in chat."""
    return Wanted(keys.welcome(change), "welcome", *_at(place), fresh=True)


def wish(change: int, person: Person) -> Wanted:
    """The question to somebody of ops whether to grant what was asked for in that change."""
    return Wanted(keys.wish(change, person.id), "wish", *_at(person.place))


def digest(team: str, period: str, place: Place, n: int) -> Wanted:
    """The weekly post in the team's n-th channel."""
    return Wanted(keys.in_channel(keys.of_team("digest", team, period), n), "digest", *_at(place))


def silent(period: str, person: Person) -> Wanted:
    """Why a week has no post, for a leader; one message, however many teams they lead."""
    return Wanted(keys.silent(period, person.id), "silent", *_at(person.place), person_id=person.id)


def about_digest(kind: str, digest_id: int, person: Person) -> Wanted:
    """What one person sees of a post: a look ahead (`preview`), a leader's post (`leader`, `month`, `calls`), anybody's own
    (`own`), that a huddle has no room for their notes (`full`), or the note to ops (`ops`)."""
    return Wanted(keys.about_digest(kind, digest_id, person.id), kind, *_at(person.place), person_id=person.id)


def huddle(team: str, on: str, place: Place, n: int) -> Wanted:
    """The card of a huddle in the team's n-th channel."""
    return Wanted(keys.in_channel(keys.of_team("huddle", team, on), n), "huddle", *_at(place))


def wins(team: str, on: str, place: Place, n: int) -> Wanted:
    """What happy customers said, in the team's n-th channel."""
    return Wanted(keys.in_channel(keys.of_team("wins", team, on), n), "wins", *_at(place))


def thanks(thanks_id: int, person: Person) -> Wanted:
    """A colleague's thank-you, for one person."""
    return Wanted(keys.thanks(thanks_id), "thanks", *_at(person.place), person_id=person.id)


def _at(place: Place) -> tuple[str, str, str]:
    return place.chat, place.workspace, place.channel
