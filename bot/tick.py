"""One tick of the clock: everything that is due is done, in batches until nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog

from bot import metrics
from bot.chats import Chat
from bot.clock import HouseClock
from bot.logs import broken
from bot.people.resting import who_rests
from bot.people.usual import UsualColleagues
from handlers.arranged import ops_note
from handlers.arranged.applied import follow_channels, follow_hours, gone
from handlers.company import Company
from handlers.digests.digest import send_digests
from handlers.forgetting.forget import forget, is_due
from handlers.forgetting.retention import Retention
from handlers.nudges import away
from handlers.nudges.bundles import AT_ONCE, send_bundles
from handlers.nudges.clock_look import BATCH, look
from handlers.unshowable import without_team
from storage import delivery_log
from storage.database import Store, Unavailable

log = structlog.get_logger()

LOOK_FOR_POSTS = timedelta(minutes=5)
TRY_POSTS_AGAIN = timedelta(minutes=1)
"""How soon posts are looked for again after that failed."""


class Tick:
    """Does all that is due when called. `company` returns what is known at that moment."""

    def __init__(
        self,
        store: Store,
        clock: HouseClock,
        company: Callable[[], Company],
        chats: Mapping[str, Chat],
        retention: Retention,
    ) -> None:
        self._store, self._clock, self._company, self._chats, self._retention = store, clock, company, chats, retention
        self._usual = UsualColleagues(store)
        self._posts_quiet: tuple[Company, datetime, datetime] | None = None
        """Of this company no post is due from one moment until another."""
        self._settled: Company | None = None
        """The company to whose channels and hours everything has been brought."""
        self._unmade: Collection[str] = ()
        """Whose posts could not be made when last looked for: logged once, and not each time."""

    async def __call__(self) -> None:
        """What fails keeps nothing else from being done; its error is raised at the end."""
        failed: list[Exception] = []
        for do in (self.settle, self._look, self._send_bundles, self._send_digests, self._note_for_ops, self._forget):
            try:
                await do()
            except Exception as error:  # noqa: BLE001 - raised or logged below
                failed.append(error)
        for other in failed[1:]:
            if not isinstance(other, Unavailable):  # which is logged already
                log.error("tick.failed", **broken(other))
        if failed:
            raise failed[0]
        metrics.ticked()

    async def settle(self) -> None:
        """Apply the present channels and hours to what began under earlier ones, and send what lacked its team: at the start, and
        when ops arranged something in chat."""
        company, after = self._company(), 0
        if company is self._settled:
            return
        while (last := await self._store.write(follow_channels, company, after)) is not None:
            after = last
        back = [str(without_team(name)) for name in company.teams]
        if retried := await self._store.write(delivery_log.retry_mended, back):
            log.info("delivery.retried", number=retried)
        if sooner := await self._store.write(follow_hours, company, self._clock.now()):
            log.info("cards.come_sooner", number=sooner)
        for team, number in (await self._store.read(gone, company, self._clock.now())).items():
            log.error("teams.gone", team=team, open=number)
        self._settled = company

    async def _look(self) -> None:
        now = self._clock.now()
        usual = await self._usual.of_those_due(self._chats, self._company(), now)
        while await self._store.write(look, self._company(), now, usual) == BATCH:
            pass

    async def _send_bundles(self) -> None:
        now = self._clock.now()
        while await self._store.write(away.end_absences, now) == away.AT_ONCE:
            pass
        resting = await who_rests(self._store, self._chats, now)
        while await self._store.write(send_bundles, self._company(), now, resting) == AT_ONCE:
            pass

    async def _send_digests(self) -> None:
        """Post the digests that are due. They are looked for at their times, when the company changed or the clock was set back, as
        in a demo, and every LOOK_FOR_POSTS: a leader's post waits until the chats know who leads."""
        while not self._posts_are_quiet(now := self._clock.now()):
            company, soon = self._company(), now + LOOK_FOR_POSTS
            again = now + TRY_POSTS_AGAIN
            self._posts_quiet = (company, now, again)
            unmade: dict[str, Exception] = {}
            ahead = await self._store.write(send_digests, company, now, unmade.__setitem__)
            self._posts_quiet = (company, now, min(ahead or soon, again if unmade else soon))
            for whose in sorted(unmade.keys() - self._unmade):
                log.error("posts.failed", whose=whose, **broken(unmade[whose]))
            self._unmade = {*unmade, *(self._unmade if ahead == now else ())}  # if there are more, not all were looked at

    def _posts_are_quiet(self, now: datetime) -> bool:
        company, since, until = self._posts_quiet or (None, now, now)
        return company is self._company() and since <= now < until

    async def _note_for_ops(self) -> None:
        now = self._clock.now()
        if await self._store.read(ops_note.is_due, self._company(), now):
            await self._store.write(ops_note.send, self._company(), now)

    async def _forget(self) -> None:
        """The nightly deletion of old data; on SQLite what was deleted is removed from the WAL, too."""
        zone = self._company().timezone
        if not await self._store.read(is_due, zone, self._clock.now()):
            return
        begun = False
        while await self._store.write(forget, self._retention, zone, self._clock.now()):
            begun = True
        if begun and self._store.sqlite:
            await asyncio.to_thread(self._store.checkpoint)
