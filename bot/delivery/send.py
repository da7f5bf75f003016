"""Sends one message to its chat, and notes what became of it: shown, put off, in doubt, or set aside."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot import metrics
from bot.chats import Chat, Posted, Refused, Throttled, Unknown, Unreachable
from bot.delivery.clock import SendingClock
from handlers.feedback import Place
from handlers.pictures import Homeless, Picture, Unshowable, picture
from handlers.rules import Company
from storage import messages, sending
from storage.database import Store, Unavailable
from storage.sending import Errand

log = structlog.get_logger()

MARGIN = 1.02
"""Sends start this much further apart than the platform asks, because answers do not take equally long."""
LONGEST_BACK_OFF_S = 60.0
LONGEST_WAIT_S = 300.0
"""No lane rests longer, whatever its chat asks for: so one that seems to was put off by a clock that was wrong."""
GIVE_UP_AFTER = 8
"""Tries after which a message is parked, when meanwhile its chat has accepted others: then it is the message that ails."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: how long one call may take, how long a late accept may still arrive after a send began, how long a lane is ours;
    and how often lanes are looked at without having been woken."""

    deadline: float = 8.0
    settle: float = 10.0
    lease: float = 20.0
    safety: float = 15.0


class Sender:
    """Serves one leased message at a time, many side by side."""

    def __init__(
        self,
        store: Store,
        chats: Mapping[str, Chat],
        company: Callable[[], Company],
        catch_up: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
        patience: Patience,
        clock: SendingClock,
    ) -> None:
        self._store, self._chats, self._now, self._patience, self._clock = store, chats, now, patience, clock
        self._company, self._catch_up = company, catch_up
        self._accepted_s: dict[str, float] = {}

    async def serve(self, errand: Errand, drawn: Picture | None, until: float) -> None:
        """One message, to whatever end. Each end is one unit of work that counts only while the lease is still ours."""
        try:
            await self._deliver(errand, drawn, until)
        except Unavailable:
            log.warning("delivery.database_away", key=errand.key)

    async def _deliver(self, errand: Errand, drawn: Picture | None, until: float) -> None:
        chat = self._chats[errand.chat]
        pace = (chat.pace.edit if errand.posted else chat.pace.post) * MARGIN
        begun = self._clock.seconds()
        try:
            drawn = drawn or await self._draw(errand)
            thread = await self._thread(errand)
            posted = await self._found(chat, errand, thread) if errand.doubtful else None
            if posted is not None:
                version = max(1, drawn.version - 1)  # it shows an older version if anything changed since: draw it once more
            else:
                begun, version = self._clock.seconds(), drawn.version
                posted = await self._say(chat, errand, drawn, thread, until)
        except Homeless as error:
            await self._leave_to_others(errand, begun + pace, str(error))
        except (Refused, Unshowable) as error:
            await self._park(errand, begun + pace, str(error))
        except Throttled as error:
            metrics.throttled.labels(errand.chat).inc()
            until = self._clock.seconds() + min(error.seconds, LONGEST_WAIT_S)
            await self._put_off(errand, until, str(error), doubt=errand.doubtful)
        except Unreachable as error:
            await self._try_later(errand, str(error), doubt=errand.doubtful)
        except Unknown as error:
            metrics.doubts.labels(errand.chat).inc()
            await self._in_doubt(errand, begun, str(error))
        except Unavailable:
            raise
        except Exception as error:  # a fault of ours must not hold its lane for ever
            log.exception("delivery.failed", key=errand.key)
            await self._broke(errand, begun, f"it failed inside Action Hero: {type(error).__name__}")
        else:
            self._accepted_s[errand.chat] = self._clock.seconds()
            edits = "edits" if chat.pace.edits_together else None
            there = (posted.channel, posted.id)
            if not await self._store.write(sending.shown, errand, version, there, edits, begun + pace):
                log.warning("delivery.lease_lost", key=errand.key)
            metrics.delivered.labels(errand.chat, "edit" if errand.posted else "post").inc()
            metrics.collapsed.labels(errand.chat).inc(max(0, version - errand.row.shown - 1))

    async def _draw(self, errand: Errand) -> Picture:
        """Draw it; once more with the newest company where there seems to be nothing to draw it from: ops may have arranged
        its team in chat a moment ago."""
        try:
            try:
                return await self._store.read(picture, self._company(), errand.id, self._now())
            except Unshowable:
                await self._catch_up()
                return await self._store.read(picture, self._company(), errand.id, self._now())
        except (Unavailable, Unshowable):
            raise
        except Exception as error:
            log.exception("delivery.cannot_draw", key=errand.key)
            raise Unshowable(f"it could not be drawn: {type(error).__name__}") from error

    async def _say(self, chat: Chat, errand: Errand, drawn: Picture, thread: Posted | None, until: float) -> Posted:
        if (
            self._clock.seconds() + self._patience.deadline > until
        ):  # we slept, or the database did: somebody else may be at it already
            raise Unreachable("the lane was ours for too short a time to begin")
        place = _place(errand)
        async with self._no_longer_than_agreed():
            if errand.posted is None:
                return await chat.post(place, drawn.card, errand.key, thread)
            posted = Posted(*errand.posted)
            await chat.edit(posted, place, drawn.card)
            return posted

    @asynccontextmanager
    async def _no_longer_than_agreed(self) -> AsyncIterator[None]:
        """Chats end their calls themselves; one that does not must not outlive the settle time, nor its lane."""
        patience = self._patience
        try:
            async with asyncio.timeout((patience.deadline + patience.settle) / 2):
                yield
        except TimeoutError:
            raise Unknown("the chat did not answer in time") from None

    async def _found(self, chat: Chat, errand: Errand, thread: Posted | None) -> Posted | None:
        """Whether an earlier send arrived after all. Where the chat cannot tell, it is sent again, and that is counted."""
        try:
            async with self._no_longer_than_agreed():
                posted = await chat.find(_place(errand), errand.key, _moment(errand.sent_s), thread)
        except Refused as error:
            metrics.perhaps_doubled.labels(errand.chat).inc()
            log.warning("delivery.cannot_look", key=errand.key, reason=str(error))
            posted = None
        if posted is None and not await self._store.write(sending.begin_again, errand, self._clock.seconds()):
            raise Unreachable("another replica took this lane over")
        return posted

    async def _thread(self, errand: Errand) -> Posted | None:
        if errand.thread_of is None:
            return None
        card = await self._store.read(messages.remote, errand.thread_of)
        if card is None:
            raise Refused(f"the card it belongs to ({errand.thread_of}) was never shown; replay that one first, then this")
        return Posted(*card)

    async def _in_doubt(self, errand: Errand, begun: float, reason: str) -> None:
        """An edit may simply be repeated; a post is looked for once a late accept can no longer come."""
        if errand.posted is not None:
            await self._try_later(errand, reason, doubt=False)
        elif self._is_hopeless(errand):
            await self._park(errand, self._clock.seconds(), f"{reason}, {errand.attempts} times, while other messages went through")
        else:
            await self._put_off(errand, begun + self._patience.settle, reason, doubt=True)

    async def _try_later(self, errand: Errand, reason: str, *, doubt: bool) -> None:
        if self._is_hopeless(errand):
            await self._park(errand, self._clock.seconds(), f"{reason}, {errand.attempts} times, while other messages went through")
            return
        back_off = min(LONGEST_BACK_OFF_S, 0.5 * 2 ** min(errand.attempts, 10)) * random.uniform(0.8, 1.2)
        await self._put_off(errand, self._clock.seconds() + back_off, reason, doubt=doubt)

    async def _leave_to_others(self, errand: Errand, next_s: float, reason: str) -> None:
        """Another replica may have been started with an app.yaml that knows the team, or is about to be; a SQLite file has none."""
        if self._store.sqlite or errand.attempts >= GIVE_UP_AFTER:
            await self._park(errand, next_s, reason)
        else:
            await self._try_later(errand, reason, doubt=errand.doubtful)

    async def _broke(self, errand: Errand, begun: float, reason: str) -> None:
        if errand.attempts >= GIVE_UP_AFTER:
            await self._park(errand, self._clock.seconds(), reason)
        else:
            await self._put_off(errand, begun + self._patience.settle, reason, doubt=errand.posted is None)

    def _is_hopeless(self, errand: Errand) -> bool:
        recently = self._clock.seconds() - LONGEST_BACK_OFF_S
        return errand.attempts >= GIVE_UP_AFTER and self._accepted_s.get(errand.chat, 0) > recently

    async def _put_off(self, errand: Errand, until: float, reason: str, *, doubt: bool) -> None:
        await self._store.write(sending.put_off, errand, until, reason, doubt=doubt)
        log.info("delivery.put_off", key=errand.key, reason=reason, seconds=round(until - self._clock.seconds(), 1), doubt=doubt)

    async def _park(self, errand: Errand, next_s: float, reason: str) -> None:
        if not await self._store.write(sending.park, errand, next_s, reason):  # the lease ended; it is somebody else's now
            return
        metrics.parked.labels(errand.chat).inc()
        log.error("delivery.parked", key=errand.key, reason=reason)


def _place(errand: Errand) -> Place:
    return Place(errand.chat, errand.workspace, errand.channel)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
