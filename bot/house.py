"""The running house: its entry points for chats, sources, the clock, and the demo."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from bot import metrics, sources
from bot.arranged import as_arranged, vault_of
from bot.chats import Chat, with_links
from bot.clock import HouseClock
from bot.collecting.collector import Collector
from bot.config import Settings
from bot.delivery.loop import Delivery
from bot.delivery.services import DeliveryServices, Timing
from bot.doors.second_look import SecondLook
from bot.people.introductions import Introductions
from bot.storable_taps import kept_person, kept_tap
from bot.tick import Tick
from handlers.actions import ACTIONS, act, act_all
from handlers.arranged.arrangements import lapse
from handlers.arrivals.arrival import Arrival
from handlers.arrivals.customers import know
from handlers.arrivals.replay import KeptPayload, keep_payload
from handlers.cards import Card, Reply
from handlers.commands import answer
from handlers.company import Company
from handlers.digests.digest import next_moment
from handlers.feedback import Customer, Person, Place
from handlers.huddles.huddle_notes import is_huddle, keep
from handlers.pictures import picture_at
from handlers.receive import Receipt, receive
from handlers.requests import REQUESTS
from handlers.rules import LOW, band
from handlers.situation import Tap, Written
from storage import arrangements, errands, looks, nudges
from storage.database import Store
from storage.storable import text as kept

log = structlog.get_logger()

INTRODUCED_WITHIN_S = 1.0
"""Seconds for which somebody's first typed word waits for the platform to say who they are."""


class Outdated(Exception):
    """Another replica knows of changes that are not known here yet. Nothing was stored."""


