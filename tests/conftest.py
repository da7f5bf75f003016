"""Shared fixtures: a real database of each kind, a company with one team, people, and a clock that stands still."""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import settings

from bot import metrics
from handlers.actions import act
from handlers.arrivals.arrival import Arrival
from handlers.calendar.duration import Duration
from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.cards import Card, Reply
from handlers.company import Company, People
from handlers.feedback import Feedback, Person, Place
from handlers.pictures import picture
from handlers.receive import Receipt, receive
from handlers.rules import Route, When
from handlers.situation import Tap
from handlers.team import Team
from storage import delivery_log, followups, messages, schema
from storage.database import Store
from tests import log
from tests.postgres import MEMORY, Postgres
from tests.shared_stores import compiled_once, connected_once, disconnect, idle

OSLO = ZoneInfo("Europe/Oslo")
FRIDAY = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
"""Friday 11:00 in Oslo, within opening hours."""


ROOM = 4 * 1024**3
"""Free bytes that the memory disk must have for tests' files to be there; a container's, 64 MB by default, would soon be full."""
GARBAGE = 10_000
"""New objects after which garbage is collected; Python's default of 700 is for small programs, and took a twentieth of all time."""

# For each request httpx looks whether there is a `sniffio`, and nobody needs one. This says at once that there is none.
sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]

settings.register_profile("house", deadline=None)  # how long an example takes depends on the machine more than on the code
settings.load_profile("house")


def pytest_configure() -> None:
    """Tests' files are in memory where there is room, as PostgreSQL's are, so that no test waits for the disk. A killed process loses
    nothing there, either; whether a machine that loses its power does, no test of ours could tell."""
    with suppress(OSError):
        if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """What is loaded now stays until the end, so the garbage collector need not look through it again and again; and of what one
    test leaves there is less than would be worth looking for every few milliseconds."""
    gc.disable()
    if session.config.args_source is pytest.Config.ArgsSource.TESTPATHS and "PYTEST_XDIST_WORKER" in os.environ:
        _load_from_elsewhere_than_others(sorted(Path(__file__).parent.rglob("test_*.py")))
    yield
    gc.freeze()
    gc.set_threshold(GARBAGE)
    gc.enable()


def _load_from_elsewhere_than_others(modules: Sequence[Path]) -> None:
    """Of five processes that read the same modules in the same order, each would compile them all. What is wrong with one is left to
    the collection, which tells it with the module's name."""
    worker, workers = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")), int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    first = len(modules) * worker // workers
    for module in (*modules[first:], *modules[:first]):
        with suppress(Exception, pytest.skip.Exception):
            importlib.import_module(".".join(module.relative_to(Path(__file__).parents[1]).with_suffix("").parts))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The story, which mostly waits for the pace of a chat, begins while others compute; at the end nothing would fill its waits."""
    items.sort(key=lambda item: item.path.name != "test_story.py")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def caught() -> dict[str, float]:
    """Returns how many lanes delivery's safety net has caught in this process, by cause."""
    return {how: metrics.safety_net.labels(how)._value.get() for how in ("forgotten", "unwoken")}


@pytest.fixture(autouse=True)
def garbage_is_collected() -> Iterator[None]:
    """A test that leaves the collector off lets garbage pile up, and some later test waits for seconds once it is on again."""
    yield
    assert gc.isenabled()


@pytest.fixture(autouse=True)
def net(request: pytest.FixtureRequest) -> Iterator[dict[str, float]]:
    """The safety net's counters before the test. A test that does not request this fixture fails if the net catches a lane."""
    before = caught()
    yield before
    if "net" not in request.function.__code__.co_varnames:
        assert caught() == before, "delivery was not woken: only its safety net found what waited"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Started by the first test that needs it. Where PostgreSQL is missing, those tests fail."""
    with Postgres() as server:
        yield server
        disconnect()


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Postgres) -> str:
    """The name of a database that holds only our schema, to be lent or copied."""
    name = postgres.fresh()
    with closing(Store(postgres.url(name))) as store:
        schema.migrate(store)
    return name


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that holds only our schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "hero.db"
    with closing(Store(f"sqlite:///{path}")) as store:
        schema.migrate(store)
    return path


ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For a test of something that only SQLite has."""


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database with our schema, for each kind in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "hero.db")
        return f"sqlite:///{tmp_path / 'hero.db'}"
    server, name = request.getfixturevalue("postgres"), request.getfixturevalue("migrated_postgres")
    if not server.empty(name, keep=idle()):
        disconnect()
    return str(server.url(name))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without any tables, for each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue("fresh_postgres"))


