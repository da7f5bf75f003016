"""One database for all samples: each is sent to a source of its own name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from handlers.company import Company
from handlers.rules import Route
from handlers.team import Team
from storage import schema
from storage.database import Store
from tests.conftest import OSLO
from tests.sources.house import House


@pytest.fixture(scope="module")
def samples_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("samples")
    store = Store(f"sqlite:///{folder / 'hero.db'}")
    schema.migrate(store)
    yield store
    store.close()


@pytest.fixture
def house(samples_store: Store, team: Team) -> House:
    everything = Route(name="everything", team=team.name)
    return House(
        samples_store, Company(name="Northwind", timezone=OSLO, people="names", teams={team.name: team}, routes=(everything,))
    )