class House:
    """The running house: what chats, pages, the demo and tests may call."""

    company: Company
    """What app.yaml says, together with what ops arranged in chat."""

    def __init__(self, settings: Settings, clock: HouseClock, store: Store) -> None:
        """Must be made inside the event loop. Whoever opens it adds its chats."""
        tools = {"tools": sources.tools, "safe": vault_of(settings)}
        self.settings = settings.model_copy(update={"company": settings.company.model_copy(update=tools)})
        self.clock, self.store = clock, store
        self.chats: dict[str, Chat] = {}
        self.sources: dict[str, sources.LoadedSource] = {}
        self.arranged_anew = asyncio.Event()
        # Readings of what ops arranged are counted by when they began; `company` is known by this one.
        self._revision = self._readings = self._known_by = 0
        self._arrange(self.settings, None)
        timing = Timing.of(settings.delivery)
        self.delivery = Delivery(DeliveryServices(store, self.chats, lambda: self.company, self.catch_up, clock.now, timing))
        self.collector = Collector(store, self.sources, self.latest, clock.now)
        self.second_look = SecondLook(self.catch_up)
        self.introductions = Introductions(store, self.chats, clock.now)
        self._tick = Tick(store, clock, lambda: self.company, self.chats, settings.retention)

    def _arrange(self, settings: Settings, lapse: datetime | None) -> None:
        """Use these settings from now on, until `lapse`, when the next replaced secret expires."""
        self.company, self._lapse = settings.company, lapse
        loaded = {name: sources.LoadedSource.of(name, each) for name, each in settings.sources.items()}
        for gone in self.sources.keys() - loaded.keys():
            del self.sources[gone]
        self.sources.update(loaded)
        self.arranged_anew.set()

    async def catch_up(self) -> None:
        """Load what ops have arranged in chat since the last call, here or on another replica."""
        revision, now = await self.store.read(arrangements.revision), self.clock.now()
        if revision != self._revision or (self._lapse is not None and self._lapse <= now):
            self._readings = reading = self._readings + 1
            revision, settings, lapse = await self.store.read(_arranged, self.settings, now)
            if reading > self._known_by:  # else a later one came back sooner. The revision does not tell: a demo begins it anew
                self._known_by, self._revision = reading, revision
                self._arrange(settings, lapse)

    async def latest(self) -> Company:
        """Returns the company including what other replicas know by now."""
        await self.catch_up()
        return self.company

    async def receive(self, arrivals: Sequence[Arrival]) -> Sequence[Receipt]:
        """Store what arrived; returns after the commit. Before it is left unrouted, routes made on another replica are loaded."""
        try:
            receipts = await self._received(arrivals, None if self.store.sqlite else self._revision)
        except Outdated:
            await self.second_look()
            receipts = await self._received(arrivals, None)
        for arrival, receipt in zip(arrivals, receipts, strict=True):
            if not receipt.routed:
                metrics.unrouted.labels(arrival.source).inc()
                note = log.warning if band(arrival.feedback) in LOW else log.info  # a happy customer may rightly match no route
                note("feedback.unrouted", source=arrival.source, id=receipt.id)
            if receipt.unplaced:
                metrics.unplaced.labels(arrival.source).inc()
                log.warning("feedback.unknown-place", source=arrival.source, id=receipt.id)
        return receipts

    async def _received(self, arrivals: Sequence[Arrival], revision: int | None) -> Sequence[Receipt]:
        """Store what arrived. Concurrent calls with one arrival each share one commit. Raises Outdated."""
        if len(arrivals) == 1:
            return await self.store.write_together(_receive_together, arrivals, self.company, self.delivery, revision)
        [receipts] = await self.store.write(_receive_together, [arrivals], self.company, self.delivery, revision)
        return receipts

    async def know(self, told: Sequence[Customer], again: bool) -> Sequence[Receipt]:
        """Store the customers that a directory sends; returns after the commit. `again` as in handlers.arrivals.customers."""
        return await self.store.write(know, told, self.clock.now(), again)

    async def named(self, source: str, references: Sequence[str]) -> None:
        """Store the names of responses that a tool only named, and have them fetched; returns after the commit."""
        await self.store.write(errands.name, source, references, time.time())
        self.collector.wake(source)

    async def keep(self, payload: KeptPayload) -> None:
        """Store a payload as it came, unless something that it said was erased."""
        await self.store.write(keep_payload, payload)

    async def tap(self, tap: Tap) -> Reply:
        """Run one verb or request; returns after the commit."""
        begun = time.perf_counter()
        tap = kept_tap(tap)
        if not isinstance(tap.target, int):  # a request may concern what another replica learned a moment ago
            await self.catch_up()
        company, reply = self.company, await self._acted(tap)
        if reply.unknown:  # its team may have been made on another replica since the last tick
            await self.catch_up()
            reply = await self._acted(tap) if self.company is not company else reply
        metrics.handling.observe(time.perf_counter() - begun)
        metrics.taps.labels(tap.verb if tap.verb in ACTIONS or tap.verb in REQUESTS else "unknown", _answer(reply)).inc()
        if not isinstance(tap.target, int):  # a request, after which the company may have changed
            await self.catch_up()
        for person in (tap.person, *(tap.people or {}).values()):
            self.introductions.introduce(person)
        return self._linked(reply, tap.person)

    async def _acted(self, tap: Tap) -> Reply:
        if self.store.sqlite:  # one writer: taps that wait at the same time run as one
            return await self.store.write_together(act_all, tap, self.company)
        return await self.store.write(act, self.company, tap)  # several writers: locks for unrelated taps could deadlock

    async def command(self, word: str, person: Person, place: Place) -> Reply:
        """Answer a typed word. A new person's profile is asked for first, because it may decide what they are allowed to do."""
        if (asked := self.introductions.introduce(person)) is not None:
            await asyncio.wait({asked}, timeout=INTRODUCED_WITHIN_S)
        await self.catch_up()
        said = await self.store.write(answer, self.company, kept(word), kept_person(person), place, self.clock.now())
        return self._linked(said, person)

    async def shown(self, reader: Person, posted: tuple[str, str]) -> Card | None:
        """Returns what our message that stands there shows by now to somebody who sees it; None if none does."""
        card = await self.store.read(picture_at, self.company, reader, posted, self.clock.now())
        return self._linked(Reply(cards=(card,)), reader).cards[0] if card is not None else None

    def _linked(self, reply: Reply, reader: Person) -> Reply:
        if not reply.cards or reader.chat not in self.chats:
            return reply
        cards = tuple(with_links(self.chats[reader.chat], reader.place, card) for card in reply.cards)
        return replace(reply, cards=cards)

    async def overhear(self, written: Written) -> bool:
        """Store what was written in the thread of a huddle's card. Returns whether it was; nothing else is looked at further."""
        if not await self.store.read(is_huddle, written):
            return False
        if (asked := self.introductions.introduce(written.person)) is not None:
            await asyncio.wait({asked}, timeout=INTRODUCED_WITHIN_S)
        written = replace(written, words=kept(written.words), person=kept_person(written.person))
        return await self.store.write(keep, self.company, written)

    async def settle(self) -> None:
        """Apply the present channels and hours to what began under earlier ones."""
        await self.catch_up()
        await self._tick.settle()

    async def tick(self) -> None:
        """Do all that is due."""
        await self.catch_up()
        await self._tick()

    async def pass_time(self, until: datetime) -> AsyncIterator[datetime]:
        """Push the clock forward to `until`, with a tick at each moment on the way when something is due; yields that moment."""
        while (due := await self._next_due()) is not None and due < until:
            self.clock.push_to(due + timedelta(seconds=1))
            await self.tick()
            yield due
        self.clock.push_to(until)
        await self.tick()

    async def _next_due(self) -> datetime | None:
        ahead = [await self.store.read(each, self.clock.now()) for each in (looks.next_look, nudges.next_due)]
        ahead.append(next_moment(self.company, self.clock.now()))
        return min((at for at in ahead if at is not None), default=None)


def _arranged(tx: Connection, settings: Settings, now: datetime) -> tuple[int, Settings, datetime | None]:
    """Returns the arrangements with a revision that they are not older than: it is read first."""
    revision = arrangements.revision(tx)
    return revision, as_arranged(tx, settings, now), lapse(arrangements.holding(tx), now)


def _receive_together(
    tx: Connection, waiting: Sequence[Sequence[Arrival]], company: Company, delivery: Delivery, revision: int | None
) -> list[Sequence[Receipt]]:
    """Receive the arrivals of concurrent requests as one. Returns the receipts of each request. Raises Outdated if no route matches
    one of them and `revision`, up to which `company` is known, is no longer the latest."""
    received = receive(tx, company, [arrival for arrivals in waiting for arrival in arrivals])
    if revision is not None and not all(receipt.routed for receipt in received) and arrangements.revision(tx) != revision:
        raise Outdated
    receipts = iter(received)
    delivery.lease_along(tx)
    return [[next(receipts) for _ in arrivals] for arrivals in waiting]


def _answer(reply: Reply) -> str:
    """Returns the kind of reply in a word, for the metrics."""
    return "errors" if reply.errors else "form" if reply.form is not None else "sentence"