@pytest.fixture
def fresh_postgres(postgres: Postgres) -> Iterator[str]:
    """The URL of a PostgreSQL database without any tables."""
    name = postgres.fresh()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    """The database, opened as the bot opens it."""
    with closing(Store(database, alone=True)) as store:
        yield connected_once(compiled_once(store))


@pytest.fixture
def team() -> Team:
    return oak_street()


@pytest.fixture
def company(team: Team) -> Company:
    return northwind(team)


def oak_street() -> Team:
    return Team(
        name="oak-street",
        title="Oak Street",
        channels=(Place.parse("slack:C1"),),
        leader=("lea@northwind.example",),
        hours=OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO),
        promise=Promise(claim=Duration.parse("4h"), close=Duration.parse("2d")),
        causes=("waiting time", "other"),
    )


def northwind(team: Team) -> Company:
    everyone = Route(name="everyone", when=When(band=("detractor",)), team=team.name)
    return Company(name="Northwind", timezone=OSLO, people=People.NAMES, teams={team.name: team}, routes=(everyone,))


def person(user_id: str, name: str | None = None, chat: str = "slack", workspace: str = "main") -> Person:
    return Person(chat, workspace, user_id, name or user_id.title())


ANA, BEN, LEA = person("ana"), person("ben"), person("lea")


def said(id: str = "r-1", score: float | None = 3, comment: str = "Waited 45 minutes and nobody came.", **more: Any) -> Feedback:
    return Feedback(id=id, metric="nps", score=score, comment=comment, **more)


@dataclass
class Shop:
    """A shop with a database: customers give feedback, colleagues tap, cards can be read. Time moves only when told."""

    store: Store
    company: Company
    now: datetime = FRIDAY
    source: str = "survey"
    _seen: dict[str, int] = field(default_factory=dict)

    def hears(self, *feedback: Feedback) -> list[Receipt]:
        return self.store.write_sync(receive, self.company, [Arrival(self.source, each, self.now) for each in feedback])

    def tap(self, verb: str, who: Person = ANA, target: int = 1, to: Person | None = None, **answers: str) -> Reply:
        filled = {**answers, **({"to": to.user_id} if to else {})} or None
        return self.store.write_sync(act, self.company, Tap(verb, target, who, self.now, filled, {"to": to} if to else None))

    def closes(self, who: Person = ANA, target: int = 1, outcome: str = "fixed", done: str = "Called and apologised.") -> Reply:
        return self.tap("close", who, target, outcome=outcome, done=done, cause="other")

    def passes(self, **span: float) -> None:
        self.now += timedelta(**span)

    def card(self, key: str = "card:1") -> Card:
        row = self.store.read_sync(messages.by_key, key)
        assert row is not None, f"there is no message {key}"
        return self.store.read_sync(picture, self.company, row.id, self.now).card

    def row(self, target: int = 1) -> Any:
        return self.store.read_sync(followups.case, target)

    def acts(self, target: int = 1) -> list[str]:
        return [line.verb for line in self.store.read_sync(log.life, target)]

    def keys(self) -> list[str]:
        return [row.key for row in self.store.read_sync(delivery_log.unfinished, 1000)]


@pytest.fixture
def shop(store: Store, company: Company) -> Shop:
    return Shop(store, company)


@pytest.fixture
def shop_of(store: Store) -> Callable[[Company], Shop]:
    return lambda company: Shop(store, company)
