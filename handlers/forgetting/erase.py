"""Erases a customer who wants to be forgotten: who they were and what they said. That somebody looked after them stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn

from sqlalchemy import Connection

from handlers import message_keys
from handlers.case import OPEN, State
from handlers.feedback import ERASED_KEY, MAIN_WORKSPACE
from handlers.forgetting import kept_payloads, talk
from handlers.forgetting.traces import Traces, traces
from handlers.situation import AFRESH
from handlers.wording.language import gettext as _
from handlers.wording.outcomes import ERASED
from storage import act_log, digests, erased, messages, payloads, personal, raised, thanks
from storage.act_log import Act
from storage.prepared import AnyRow

TELLING = 4
"""Characters. Shorter words identify nobody, and occur in any file."""
PERSONAL = {"leader": ("leader",), "month": ("month", "calls")}
"""The kinds of post that go to one person, each with the kinds of message that show it."""
CODES = frozenset({"outcome", "stays", "cause", "reason", "step", "steps", "role", "phase", "until", "became", "metric"})
"""The keys in an act's detail whose values are codes of ours, not text that somebody wrote."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was erased: the number of customers, answers, follow-ups about them, colleagues' notes, and raw payloads (with errands
    not fetched yet). `keys` are the messages to show anew; `words` must occur nowhere afterwards, and are not in the repr."""

    customers: int = 0
    answers: int = 0
    follow_ups: int = 0
    notes: int = 0
    payloads: int = 0
    keys: tuple[str, ...] = ()
    words: frozenset[str] = field(default=frozenset(), repr=False)


class Rehearsed(Exception):
    """Carries what would have been erased out of a unit of work, which it rolls back."""

    def __init__(self, would: Erasure) -> None:
        super().__init__("an erasure was only tried")
        self.would = would


def rehearse(tx: Connection, who: str, now: datetime) -> NoReturn:
    """Find out what `erase` would do, and change nothing. Always raises Rehearsed, so that the unit of work is rolled back."""
    searched = kept_payloads.search(tx, _sought(tx, who), payloads.newest(tx))
    erased.hold_back_erasures(tx)
    raise Rehearsed(_erase(tx, who, now, searched))


def erase(tx: Connection, who: str, now: datetime) -> Erasure:
    """Erase every customer with this key or e-mail, the same contact details in other answers, and the raw payloads that name them.
    Idempotent; returns an empty Erasure if nobody is known by that.

    The search through the payloads takes longest and comes first, so that others have to wait only for the rest."""
    newest = erased.while_held_back(tx, payloads.newest)
    searched = kept_payloads.search(tx, _sought(tx, who), newest)
    erased.hold_back(tx)
    return _erase(tx, who, now, searched)


def _sought(tx: Connection, who: str) -> Traces:
    """Returns what to look for in the payloads, as far as is known by now."""
    people = personal.known_as(tx, who, lock=False)
    return _naming(who, people, personal.answers_of(tx, [row.id for row in people]))


def _erase(tx: Connection, who: str, now: datetime, searched: kept_payloads.Searched) -> Erasure:
    people = personal.known_as(tx, who)
    answers = personal.answers_of(tx, [row.id for row in people])
    origins = [(row.source, row.external_id) for row in answers]
    named = kept_payloads.forget(tx, _naming(who, people, answers), searched, origins, now)
    gone = _known(tx, people, answers, now) if people else Erasure()
    given = personal.given_as(tx, {who, *(row.email for row in people if row.email)})
    if not (people or named or given):
        return gone
    personal.blank_given(tx, [row.id for row in given])
    theirs = [erased.told((row.source, row.external_id), word) for row in given for word in _given(row)]
    erased.remember(tx, MAIN_WORKSPACE, [*origins, *theirs], now)
    keys = said_about(tx, [row.id for row in personal.follow_ups_of(tx, [row.id for row in given])])
    contacts = {who, *(word for row in given for word in _given(row))}
    said, cards = talk.forget_named(tx, {word for word in (*contacts, *_called(people)) if len(word) >= TELLING}, now)
    keys = [*keys, *cards]
    messages.show_anew(tx, keys)
    return replace(
        gone,
        answers=gone.answers + len(given),
        notes=gone.notes + said,
        payloads=named,
        keys=(*gone.keys, *keys),
        words=frozenset(word for word in gone.words | contacts if len(word) >= TELLING),
    )


def _known(tx: Connection, people: Sequence[AnyRow], answers: Sequence[AnyRow], now: datetime) -> Erasure:
    """Erase these customers of the directory, and all that they said."""
    cases = personal.follow_ups_of(tx, [row.id for row in answers], lock=True)
    ids = [row.id for row in cases]
    acts, thanked = act_log.on(tx, ids), [row.note for row in thanks.thanks_for(tx, ids) if row.note]
    written = [*_own_words(people, answers), *_written(cases, acts), *thanked]
    keys = said_about(tx, ids)
    posts = posts_about(tx, answers, ids)
    for row in people:
        personal.blank_customer(tx, row.id, f"{ERASED_KEY}{row.id}")
    for row in answers:
        personal.blank_answer(tx, row.id, f"{ERASED_KEY}{row.id}")
    _end(tx, cases, now)
    personal.blank_words(tx, ids, plainly)
    messages.show_anew(tx, [*keys, *posts])
    notes = len(thanked) + sum(1 for line in acts if any(_typed(line)))
    return Erasure(
        customers=sum(row.merged_into is None for row in people),
        answers=len(answers),
        follow_ups=len(cases),
        notes=notes,
        keys=(*keys, *posts),
        words=frozenset(written),
    )


def _called(people: Iterable[AnyRow]) -> Iterator[str]:
    """Yields what colleagues may have called them in text: full name, surname, e-mail and telephone number."""
    for row in people:
        yield from (word for word in (row.name, (row.name or "").rpartition(" ")[2], row.email, row.phone) if word)


def said_about(tx: Connection, follow_up_ids: Sequence[int]) -> Sequence[str]:
    """Returns the keys of all messages about these follow-ups, also to those who passed them on or were thanked for them."""
    told = [message_keys.told(line.id) for line in act_log.on(tx, follow_up_ids)]
    thanked = [message_keys.thanks(row.id) for row in thanks.thanks_for(tx, follow_up_ids)]
    became = [
        message_keys.became(row.id, state) for row in raised.from_cases(tx, follow_up_ids) for state in ("doing", "done", "no")
    ]
    return [*messages.about(tx, follow_up_ids), *messages.wanted_of(tx, [*told, *thanked, *became])]


def posts_about(tx: Connection, answers: Sequence[AnyRow], follow_up_ids: Sequence[int]) -> Sequence[str]:
    """Returns the keys of the posts, to channels and to leaders, that quote these answers or tell how they were looked after."""
    if not answers:
        return ()
    said = digests.telling(tx, [row.id for row in answers], follow_up_ids, min(row.received_at for row in answers))
    shared, own = [], []
    for row in said:
        if row.kind in PERSONAL:
            own += [message_keys.about_digest(kind, row.id, row.about) for kind in PERSONAL[row.kind]]
        else:
            shared.append(message_keys.of_team("digest" if row.kind == "team" else row.kind, row.about, row.period))
    drafts = [message_keys.of_whoever("preview", row.id) for row in said if row.state == "draft"]
    own += message_keys.in_all_channels(shared)
    return [*messages.wanted_of(tx, own), *messages.beginning(tx, "preview", drafts)]


def plainly(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    """Returns an act's detail without any text that a colleague wrote, who may have named the customer, and without their value."""
    kept = {name: value for name, value in detail.items() if name not in personal.WORTH}
    return {
        name: _("(erased)") if isinstance(value, str) and value and name not in CODES else value for name, value in kept.items()
    }


