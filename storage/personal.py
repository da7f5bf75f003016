"""Everything that is known about a customer, in one place: to find it and to blank it. Counts, times and scores stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, false, func, or_, select, update

from storage import act_log, raised, thanks
from storage.act_log import MARKED_AS_LOST, act
from storage.feedback import ABOUT, CONTACT, GIVEN, customer, feedback
from storage.followups import ANSWER_IS_OPEN, OPEN, follow_up
from storage.messages import message
from storage.prepared import AnyRow

WORTH = frozenset({"value", "currency"})
"""The keys in an act's detail that say how much a customer was worth."""


def known_as(tx: Connection, who: str, *, lock: bool = True) -> Sequence[AnyRow]:
    """Returns the customers with that key or e-mail (upper or lower case), and all their aliases. Locks them if `lock`."""
    named = or_(customer.c.key == who, customer.c.key == f"email:{who.casefold()}", _is_mail(customer.c.email, {who}))
    these = {row.merged_into or row.id for row in tx.execute(select(customer.c.id, customer.c.merged_into).where(named))}
    named = or_(customer.c.id.in_(these), customer.c.merged_into.in_(these))
    found = select(customer).where(named).order_by(customer.c.id)
    rows = tx.execute(found.with_for_update() if lock else found).all()
    others = {row.id for row in rows if row.key != who and row.email and _is_anothers(row.email, who)}
    return [row for row in rows if row.id not in others and row.merged_into not in others]


def _is_mail(column: ColumnElement[str | None], mails: Collection[str]) -> ColumnElement[bool]:
    """The condition that a column holds one of these e-mails. As it was written, too: SQLite's `lower` knows no Ü."""
    return or_(func.lower(column).in_({mail.lower() for mail in mails}), column.in_(mails))


def _is_anothers(email: str, who: str) -> bool:
    """Whether an e-mail only shares its key with another: straße@ and strasse@ are two people, and one key."""
    return email.casefold() == who.casefold() and email.lower() != who.lower()


def answers_of(tx: Connection, customer_ids: Collection[int]) -> Sequence[AnyRow]:
    return tx.execute(select(feedback).where(feedback.c.customer_id.in_(customer_ids)).order_by(feedback.c.id)).all()


def follow_ups_of(tx: Connection, feedback_ids: Collection[int], *, lock: bool = False) -> Sequence[AnyRow]:
    """Returns the follow-ups about these answers. Locks them if `lock`: nobody does anything about them until the unit ends."""
    found = select(follow_up).where(follow_up.c.feedback_id.in_(feedback_ids)).order_by(follow_up.c.id)
    return tx.execute(found.with_for_update() if lock else found).all()


def answers_to(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[AnyRow]:
    """Returns the answers that these follow-ups are about: id and received_at."""
    about = select(feedback.c.id, feedback.c.received_at).join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    return tx.execute(about.where(follow_up.c.id.in_(follow_up_ids)).order_by(feedback.c.id)).all()


def told_beside(tx: Connection, follow_up_ids: Collection[int]) -> Sequence[str]:
    """Returns the keys of the private messages about later open follow-ups of the same customers: they tell what happened in
    these."""
    theirs = select(feedback.c.customer_id).join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    same = feedback.c.customer_id.in_(theirs.where(follow_up.c.id.in_(follow_up_ids)))
    later = follow_up.c.id > min(follow_up_ids, default=0)
    open_ones = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id)
    waiting = open_ones.where(same, later, follow_up.c.state.in_(OPEN))
    own = (message.c.follow_up_id.in_(waiting), message.c.kind == "private")
    return tx.execute(select(message.c.key).where(*own).order_by(message.c.id)).scalars().all()


def tells_what_is_forgotten(tx: Connection, follow_up_id: int) -> bool:
    """Returns whether an earlier follow-up of the same customer ended and is told without words by now. Whether there were any, or
    none from the start, nobody knows any more."""
    its = select(feedback.c.customer_id).join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    same = feedback.c.customer_id == its.where(follow_up.c.id == follow_up_id).scalar_subquery()
    blank = or_(feedback.c.comment == "", and_(follow_up.c.state == "closed", follow_up.c.done == ""))
    found = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id)
    found = found.where(same, follow_up.c.id < follow_up_id, follow_up.c.state.not_in(OPEN), blank)
    return tx.execute(found.limit(1)).first() is not None


