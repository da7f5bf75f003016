"""The composition root: settings -> storage, chats, sources, pages, clock, delivery. The only file that knows all parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta

import structlog
from starlette.applications import Starlette
from starlette.types import ASGIApp

from bot import chats
from bot.chats import Chat
from bot.clock import HouseClock, keep_awake, ticking
from bot.collecting.collector import KEPT_UNREAD
from bot.config import Settings
from bot.delivery.loop import Delivery
from bot.delivery.send import UNDRAWN_AFTER
from bot.doors import intake
from bot.doors.browser_doorway import Doorway
from bot.doors.machine_door import Door
from bot.house import House
from bot.pages import front, health
from bot.people.duties import keep_duties
from storage import delivery_log, looks, schema
from storage.connections import is_mended
from storage.database import Busy, Store

log = structlog.get_logger()

AGAIN_S = 5.0
"""Seconds until a migration is tried again for which some table was in use."""


@asynccontextmanager
async def opened(settings: Settings, clock: HouseClock) -> AsyncIterator[House]:
    """Open the house: migrate its database, start its chats, delivery and clock; at the end, close them in order.

    Raises storage's Occupied and Unavailable, and schema.Newer.
    """
    store = Store(settings.database, alone=True)
    try:
        came_from = await _migrated(store)
        if came_from is not None:
            log.info("schema.migrated", before=came_from, now=schema.head())
        if store.sqlite and not is_mended():
            log.info("sqlite.old", note="older than 3.51.3: safe with the one writer this bot has")
        if dropped := await store.write(looks.look_again):
            log.info("followups.looked_at_again", number=dropped)
        if failed := await store.write(delivery_log.retry_our_failures, UNDRAWN_AFTER - 1):
            log.info("delivery.retried", number=failed)
        house = House(settings, clock, store)
        house.chats.update({name: chats.connect(name, options, _services(house)) for name, options in settings.chats.items()})
        async with _running(house):
            yield house
    finally:
        await asyncio.to_thread(store.close)


async def _migrated(store: Store) -> str | None:
    """Migrate; while others read the tables of PostgreSQL, let the replicas that still serve go on, and try again."""
    while True:
        try:
            return await asyncio.to_thread(schema.migrate, store)
        except Busy:
            if store.sqlite:
                raise
            log.warning("schema.waits", note="others, such as a pg_dump, are reading the tables; trying again")
            await asyncio.sleep(AGAIN_S)


@asynccontextmanager
async def _running(house: House) -> AsyncIterator[None]:
    settings = house.settings
    house.store.on_wake = house.delivery.wake
    if "practice" in house.chats:
        from bot.pages.practice_page import furnish_practice_page

        furnish_practice_page(house)
    async with AsyncExitStack() as closing:  # closed in reverse order, even if we are stopped half-way through the start
        for chat in house.chats.values():
            closing.push_async_callback(_hang_up, chat)
            await chat.start()
        await house.settle()  # before anything is sent where it no longer belongs
        speaking = asyncio.create_task(house.delivery.run())
        # Closed before the chats: otherwise sends under way are cut off and left in doubt.
        closing.push_async_callback(_fall_silent, house.delivery, speaking)
        learning = asyncio.create_task(keep_duties(house.store, house.chats, lambda: house.company, house.arranged_anew))
        closing.callback(learning.cancel)
        closing.push_async_callback(_stop, asyncio.create_task(house.collector.run()))
        clock = ticking(house.tick, settings.server.tick)
        clock.start()
        closing.callback(clock.shutdown, wait=False)
        closing.callback(asyncio.create_task(keep_awake(clock, settings.server.tick)).cancel)
        await house.tick()
        await house.introductions.introduce_all()
        yield


async def _hang_up(chat: Chat) -> None:
    await chat.stop()


async def _stop(collecting: asyncio.Task[None]) -> None:
    """Wait until it has given back what it leased."""
    collecting.cancel()
    await asyncio.wait({collecting})


async def _fall_silent(delivery: Delivery, speaking: asyncio.Task[None]) -> None:
    await delivery.stop()
    await speaking


def web(house: House) -> ASGIApp:
    """Returns the web application with every route of the house."""
    services = intake.IntakeServices(
        sources=house.sources,
        take_in=house.receive,
        now=house.clock.now,
        fetch_later=house.named,
        keep=house.keep,
        know=house.know,
        second_look=house.second_look,
        named=lambda: house.company.sources,
        fixed=house.settings.sources,
    )
    routes = health.routes(house.store, house.clock.now, house.sources, house.chats, lambda: house.company.teams)
    for chat in house.chats.values():
        routes += chat.routes()
    payloads = max([KEPT_UNREAD, *(timedelta(seconds=each.options.keep) for each in house.sources.values())])
    routes += front.routes(house.settings.company.name, house.settings.retention, payloads)
    doors = {route.path: route.app for route in routes if isinstance(route, Door)}
    https = (house.settings.server.public_url or "").startswith("https://")
    return Doorway(Starlette(routes=routes), https=https, feedback=intake.door(services), doors=doors)


def _services(house: House) -> chats.ChatServices:
    settings, server = house.settings, house.settings.server
    return chats.ChatServices(
        tap=house.tap,
        command=house.command,
        now=house.clock.now,
        store=house.store,
        deadline=settings.delivery.deadline,
        secret=server.secret,
        public_url=server.public_url,
        overhear=house.overhear,
        shown=house.shown,
    )
