"""Every verb of the house works in Microsoft Teams by buttons that people find there; a new verb needs a way in WAYS."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handlers.actions import ACTIONS
from tests import log
from tests.conftest import FRIDAY
from tests.emulators.msteams import Form, Message
from tests.emulators.msteams.forms import controls
from tests.running import eventually
from tests.stages import OnMsTeams, on_msteams

pytestmark = pytest.mark.anyio

LONG = "The queue stood still and nobody said why. " * 12
MONDAY = FRIDAY + timedelta(days=2, hours=21)
"""Monday 8:00 in Oslo, the opening."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OnMsTeams]:
    async with on_msteams(tmp_path, FRIDAY) as stage:
        await stage.here.hears(id="r-1", score=3, comment=LONG, customer={"name": "Dana Reyes", "email": "dana@mail.example"})
        await eventually(stage.channel)
        yield stage


def card(stage: OnMsTeams) -> Message:
    return stage._cards()[0]


async def says(stage: OnMsTeams, words: str) -> None:
    await eventually(lambda: words in str(card(stage)))


async def claimed(stage: OnMsTeams) -> None:
    await stage.press("ana", "I'll reply")
    await says(stage, "Ana is replying")


async def filled(stage: OnMsTeams, button: str, answers: Mapping[str, Any], shown: Message | Form | None = None) -> str:
    """Open a form by a button and send it; the first try may come before the roster does."""
    ana = stage.teams.user("ana")

    async def opened() -> Any:
        return (await ana.press(shown or card(stage), button)).form

    return (await ana.submit(await eventually(opened), answers)).text


async def claim(stage: OnMsTeams) -> str:
    return (await stage.press("ana", "I'll reply")).text


async def release(stage: OnMsTeams) -> str:
    await claimed(stage)
    return (await stage.press("ana", "Give it back")).text


async def hand_over(stage: OnMsTeams) -> str:
    await claimed(stage)
    return await filled(stage, "Hand over…", {"Who takes it on?": stage.teams.user("ben")})


async def contacted(stage: OnMsTeams) -> str:
    await claimed(stage)
    return (await stage.press("ana", "I've been in touch")).text


async def tried(stage: OnMsTeams) -> str:
    await claimed(stage)
    return (await stage.press("ana", "No answer")).text


async def wait(stage: OnMsTeams) -> str:
    await claimed(stage)
    return await filled(stage, "Wait for the customer…", {"When do we look at it again?": "Mon 08:00"})


async def snooze(stage: OnMsTeams) -> str:
    await claimed(stage)
    return await filled(stage, "Snooze…", {"When shall we remind you?": "When they add to their survey answer"})


async def ask_for_help(stage: OnMsTeams) -> str:
    await claimed(stage)
    return (await stage.press("ana", "Need help")).text


async def close(stage: OnMsTeams) -> str:
    await claimed(stage)
    said = {"Outcome": "Fixed", "What did we do, in one sentence?": "Rang her.", "What caused it?": "Other"}
    return await filled(stage, "Done…", said)


async def dismiss(stage: OnMsTeams) -> str:
    return await filled(stage, "Not a problem…", {"Why is no reply needed?": "A test or spam"})


async def reopen(stage: OnMsTeams) -> str:
    await close(stage)
    await says(stage, "Reopen")
    return (await stage.press("ana", "Reopen")).text


async def weighed(stage: OnMsTeams, button: str) -> str:
    """A second customer only wrote something: people say whether it tells of a problem."""
    await stage.here.hears(id="w-1", metric="comment", comment="Your drivers never ring the bell.")
    [second] = await eventually(lambda: [n for n, card in enumerate(stage._cards()) if "never ring the bell" in str(card)])
    return (await stage.press("ana", button, second)).text


async def problem(stage: OnMsTeams) -> str:
    return await weighed(stage, "Yes, a problem")


async def no_problem(stage: OnMsTeams) -> str:
    return await weighed(stage, "No")


async def note(stage: OnMsTeams) -> str:
    return await filled(stage, "Add a note…", {"Your note": "Rang twice."})


async def raise_it(stage: OnMsTeams) -> str:
    return await filled(stage, "This keeps happening…", {"What keeps happening?": "One till open at noon."})


async def read(stage: OnMsTeams) -> str:
    return (await stage.press("ana", "Read all of it")).text