def given_as(tx: Connection, mails: Collection[str]) -> Sequence[AnyRow]:
    """Returns the answers, whoever gave them, that name one of these e-mails as the way to reach the customer."""
    return tx.execute(select(feedback).where(_is_mail(feedback.c.given_email, mails)).order_by(feedback.c.id)).all()


def blank_given(tx: Connection, feedback_ids: Collection[int]) -> None:
    """Blank the contact details that these answers gave."""
    tx.execute(update(feedback).where(feedback.c.id.in_(feedback_ids)).values(dict.fromkeys(GIVEN)))


def blank_customer(tx: Connection, customer_id: int, key: str) -> None:
    """Blank a customer's row and give it this key. The row stays, so that references to it stay valid."""
    tx.execute(update(customer).where(customer.c.id == customer_id).values(key=key, **dict.fromkeys(ABOUT)))


def blank_answer(tx: Connection, feedback_id: int, external_id: str) -> None:
    nothing: dict[str, Any] = {
        "comment": "",
        "link": None,
        "touchpoint": None,
        "tags": [],
        "fingerprint": "",
        **dict.fromkeys(GIVEN),
    }
    tx.execute(update(feedback).where(feedback.c.id == feedback_id).values(external_id=external_id, **nothing))


def blank_words(
    tx: Connection,
    follow_up_ids: Collection[int],
    plainly: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    before: datetime | None = None,
    misdated: Collection[int] = (),
) -> None:
    """Blank what colleagues wrote about these follow-ups, or only what they wrote `before`, and what these `misdated` acts say.
    `plainly` returns an act's detail without what was written."""
    thanks.forget_thanks(tx, follow_up_ids, before)
    raised.forget(tx, follow_up_ids, before)
    tx.execute(update(follow_up).where(follow_up.c.id.in_(follow_up_ids)).values(done=""))
    for line in act_log.on(tx, follow_up_ids):
        if before is not None and line.at >= before and line.id not in misdated:
            continue
        kept = line.set | ({"done": ""} if line.set.get("done") else {})
        detail = dict(plainly(line.detail))
        if kept != line.set or detail != line.detail:
            tx.execute(update(act).where(act.c.id == line.id).values(set=kept, detail=detail))


