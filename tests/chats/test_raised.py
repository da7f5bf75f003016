"""What keeps happening is raised from a card, decided by who leads, and told to whoever raised it, in every chat."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests import log
from tests.conftest import FRIDAY
from tests.running import eventually
from tests.stages import STAGES, Stage

pytestmark = pytest.mark.anyio

MONDAY = FRIDAY + timedelta(days=2, hours=22)
"""Monday 9:00 in Oslo, when weekly posts go out."""
WORDS = "One till is open from noon to two."


@pytest.fixture(params=sorted(STAGES))
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with STAGES[request.param](tmp_path, FRIDAY) as stage:
        for who in ("ana", "ben", "lea"):
            await stage.command(who, "mine")  # from now on their names are known
        await stage.here.hears(id="r-1", score=2, comment="Waited for half an hour.")
        await eventually(stage.channel)
        assert await stage.here.learns_duties()
        yield stage


def reads(what: Callable[[], Awaitable[list[str]]], words: str) -> Callable[[], Awaitable[bool]]:
    async def there() -> bool:
        return any(words in said for said in await what())

    return there


async def test_it_is_raised_taken_on_told_and_done(stage: Stage) -> None:
    form = (await stage.press("ben", "This keeps happening…")).form
    seen = await stage.fill("ben", form, {"What keeps happening?": WORDS, "What causes it?": "Waiting time"})
    assert "Raised: those who lead Oak Street read it" in seen.text
    await eventually(reads(stage.thread, f"Ben says that this keeps happening: {WORDS}"))

    await stage.here.passes(MONDAY)
    asked = "this keeps happening, and nobody has it yet"
    await eventually(reads(lambda: stage.private("lea"), asked))
    await eventually(reads(stage.channel, f"Raised, and nobody has it yet: “{WORDS}”"))

    form = (await stage.press_private("lea", asked, "Decide…")).form
    assert "It is yours." in (await stage.fill("lea", form, {"What becomes of it?": "I take it on"})).text
    await eventually(reads(lambda: stage.private("ben"), f"Lea took on what you raised: “{WORDS}”"))

    taken = "this keeps happening, and was taken on"
    await eventually(reads(lambda: stage.private("lea"), taken))
    form = (await stage.press_private("lea", taken, "Decide…")).form
    seen = await stage.fill("lea", form, {"What becomes of it?": "No, and this is why:"})
    assert "Please say why not: whoever raised it reads it." in seen.text
    answers = {"What becomes of it?": "No, and this is why:", "If not, why?": "The till is rented."}
    assert "Whoever raised it is told why." in (await stage.fill("lea", seen.form or form, answers)).text
    await eventually(reads(lambda: stage.private("ben"), f"What you raised stays as it is: “{WORDS}” Why: The till is rented."))
    acts = await stage.here.house.store.read(log.life, 1)
    assert [line.verb for line in acts if line.verb in ("raise", "settle")] == ["raise", "settle", "settle"]