def _end(tx: Connection, cases: Iterable[AnyRow], now: datetime) -> None:
    """Blank what was done in these cases, and dismiss those still open: there is nobody left to reply to. The card says why."""
    for row in cases:
        changes: dict[str, Any] = {"done": "", "next_look_at": None}
        if row.state in OPEN:
            changes |= {"state": State.DISMISSED, "reason": ERASED, "closed_at": now, "state_since": now}
            changes |= {"held_until": None, **AFRESH}
        act_log.carry_out(tx, Act(row.workspace, row.id, "erased", now, set=changes), row.version)


def _own_words(people: Iterable[AnyRow], answers: Iterable[AnyRow]) -> Iterator[str]:
    for row in people:
        yield from (str(value) for value in (row.key, row.name, row.email, row.phone, row.company) if value)
    for row in answers:
        yield from (text for text in (row.comment, row.link, row.external_id, *_given(row)) if text)


def _given(row: AnyRow) -> list[str]:
    """Returns the contact details that an answer gave itself."""
    return [word for word in (row.given_name, row.given_email, row.given_phone) if word]


def _naming(who: str, people: Sequence[AnyRow], answers: Sequence[AnyRow]) -> Traces:
    """Returns what identifies a raw payload as theirs: not their name alone, which others may share."""
    names = {row.id: row.name for row in people}
    return traces(
        keys=[who, *(row.key.removeprefix("email:") for row in people)],
        contacts=[word for row in people for word in (row.email, row.phone) if word]
        + [word for row in answers for word in (row.given_email, row.given_phone) if word],
        answers=[(row.external_id, row.comment, row.given_name or names.get(row.customer_id)) for row in answers],
    )


def _written(cases: Iterable[AnyRow], acts: Iterable[AnyRow]) -> Iterator[str]:
    """Yields what colleagues wrote."""
    yield from (row.done for row in cases if row.done)
    for line in acts:
        yield from _typed(line)


def _typed(line: AnyRow) -> Iterator[str]:
    yield from (value for name, value in line.detail.items() if isinstance(value, str) and name not in CODES and value)