def old_answers(tx: Connection, before: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns answers from before then that still hold a comment or link, and that nobody has to reply to any more."""
    old = and_(feedback.c.received_at < before, or_(feedback.c.comment != "", feedback.c.link.is_not(None)))
    columns = (feedback.c.id, feedback.c.received_at)
    return tx.execute(select(*columns).where(old, ~ANSWER_IS_OPEN).order_by(feedback.c.id).limit(limit)).all()


def forget_words(tx: Connection, feedback_ids: Collection[int]) -> None:
    """Delete the comments of these answers, and the links to them."""
    tx.execute(update(feedback).where(feedback.c.id.in_(feedback_ids)).values(comment="", link=None))


def old_customers(tx: Connection, field: str, before: datetime, limit: int) -> Sequence[int]:
    """Returns customers of whom this column is still known, whom no directory has named since then, without an answer since then
    and without an open follow-up."""
    theirs = feedback.c.customer_id == customer.c.id
    told = customer.c.told_at >= before
    lately = or_(func.coalesce(told, false()), exists().where(theirs, feedback.c.received_at >= before))
    waits = exists().where(theirs, follow_up.c.feedback_id == feedback.c.id, follow_up.c.state.in_(OPEN))
    known = customer.c[field].is_not(None)
    if field == "value":
        known = or_(known, customer.c.id.in_(_noted_worth()))
    return tx.execute(select(customer.c.id).where(known, ~lately, ~waits).order_by(customer.c.id).limit(limit)).scalars().all()


def forget_column(tx: Connection, customer_ids: Collection[int], field: str) -> None:
    """Forget one column of these customers. With `email`, a key that is made from an e-mail, or is theirs, is replaced, too."""
    these = customer.c.id.in_(customer_ids)
    if field == "email":
        _forget_keys(tx, customer_ids)
    if field == "value":
        _forget_worth(tx, customer_ids)
    if field in CONTACT:
        given = feedback.c[f"given_{field}"]
        tx.execute(update(feedback).where(feedback.c.customer_id.in_(customer_ids), given.is_not(None)).values({given.key: None}))
    tx.execute(update(customer).where(these).values({field: None}))


def _forget_keys(tx: Connection, customer_ids: Collection[int]) -> None:
    """Replace the keys of these customers, and of their aliases, that tell their e-mail."""
    named = or_(customer.c.id.in_(customer_ids), customer.c.merged_into.in_(customer_ids))
    rows = tx.execute(select(customer.c.id, customer.c.key, customer.c.email, customer.c.merged_into).where(named)).all()
    mails = {row.id: row.email.casefold() for row in rows if row.email}
    for row in rows:
        if row.key.startswith("email:") or row.key.casefold() == mails.get(row.merged_into or row.id):
            tx.execute(update(customer).where(customer.c.id == row.id).values(key=f"forgotten:{row.id}"))


def _forget_worth(tx: Connection, customer_ids: Collection[int]) -> None:
    """Forget what colleagues noted of their worth when they marked these customers as lost."""
    theirs = select(follow_up.c.id).join(feedback, feedback.c.id == follow_up.c.feedback_id)
    marked = and_(act.c.follow_up_id.in_(theirs.where(feedback.c.customer_id.in_(customer_ids))), MARKED_AS_LOST)
    for line in tx.execute(select(act).where(marked)).all():
        detail = {name: value for name, value in line.detail.items() if name not in WORTH}
        tx.execute(update(act).where(act.c.id == line.id).values(detail=detail))


def _noted_worth() -> Select[Any]:
    """Selects the customers whose worth somebody noted when they were lost."""
    lost = select(feedback.c.customer_id).join(follow_up, follow_up.c.feedback_id == feedback.c.id)
    return lost.join(act, act.c.follow_up_id == follow_up.c.id).where(MARKED_AS_LOST, act.c.detail["value"].as_float().is_not(None))


def finished(tx: Connection, since: datetime | None, before: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns id and closed_at of follow-ups that ended between `since` and `before`, earliest first. `limit` is exceeded rather
    than splitting those of one moment."""
    ended = [follow_up.c.state.not_in(OPEN), follow_up.c.closed_at < before]
    if since is not None:
        ended.append(follow_up.c.closed_at > since)
    columns = (follow_up.c.id, follow_up.c.closed_at)
    found = tx.execute(select(*columns).where(*ended).order_by(follow_up.c.closed_at, follow_up.c.id).limit(limit)).all()
    if len(found) < limit:
        return found
    same = (*ended, follow_up.c.closed_at == found[-1].closed_at, follow_up.c.id > found[-1].id)
    return [*found, *tx.execute(select(*columns).where(*same).order_by(follow_up.c.id)).all()]


def next_acts(tx: Connection, since: int, before: datetime, now: datetime, limit: int) -> Sequence[AnyRow]:
    """Returns the acts that follow the one with the id `since`, as far as they are from before then: id, at, follow_up_id, detail,
    and whether the follow-up had ended by then (`late`). The log is in the order of time, so it is read no further than the first
    act that is younger. One that some wrong clock dated after `now` is as old as what follows it."""
    late = _is_late(act.c.at).label("late")
    found = select(act.c.id, act.c.at, act.c.follow_up_id, act.c.detail, late).join(follow_up, follow_up.c.id == act.c.follow_up_id)
    rows = tx.execute(found.where(act.c.id > since).order_by(act.c.id).limit(limit)).all()
    read = list(takewhile(lambda line: line.at < before or line.at > now, rows))
    while read and read[-1].at > now:
        read.pop()
    return read


def thanked_late(tx: Connection, before: datetime, limit: int) -> Sequence[int]:
    """Returns follow-ups for which somebody was thanked in words after they had ended, and before then."""
    given = thanks.thanks
    words = (given.c.note != "", given.c.at < before, _is_late(given.c.at))
    found = select(follow_up.c.id).join(given, given.c.follow_up_id == follow_up.c.id).where(*words)
    return tx.execute(found.distinct().order_by(follow_up.c.id).limit(limit)).scalars().all()


def _is_late(at: ColumnElement[datetime]) -> ColumnElement[bool]:
    return and_(follow_up.c.state.not_in(OPEN), follow_up.c.closed_at < at)
