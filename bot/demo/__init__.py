"""The demo: the practice chat on a temporary database, with a week of made-up customers and a clock to push forward."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from pydantic import SecretStr

from bot.app import opened
from bot.clock import HouseClock
from bot.config import load
from bot.demo.week import BEGINS
from bot.house import House
from bot.people.duties import learn_duties
from handlers.company import Company
from storage import schema

CONFIG = Path(__file__).with_name("northwind.yaml")
"""A copy of the shipped app.yaml; a test asserts that both are the same."""


@asynccontextmanager
async def practice_house(clock_from: Callable[[datetime], HouseClock] = HouseClock, address: str = "") -> AsyncIterator[House]:
    """Yields Northwind Coffee on a Monday morning, before any feedback. Its database is deleted on exit. `address` is the URL of
    its page, if it has one."""
    settings = load(CONFIG, environ={}).settings
    assert settings is not None
    company = _written_here(settings.company)
    sealing = SecretStr(secrets.token_urlsafe())  # seals the secrets of sources made in chat; discarded with the database
    server = settings.server.model_copy(update={"secret": sealing})
    company = company.model_copy(update={"address": address or company.address})
    settings = settings.model_copy(update={"company": company, "server": server})
    with tempfile.TemporaryDirectory(prefix="action-hero-", ignore_cleanup_errors=True) as folder:
        settings = settings.model_copy(update={"database": f"sqlite:///{Path(folder) / 'practice.db'}"})
        clock = clock_from(BEGINS.replace(tzinfo=settings.company.timezone))
        async with opened(settings, clock) as house:
            yield house


def _written_here(company: Company) -> Company:
    """Make messages that cite the file name the one the demo reads, not an app.yaml in the current directory."""
    where = f"bot/demo/{CONFIG.name}:"

    def moved(written: str) -> str:
        return written.replace(f"{CONFIG.name}:", where)

    return company.model_copy(
        update={
            "teams": {name: team.model_copy(update={"written": moved(team.written)}) for name, team in company.teams.items()},
            "routes": tuple(route.model_copy(update={"written": moved(route.written)}) for route in company.routes),
            "sources": {name: replace(source, written=moved(source.written)) for name, source in company.sources.items()},
        }
    )


async def begin_again(house: House) -> None:
    """Delete everything and go back to that Monday. Who leads and who is ops is deleted too, so it is looked up again at once."""
    await house.store.write(schema.forget_everything)
    await house.catch_up()
    house.clock.begin_again(BEGINS.replace(tzinfo=house.company.timezone))
    await learn_duties(house.store, house.chats, house.company, set())
