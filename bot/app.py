"""The composition root: settings -> storage, chats, sources, pages, clock, delivery. The only file that knows all parts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.types import ASGIApp

from bot import chats, intake, metrics, sources
from bot.chats import Chat, Refused, Throttled, Unknown, Unreachable
from bot.clock import HouseClock, keep_awake, ticking
from bot.collecting import Collector
from bot.config import Settings
from bot.delivery import Delivery, Patience
from bot.doorway import Doorway
from bot.duties import keep_duties
from bot.made_in_chat import as_arranged, vault_of
from bot.pages import health
from handlers.actions import ACTIONS, act, act_all
from handlers.arrangements import lapse
from handlers.bundles import AT_ONCE, send_bundles
from handlers.cards import Reply
from handlers.commands import answer
from handlers.digest import next_moment, send_digests
from handlers.feedback import Person, Place
from handlers.forget import forget, is_due
from handlers.look import BATCH, look
from handlers.meet import meet
from handlers.receive import Arrival, Receipt, receive
from handlers.requests import REQUESTS
from handlers.rules import Company
from handlers.situation import Tap
from storage import arrangements, followups, nudges, schema
from storage import sources as memory
from storage.connections import sqlite_version_is_mended
from storage.database import Store, Unavailable

log = structlog.get_logger()

MEET_AGAIN = timedelta(days=1).total_seconds()
"""Seconds after which a platform is asked again what somebody is called."""
INTRODUCED_WITHIN_S = 1.0
"""Seconds for which somebody's first typed word waits until the platform said who they are."""