async def bundle(stage: OnMsTeams, others: int = 0) -> Message:
    """Ana has this case, and as many others, until the promise has passed: she is asked about all of them in one message."""
    for n in range(others):
        await stage.here.hears(id=f"r-{n + 2}", score=2, comment=f"Case {n + 2}. {LONG}")
    await eventually(lambda: len(stage._cards()) == others + 1)
    for n in range(others + 1):
        await stage.press("ana", "I'll reply", n)
    clock = MONDAY + timedelta(minutes=20)  # off the hour: what was claimed seconds apart is asked about together
    while clock < MONDAY + timedelta(days=1, hours=4):
        clock += timedelta(minutes=30)
        await stage.here.passes(clock)

    def asked() -> list[Message]:
        return [said for said in stage.teams.dm("ana").messages if str(said).count("Still yours?") == others + 1]

    return (await eventually(asked))[-1]


async def no_help(stage: OnMsTeams) -> str:
    await ask_for_help(stage)
    await says(stage, "could use a hand")
    return (await stage.press("ana", "No hand needed")).text


async def keep(stage: OnMsTeams) -> str:
    return (await stage.teams.user("ana").press(await bundle(stage), "Still mine")).text


WAYS: Mapping[str, tuple[Callable[[OnMsTeams], Awaitable[str]], str]] = {
    "claim": (claim, "It is yours"),
    "release": (release, "Given back"),
    "hand_over": (hand_over, "Handed over to Ben"),
    "contacted": (contacted, "Noted"),
    "tried": (tried, "Noted. The promise stays as it is"),
    "wait": (wait, "It waits for the customer until"),
    "snooze": (snooze, "The promise stays as it is."),
    "help": (ask_for_help, "The channel is asked for a hand."),
    "no_help": (no_help, "The channel is no longer asked"),
    "keep": (keep, "Thank you, it stays yours."),
    "close": (close, "Closed"),
    "dismiss": (dismiss, "Marked as not a problem."),
    "reopen": (reopen, "Open again, and yours."),
    "problem": (problem, "Thank you."),
    "no_problem": (no_problem, "Thank you."),
    "note": (note, "Noted in the thread."),
    "raise": (raise_it, "Raised: those who lead Oak Street"),
    "read": (read, LONG.strip()),
}
UNLOGGED = {"read"}
"""It changes nothing, so nothing is written down."""


ELSEWHERE = {"lost", "not_lost", "confirm", "show"}
"""Begun with a typed word, or asked of who leads: tests/chats/test_lost.py and test_confirm.py. *More…* among ten: see below."""


@pytest.mark.parametrize("verb", [verb for verb in ACTIONS if verb not in ELSEWHERE])
async def test_every_verb_is_done_by_buttons(stage: OnMsTeams, verb: str) -> None:
    way, words = WAYS[verb]
    told = " ".join((await way(stage)).split())
    done = [line.verb for case in (1, 2) for line in await stage.here.house.store.read(log.life, case)]
    assert (verb in done) is (verb not in UNLOGGED), done
    assert words in told, told


async def test_each_of_ten_cases_in_one_message_leads_to_all_that_can_be_done_and_back(stage: OnMsTeams) -> None:
    asked, ana = await bundle(stage, others=9), stage.teams.user("ana")
    assert asked.buttons.count("More…") == 10
    assert stage.teams.largest_card < 20_000
    seen = await ana.press(asked, "show", nth=6)
    assert seen.card is not None
    assert "#7 · everyone else" in str(ana.sees(asked))
    assert {"Wait for the customer…", "Done…", "Hand over…", "More…"} <= {
        control.action["title"] for control in controls(seen.card)
    }
    await ana.press(asked, "Back")
    await eventually(lambda: "customers wait for a word from you" in str(ana.sees(asked)))
    await ana.press(asked, "show", nth=6)
    assert "Noted" in (await ana.press(asked, "I've been in touch")).text
    await eventually(lambda: "customers wait for a word from you" in str(ana.sees(asked)))
    assert "contacted" in [line.verb for line in await stage.here.house.store.read(log.life, 7)]


async def test_a_card_of_a_list_comes_back_to_its_reader_when_they_leave_its_form(stage: OnMsTeams) -> None:
    ben = stage.teams.user("ben")
    listed = await ben.command("open")
    await eventually(lambda: len(listed.messages) == 2)
    form = (await ben.press(listed.messages[1], "Not a problem…")).form
    await ben.press(form, "Cancel")
    assert "needs somebody by" in str(ben.sees(listed.messages[1]))
    assert "It is yours" in (await ben.press(listed.messages[1], "I'll reply")).text
