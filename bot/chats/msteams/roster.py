"""Caches who is in a conversation: the roster, read page by page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bot.chats.msteams.forms import Colleague
from bot.chats.msteams.wire import Wire, path
from bot.latest import Latest

FRESH = 600.0
"""Seconds for which a roster is used without fetching it again."""
PAGE = 500
PAGES = 20
KEPT = 100
"""Rosters in memory."""
IN_A_ROW = 25
"""Rosters that one look-up reads before it pauses for a second: half of the calls that a tenant has in that time. The others are
for what people wait for."""
IN_VAIN, LATER = 2, 300.0
"""A roster that could not be read so often in a row is not asked for by look-ups for LATER seconds."""
SEEN = 5000
"""People whose last conversation is remembered."""


class Rosters:
    """Who is in which conversation, as Teams last reported."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._known = Latest[str, tuple[float, Sequence[Colleague]]](KEPT)
        self._asking: dict[str, asyncio.Task[Sequence[Colleague]]] = {}
        self._reading: set[asyncio.Task[Sequence[Colleague]]] = set()  # also those whose result nobody wants any more
        self._seen = Latest[str, tuple[str, str]](SEEN)
        # Who has which e-mail, by conversation, with when it was read. None is dropped while its roster is asked for: with more
        # teams than KEPT, each look-up would read all rosters again.
        self._mails: dict[str, tuple[float, Mapping[str, Colleague]]] = {}
        self._in_vain: dict[str, tuple[int, float]] = {}  # how often in a row, and when last

    def saw(self, user_id: str, conversation: str, service_url: str) -> None:
        """Record that somebody did something in this conversation, so they are on its roster."""
        self._seen[user_id] = (conversation, service_url)

    def where(self, user_id: str) -> tuple[str, str] | None:
        """Returns the conversation in which somebody was last seen, and its service URL."""
        return self._seen.get(user_id)

    async def within(
        self, seconds: float, conversation: str, service_url: str, *, fresh: float = FRESH
    ) -> Sequence[Colleague] | None:
        """Returns the roster, sorted by name: at most `fresh` seconds old, if it can be fetched in that time; otherwise an older
        one; None when there is none. The fetch continues in the background, so a later call finds its result."""
        read_at, known = self._known.get(conversation, (-FRESH, None))
        if known is not None and time.monotonic() - read_at < fresh:
            return known
        task = self._asking.get(conversation) or self._ask(conversation, service_url)
        await asyncio.wait({task}, timeout=seconds)
        return task.result() if task.done() and not task.cancelled() and task.exception() is None else known

    async def who_has(self, email: str, rosters: Mapping[str, str], seconds: float) -> tuple[Colleague | None, Collection[str]]:
        """Returns who has this e-mail on one of these rosters, given by conversation with its service URL; and if nobody has, which
        of them could not be read in `seconds` each. However many look-ups there are, each roster is read once while it is fresh,
        and one that cannot be read is left alone for a while."""
        wanted, unread = email.casefold(), []
        self._mails = {conversation: read for conversation, read in self._mails.items() if conversation in rosters}
        self._in_vain = {conversation: tries for conversation, tries in self._in_vain.items() if conversation in rosters}
        fresh_since = time.monotonic() - FRESH
        fresh = {conversation: mails for conversation, (read_at, mails) in self._mails.items() if read_at > fresh_since}
        for conversation in rosters:
            if known := fresh.get(conversation, {}).get(wanted):
                return known, ()
        asked = [each for each in rosters if each not in fresh and not self._is_left_alone(each)]
        unread += [each for each in rosters if each not in fresh and each not in asked]
        for n, conversation in enumerate(asked):
            if n and n % IN_A_ROW == 0:
                await asyncio.sleep(1)
            members = await self.within(seconds, conversation, rosters[conversation])
            if members is None:
                unread.append(conversation)
            elif known := _by_email(members).get(wanted):
                return known, ()
        return None, unread

    def _is_left_alone(self, conversation: str) -> bool:
        times, last = self._in_vain.get(conversation, (0, 0.0))
        return times >= IN_VAIN and time.monotonic() - last < LATER

    def find(self, user_id: str) -> Colleague | None:
        """Returns somebody on a cached roster; None if they are on none."""
        return next((each for _, members in self._known.values() for each in members if each.id == user_id), None)

    def forget(self) -> None:
        """Fetch every roster anew when it is next needed, because somebody joined or left a team: that changes the rosters of
        all its channels. A fetch in progress is discarded: it may return who was there before."""
        self._asking.clear()
        self._mails.clear()
        self._in_vain.clear()
        for conversation, (_, members) in list(self._known.items()):
            self._known[conversation] = (-FRESH, members)

    async def stop(self) -> None:
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)

    def _ask(self, conversation: str, service_url: str) -> asyncio.Task[Sequence[Colleague]]:
        task = asyncio.create_task(self._read(conversation, service_url))
        self._asking[conversation] = task
        self._reading.add(task)
        task.add_done_callback(lambda done: self._asked(conversation, done))
        return task

    def _asked(self, conversation: str, task: asyncio.Task[Sequence[Colleague]]) -> None:
        self._reading.discard(task)
        failed = task.cancelled() or task.exception() is not None
        if self._asking.get(conversation) is not task:
            return
        del self._asking[conversation]
        if failed:
            times, _ = self._in_vain.get(conversation, (0, 0.0))
            self._in_vain[conversation] = times + 1, time.monotonic()
        else:
            self._in_vain.pop(conversation, None)
            self._known[conversation] = (time.monotonic(), task.result())
            self._mails[conversation] = (time.monotonic(), _by_email(task.result()))

    async def _read(self, conversation: str, service_url: str) -> Sequence[Colleague]:
        members: dict[str, Colleague] = {}
        more: dict[str, str] = {}
        for _ in range(PAGES):
            said = await self._wire.get(
                service_url, path("v3", "conversations", conversation, "pagedmembers"), conversation, pageSize=str(PAGE), **more
            )
            members |= {who.id: who for each in said.get("members") or () if (who := colleague(each, self._wire.options.tenant))}
            following = said.get("continuationToken")
            if not isinstance(following, str) or not following or following == more.get("continuationToken"):
                break
            more = {"continuationToken": following}
        return sorted(members.values(), key=lambda who: (who.name.casefold(), who.id))


def _by_email(members: Sequence[Colleague]) -> Mapping[str, Colleague]:
    return {who.email.casefold(): who for who in members if who.email}


def colleague(said: Any, tenant: str) -> Colleague | None:
    """Returns a member from Teams' description; None for anything but a person. The e-mail of somebody from another tenant is
    discarded: it was set by their own admins, and e-mails carry rights here."""
    if not (isinstance(said, Mapping) and isinstance(said.get("id"), str) and said["id"].startswith("29:")):
        return None
    email = said.get("email") or said.get("userPrincipalName")
    home = _string(said.get("tenantId")).casefold()
    elsewhere = home not in ("", tenant.casefold())
    known = isinstance(email, str) and "@" in email and not elsewhere
    return Colleague(said["id"], _string(said.get("name")), email if known else None, elsewhere)


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