@dataclass(slots=True)
class House:
    """The house, open: what the pages, the demo and the tests may ask of it."""

    settings: Settings
    clock: HouseClock
    store: Store
    chats: Mapping[str, Chat] = field(default_factory=dict)
    delivery: Delivery | None = None
    rearranged: asyncio.Event = field(default_factory=asyncio.Event)
    _company: Company = field(init=False)
    collector: Collector = field(init=False)
    sources: dict[str, sources.LoadedSource] = field(init=False)
    _receive: Callable[..., Sequence[Sequence[Receipt]]] = field(init=False)
    _revision: int = 0
    _lapse: datetime | None = None
    _act: Callable[[Connection, Sequence[Tap]], Sequence[Reply]] = field(init=False)
    _met: dict[tuple[str, str, str], float] = field(default_factory=dict)
    _errands: set[asyncio.Task[None]] = field(default_factory=set)
    _posts_quiet: tuple[datetime, datetime | None] | None = None

    def __post_init__(self) -> None:
        tools = {"tools": sources.tools, "safe": vault_of(self.settings)}
        self.settings = self.settings.model_copy(update={"company": self.settings.company.model_copy(update=tools)})
        self.sources = {}
        self._arrange(self.settings, None)
        self.collector = Collector(self.store, self.sources, lambda: self.company, self.clock.now)

    @property
    def company(self) -> Company:
        """What app.yaml says, and what ops arranged in chat."""
        return self._company

    def _arrange(self, settings: Settings, lapse: datetime | None) -> None:
        """From now on `settings` hold, until the next secret that was replaced ends."""
        self._company, self._lapse = settings.company, lapse
        self._receive = partial(_receive_together, settings.company)
        self._act = partial(_act_together, settings.company)
        loaded = {
            name: sources.LoadedSource(name, sources.load(each.kind), each.options) for name, each in settings.sources.items()
        }
        for gone in self.sources.keys() - loaded.keys():
            del self.sources[gone]
        self.sources.update(loaded)
        self.rearranged.set()

    async def catch_up(self) -> None:
        """Take over what ops arranged in chat since, here or on another replica."""
        revision, now = await self.store.read(arrangements.revision), self.clock.now()
        if revision != self._revision or (self._lapse is not None and self._lapse <= now):
            self._arrange(*(await self.store.read(_arranged, self.settings, now)))
            self._revision = revision

    async def receive(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        """Store what arrived; returns after the commit. Calls that wait together share one."""
        receipts = await self.store.write_together(self._receive, arrivals)
        for arrival, receipt in zip(arrivals, receipts, strict=True):
            if not receipt.routed:
                metrics.unrouted.labels(arrival.source).inc()
                log.warning("feedback.unrouted", source=arrival.source, id=receipt.id)
        return receipts

    async def named(self, source: str, references: Sequence[str], at: datetime) -> None:
        """Remember responses that a tool only named, and have them fetched; returns after the commit."""
        await self.store.write(memory.name, source, references, at, time.time())
        self.collector.wake(source)

    async def keep(self, kept: intake.Kept) -> None:
        """Keep a payload as it came."""
        row = {
            "source": kept.source,
            "body": kept.body,
            "received_at": kept.at,
            "rejected": bool(kept.reason),
            "reason": kept.reason,
        }
        await self.store.write(memory.keep, [row])

    async def tap(self, tap: Tap) -> Reply:
        """Run one verb; returns after the commit."""
        begun = time.perf_counter()
        if self.store.sqlite:  # one writer: those who wait together run as one
            reply = await self.store.write_together(self._act, tap)
        else:  # several: locks held for a stranger's tap would cross
            reply = await self.store.write(act, self.company, tap)
        metrics.handling.observe(time.perf_counter() - begun)
        metrics.taps.labels(tap.verb if tap.verb in ACTIONS or tap.verb in REQUESTS else "unknown", _answer(reply)).inc()
        if not isinstance(tap.target, int):  # a request, after which the company may be another
            await self.catch_up()
        for person in (tap.person, *(tap.people or {}).values()):
            self._introduce(person)
        return reply

    async def command(self, word: str, person: Person, place: Place) -> Reply:
        """Answer a typed word. Somebody new is made known first, for who they are may decide what they may."""
        if (asked := self._introduce(person)) is not None:
            await asyncio.wait({asked}, timeout=INTRODUCED_WITHIN_S)
        return await self.store.write(answer, self.company, word, person, place, self.clock.now())

    async def tick(self) -> None:
        """What the clock asks for, in batches until nothing is due."""
        await self.catch_up()
        now = self.clock.now()
        while await self.store.write(look, self.company, now) == BATCH:
            pass
        while await self.store.write(send_bundles, self.company, now) == AT_ONCE:
            pass
        await self._send_digests()
        if await self.store.read(is_due, self.company.timezone, now):
            await self._forget()
        metrics.ticked()

    async def _send_digests(self) -> None:
        """Weekly posts have their hours: between them nobody needs to look. The clock of a demo may be set back."""
        since, until = self._posts_quiet or (None, None)
        while (now := self.clock.now()) and (since is None or now < since or (until is not None and until <= now)):
            since, until = now, await self.store.write(send_digests, self.company, now)
        self._posts_quiet = (since or now, until)

    async def _forget(self) -> None:
        """The night's forgetting; on SQLite what was forgotten leaves the log beside the file, too."""
        begun = False
        while await self.store.write(forget, self.settings.retention, self.company.timezone, self.clock.now()):
            begun = True
        if begun and self.store.sqlite:
            await asyncio.to_thread(self.store.settle)

    async def pass_time(self, until: datetime) -> AsyncIterator[datetime]:
        """Push the clock on to `until`, and look at each moment on the way at which something is due: yields after each."""
        while (due := await self._next_due()) is not None and due < until:
            self.clock.push_to(due + timedelta(seconds=1))
            await self.tick()
            yield due
        self.clock.push_to(until)
        await self.tick()

    async def _next_due(self) -> datetime | None:
        ahead = [await self.store.read(each, self.clock.now()) for each in (followups.next_look, nudges.next_due)]
        ahead.append(next_moment(self.company, self.clock.now()))
        return min((at for at in ahead if at is not None), default=None)

    def _introduce(self, person: Person) -> asyncio.Task[None] | None:
        """Ask the platform once a day what somebody is called; None when it was asked already."""
        key = (person.chat, person.workspace, person.user_id)
        if time.monotonic() - self._met.get(key, -MEET_AGAIN) < MEET_AGAIN:
            return None
        self._met[key] = time.monotonic()
        task = asyncio.create_task(self._meet(person))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)
        return task

    async def _meet(self, person: Person) -> None:
        try:
            profile = await self.chats[person.chat].profile(person)
            if profile is not None:
                known = Person(person.chat, person.workspace, person.user_id, profile.name)
                about = (profile.email, profile.timezone, self.clock.now())
                await self.store.write(partial(meet, admin=profile.admin), known, *about)
        except (Throttled, Unreachable, Unknown, Unavailable):
            self._met.pop((person.chat, person.workspace, person.user_id), None)  # the next tap tries again
        except Refused as error:
            log.warning("person.unknown", chat=person.chat, reason=str(error))


