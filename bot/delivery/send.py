"""Sends one message to its chat, and notes what became of it: shown, put off, in doubt, or parked."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import structlog

from bot import metrics
from bot.chats import EDITS, CannotPost, Chat, Posted, Refused, Throttled, Unknown, Unreachable, with_links
from bot.delivery.clock import SendingClock
from bot.delivery.services import DeliveryServices
from bot.latest import Latest
from bot.logs import broken
from handlers.company import Company
from handlers.feedback import Place
from handlers.pictures import Picture, picture
from handlers.unshowable import NO_LONGER, Homeless, Undrawn, Unshowable
from storage import messages, sending
from storage.database import Unavailable
from storage.delivery_log import FAILED, UNDRAWN
from storage.sending import Attempt
from storage.units import wake

log = structlog.get_logger()

MARGIN = 1.02
"""Sends start this factor further apart than the platform asks, because replies do not take equally long."""
LONGEST_BACK_OFF_S = 60.0
LONGEST_WAIT_S = 300.0
"""Seconds. No lane waits longer, whatever its chat asks for; a lane that seems to was put off by a wrong clock."""
GIVE_UP_AFTER = 8
"""Tries after which a message is parked if its chat has accepted others meanwhile: then the message is the problem."""
UNDRAWN_AFTER = 6
"""Tries, within half a minute, after which what no replica can draw is parked. It most likely is a mistake of ours, for which a
lane should not wait longer; the next process that starts tries once more."""
MOST_LEFT = 1000
"""Messages of which is remembered that they were left to other replicas."""


class Sender:
    """Serves one leased message per call; many calls run concurrently."""

    def __init__(self, services: DeliveryServices, clock: SendingClock) -> None:
        self._services, self._clock = services, clock
        self._accepted_s: dict[str, float] = {}
        self._left: Latest[int, Company] = Latest(MOST_LEFT)

    def left(self) -> Collection[int]:
        """Returns the ids of the messages that could not be drawn with the present company."""
        company = self._services.company()
        return {id for id, known in list(self._left.items()) if known is company}  # a thread asks, and the loop adds to them

    async def serve(self, attempt: Attempt, drawn: Picture | None, until: float) -> None:
        """Send one message and note the outcome: one unit of work, which counts only while the lease is still ours."""
        try:
            await self._deliver(attempt, drawn, until)
        except Unavailable:
            log.warning("delivery.database_away", key=attempt.key)

    async def _deliver(self, attempt: Attempt, drawn: Picture | None, until: float) -> None:
        chat = self._services.chats[attempt.chat]
        pace = (chat.pace.edit if attempt.posted else chat.pace.post) * MARGIN
        begun = self._clock.seconds()
        try:
            if drawn is None or drawn.astray:
                drawn = await self._draw(attempt)
            thread = await self._thread(attempt)
            posted = await self._found(chat, attempt, thread) if attempt.doubtful else None
            if posted is not None:
                version = max(1, drawn.version - 1)  # it shows an older version if anything changed since: draw it once more
            else:
                begun, version = self._clock.seconds(), drawn.version
                posted = await self._say(chat, attempt, drawn, thread, until)
        except (Homeless, Undrawn) as error:
            await self._leave_to_others(attempt, begun + pace, error)
        except (Refused, Unshowable) as error:
            await self._park(attempt, begun + pace, str(error))
        except (Throttled, CannotPost) as error:
            if isinstance(error, Throttled):
                metrics.throttled.labels(attempt.chat).inc()
            next_s = self._clock.seconds() + min(error.seconds, LONGEST_WAIT_S)
            await self._put_off(attempt, next_s, str(error), doubt=attempt.doubtful)
        except Unreachable as error:
            await self._try_later(attempt, str(error), doubt=attempt.doubtful)
        except Unknown as error:
            metrics.doubts.labels(attempt.chat).inc()
            await self._in_doubt(attempt, begun, str(error))
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must not hold its lane for ever
            log.error("delivery.failed", key=attempt.key, **broken(error))
            await self._broke(attempt, begun, f"{FAILED}: {type(error).__name__}")
        else:
            self._accepted_s[attempt.chat] = self._clock.seconds()
            edits = EDITS if chat.pace.edits_together else None
            there = (posted.channel, posted.id)
            if not await self._services.store.write(sending.shown, attempt, version, there, edits, begun + pace):
                log.warning("delivery.lease_lost", key=attempt.key)
            metrics.delivered.labels(attempt.chat, "edit" if attempt.posted else "post").inc()
            metrics.collapsed.labels(attempt.chat).inc(max(0, version - attempt.row.shown - 1))

    async def _draw(self, attempt: Attempt) -> Picture:
        """Draw it. If there is nothing to draw it from, or it is astray, draw it again with the newest company, since ops may have
        arranged its team in chat a moment ago. Raises Unshowable."""
        try:
            with suppress(Unshowable):
                drawn = await self._services.store.read(picture, self._services.company(), attempt.id, self._services.now())
                if not drawn.astray:
                    return drawn
            await self._services.catch_up()
            return await self._services.store.read(picture, self._services.company(), attempt.id, self._services.now())
        except (Unavailable, Unshowable):
            raise
        except Exception as error:
            log.error("delivery.cannot_draw", key=attempt.key, **broken(error))
            raise Undrawn(f"{UNDRAWN}: {type(error).__name__}") from error

    async def _say(self, chat: Chat, attempt: Attempt, drawn: Picture, thread: Posted | None, until: float) -> Posted:
        # We or the database were suspended: another replica may have taken the lane already.
        if self._clock.seconds() + self._services.timing.deadline > until:
            raise Unreachable("the lane was ours for too short a time to begin")
        place = _place(attempt)
        card = with_links(chat, place, drawn.card)
        async with self._no_longer_than_agreed():
            if attempt.posted is None:
                if drawn.astray:
                    raise Homeless(NO_LONGER)
                return await chat.post(place, card, attempt.key, thread)
            posted = Posted(*attempt.posted)
            await chat.edit(posted, place, card)
            return posted

    @asynccontextmanager
    async def _no_longer_than_agreed(self) -> AsyncIterator[None]:
        """Cancel a call that outlives its deadline. Chats end calls themselves; one that does not must outlive neither the settle
        time nor the lease. Raises Unknown."""
        timing = self._services.timing
        try:
            async with asyncio.timeout((timing.deadline + timing.settle) / 2):
                yield
        except TimeoutError:
            raise Unknown("the chat did not answer in time") from None

    async def _found(self, chat: Chat, attempt: Attempt, thread: Posted | None) -> Posted | None:
        """Returns where an earlier send arrived; None if it did not, or if the chat cannot tell: counted as perhaps doubled."""
        try:
            async with self._no_longer_than_agreed():
                posted = await chat.find(_place(attempt), attempt.key, _moment(attempt.sent_s), thread)
        except Refused as error:
            metrics.perhaps_doubled.labels(attempt.chat).inc()
            log.warning("delivery.cannot_look", key=attempt.key, reason=str(error))
            posted = None
        if posted is None and not await self._services.store.write(sending.begin_again, attempt, self._clock.seconds()):
            raise Unreachable("another replica took this lane over")
        return posted

    async def _thread(self, attempt: Attempt) -> Posted | None:
        if attempt.thread_of is None:
            return None
        card = await self._services.store.read(messages.by_key, attempt.thread_of)
        if card is None or not card.remote_id:
            raise Refused(f"the card it belongs to ({attempt.thread_of}) was never shown; replay that one first, then this")
        if (card.chat, card.workspace) != (attempt.chat, attempt.workspace):  # wanted before its team moved, or by an old release
            there = f"the card it belongs to ({attempt.thread_of}) stands in another chat, {card.chat}:{card.channel}"
            raise Refused(f"{there}; drop this: the next message about that customer posts their card here, too")
        return Posted(card.remote_channel, card.remote_id)

    async def _in_doubt(self, attempt: Attempt, begun: float, reason: str) -> None:
        """Repeat an edit as it is; look for a post once it can no longer be accepted late."""
        if attempt.posted is not None:
            await self._try_later(attempt, reason, doubt=False)
        elif self._is_hopeless(attempt):
            await self._give_up(attempt, reason, doubt=True)
        else:
            await self._put_off(attempt, begun + self._services.timing.settle, reason, doubt=True)

    async def _try_later(self, attempt: Attempt, reason: str, *, doubt: bool) -> None:
        if self._is_hopeless(attempt):
            await self._give_up(attempt, reason, doubt=doubt)
            return
        back_off = min(LONGEST_BACK_OFF_S, 0.5 * 2 ** min(attempt.attempts, 10)) * random.uniform(0.8, 1.2)
        await self._put_off(attempt, self._clock.seconds() + back_off, reason, doubt=doubt)

    async def _leave_to_others(self, attempt: Attempt, next_s: float, error: Homeless | Undrawn) -> None:
        """Retry, because another replica may have been started with an app.yaml that knows the team, or of a release that draws it,
        or is about to be. We stand back from it from now on, for we would know best when it is due, and be faster each time. On
        SQLite there is no other replica, so the message is parked."""
        tries = UNDRAWN_AFTER if isinstance(error, Undrawn) else GIVE_UP_AFTER
        if self._services.store.sqlite or attempt.attempts >= tries:
            await self._park(attempt, next_s, str(error))
        else:
            self._left[attempt.id] = self._services.company()
            await self._try_later(attempt, str(error), doubt=attempt.doubtful)
            await self._services.store.write(wake)  # the others, who come as soon as it is due

    async def _broke(self, attempt: Attempt, begun: float, reason: str) -> None:
        doubt = attempt.posted is None
        if attempt.attempts >= GIVE_UP_AFTER:
            await self._park(attempt, self._clock.seconds(), reason, doubt=doubt)
        else:
            await self._put_off(attempt, begun + self._services.timing.settle, reason, doubt=doubt)

    def _is_hopeless(self, attempt: Attempt) -> bool:
        recently = self._clock.seconds() - LONGEST_BACK_OFF_S
        return attempt.attempts >= GIVE_UP_AFTER and self._accepted_s.get(attempt.chat, 0) > recently

    async def _give_up(self, attempt: Attempt, reason: str, *, doubt: bool) -> None:
        said = f"{reason}, {attempt.attempts} times, while other messages went through"
        await self._park(attempt, self._clock.seconds(), said, doubt=doubt)

    async def _put_off(self, attempt: Attempt, next_s: float, reason: str, *, doubt: bool) -> None:
        await self._services.store.write(sending.put_off, attempt, next_s, reason, doubt=doubt)
        log.info("delivery.put_off", key=attempt.key, reason=reason, seconds=round(next_s - self._clock.seconds(), 1), doubt=doubt)

    async def _park(self, attempt: Attempt, next_s: float, reason: str, *, doubt: bool = False) -> None:
        if not await self._services.store.write(sending.park, attempt, next_s, reason, doubt=doubt):
            return  # the lease ended; another replica has it now
        metrics.parked.labels(attempt.chat).inc()
        log.error("delivery.parked", key=attempt.key, reason=reason)


def _place(attempt: Attempt) -> Place:
    return Place(attempt.chat, attempt.workspace, attempt.channel)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