@asynccontextmanager
async def opened(settings: Settings, clock: HouseClock) -> AsyncIterator[House]:
    """The house with its database migrated, its chats listening and its delivery and clock running; closed in order at the end.

    Raises storage's Occupied and Unavailable, and schema.Newer.
    """
    store = Store(settings.database, alone=True)
    try:
        came_from = await asyncio.to_thread(schema.migrate, store)
        if came_from is not None:
            log.info("schema.migrated", before=came_from, now=schema.head())
        if store.sqlite and not sqlite_version_is_mended():
            log.info("sqlite.old", note="older than 3.51.3: safe with the one writer this bot has")
        house = House(settings, clock, store)
        house.chats = {name: chats.connect(name, options, _seam(house)) for name, options in settings.chats.items()}
        async with _running(house):
            yield house
    finally:
        await asyncio.to_thread(store.close)


@asynccontextmanager
async def _running(house: House) -> AsyncIterator[None]:
    settings = house.settings
    patience = Patience(settings.delivery.deadline, settings.delivery.settle, settings.delivery.lease)
    house.delivery = Delivery(house.store, house.chats, lambda: house.company, house.catch_up, house.clock.now, patience)
    house.store.on_wake = house.delivery.wake
    if "practice" in house.chats:
        from bot.practice_extras import furnish

        furnish(house)
    async with AsyncExitStack() as closing:  # in this order at the end, and also when we are stopped half-way to the beginning
        for chat in house.chats.values():
            closing.push_async_callback(_hang_up, chat)
            await chat.start()
        speaking = asyncio.create_task(house.delivery.run())
        # Before the chats hang up, or what is being said is cut off and in doubt.
        closing.push_async_callback(_fall_silent, house.delivery, speaking)
        learning = asyncio.create_task(keep_duties(house.store, house.chats, lambda: house.company, house.rearranged))
        closing.callback(learning.cancel)
        closing.callback(asyncio.create_task(house.collector.run()).cancel)
        clock = ticking(house.tick, settings.server.tick)
        clock.start()
        closing.callback(clock.shutdown, wait=False)
        closing.callback(asyncio.create_task(keep_awake(clock, settings.server.tick)).cancel)
        await house.tick()
        yield


async def _hang_up(chat: Chat) -> None:
    await chat.stop()


async def _fall_silent(delivery: Delivery, speaking: asyncio.Task[None]) -> None:
    await delivery.stop()
    await speaking


def web(house: House) -> ASGIApp:
    """Every address the house answers on."""
    door = intake.route(house.sources, house.receive, house.clock.now, house.named, house.keep)
    routes = [door, *health.routes(house.store, house.clock.now)]
    for chat in house.chats.values():
        routes += chat.routes()
    return Doorway(Starlette(routes=routes), https=(house.settings.server.public_url or "").startswith("https://"))


def _answer(reply: Reply) -> str:
    """In a word, for the metrics."""
    return "errors" if reply.errors else "form" if reply.form is not None else "sentence"


def _seam(house: House) -> chats.House:
    settings, server = house.settings, house.settings.server
    return chats.House(
        house.tap, house.command, house.clock.now, house.store, settings.delivery.deadline, server.secret, server.public_url
    )


def _arranged(tx: Connection, settings: Settings, now: datetime) -> tuple[Settings, datetime | None]:
    return as_arranged(tx, settings, now), lapse(arrangements.holding(tx), now)


def _receive_together(company: Company, tx: Connection, waiting: Sequence[Sequence[Arrival]]) -> list[Sequence[Receipt]]:
    """Requests that wait together, received as one: their arrivals end to end, the receipts given back to each."""
    receipts = iter(receive(tx, company, [arrival for arrivals in waiting for arrival in arrivals]))
    return [[next(receipts) for _ in arrivals] for arrivals in waiting]


def _act_together(company: Company, tx: Connection, taps: Sequence[Tap]) -> Sequence[Reply]:
    return act_all(tx, company, taps)
