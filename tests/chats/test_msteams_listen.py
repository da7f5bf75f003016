"""What people do in Microsoft Teams, and what they see: in time, once, privately where it must be, in old clients too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.chats.msteams import choosing, listen
from handlers import message_keys
from storage import messages
from tests import log
from tests.conftest import FRIDAY
from tests.emulators.msteams import FORGERIES, Form, Message, Seen
from tests.running import eventually
from tests.slow_database import taking_nothing_in
from tests.stages import OAK_STREET, OnMsTeams, on_msteams

pytestmark = pytest.mark.anyio

DANA = {"name": "Dana Reyes", "email": "dana@mail.example"}
ALL_OF_IT = "The queue stood still and nobody said why. " * 12


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OnMsTeams]:
    async with on_msteams(tmp_path, FRIDAY) as stage:
        yield stage


@pytest.fixture
async def card(stage: OnMsTeams) -> Message:
    """The card of an unhappy customer."""
    await stage.here.hears(id="r-1", score=3, comment=ALL_OF_IT, customer=DANA)
    await eventually(stage.channel)
    return stage._cards()[0]


async def verbs(stage: OnMsTeams) -> list[str]:
    return [line.verb for line in await stage.here.house.store.read(log.life, 1)]


@asynccontextmanager
async def database_is_slow(stage: OnMsTeams) -> AsyncIterator[None]:
    """The database takes nothing in while this lasts.

    The bot answers after a second instead of two and a half, so that a slow machine has two more until the third is over.
    """
    assert listen.IN_TIME <= 2.5
    async with taking_nothing_in(stage.here.house.store):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(listen, "IN_TIME", 1.0)
            yield


async def test_every_tap_is_answered_within_three_seconds_while_database_and_connector_are_slow(
    stage: OnMsTeams, card: Message
) -> None:
    ana = stage.teams.user("ana")
    async with database_is_slow(stage):
        stage.teams.fail_next("update", "hang")
        stage.teams.fail_next("member", "hang")
        seen: Seen = await ana.press(card, "I'll reply")
    assert seen.error is None
    assert seen.took < 3
    assert "takes longer than usual" in seen.text
    await eventually(lambda: _private_says(stage, "ana", "It is yours"))
    assert (await verbs(stage)).count("claim") == 1


async def test_every_tap_and_form_is_answered_in_time_while_the_database_is_slow(stage: OnMsTeams, card: Message) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    ana, ben = stage.teams.user("ana"), stage.teams.user("ben")
    form = (await ben.press(card, "Add a note…")).form
    async with database_is_slow(stage):
        together = [ana.press(card, "Need help"), ben.submit(form, {"Your note": "Rang."}), ben.press(form, "Cancel")]
        pressed, sent, left = [await each for each in together]
    for seen, said in ((pressed, "takes longer than usual"), (sent, "takes longer than usual"), (left, "Ana is replying")):
        assert seen.error is None
        assert seen.took < 3
        assert said in seen.text, "leaving a form writes nothing"
    await eventually(lambda: _private_says(stage, "ana", "The channel is asked for a hand"))
    await eventually(lambda: _private_says(stage, "ben", "Noted in the thread"))
    done = await verbs(stage)
    assert (done.count("help"), done.count("note")) == (1, 1), "delivered again after it was late, yet done once"


async def test_every_tap_is_answered_with_what_became_of_it_while_the_connector_and_the_sign_in_are_slow(
    stage: OnMsTeams, card: Message
) -> None:
    for method in ("send", "create", "update", "member", "members", "channels"):
        stage.teams.fail_next(method, "hang", 3)
    stage.teams.issuer.expire_tokens()
    stage.teams.fail_next("token", "hang", 3)
    seen = await stage.teams.user("ana").press(card, "I'll reply")
    assert (seen.error, "It is yours" in seen.text, seen.took < 3) == (None, True, True)
    late = await stage.teams.user("ben").press(card, "I'll reply")
    assert (late.error, "Ana was a moment faster" in late.text, late.took < 3) == (None, True, True)


async def test_a_form_with_colleagues_opens_or_says_so_in_time_while_the_roster_is_slow(
    stage: OnMsTeams, card: Message, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choosing.IN_TIME + 1 <= listen.IN_TIME <= 2.5
    monkeypatch.setattr(choosing, "IN_TIME", 0.5)  # so that a slow machine, too, has the time to say so
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    stage.teams.fail_next("members", "hang")
    seen = await stage.teams.user("ana").press(card, "Hand over…")
    assert (seen.error, seen.form) == (None, None)
    assert "did not open in time" in seen.text
    assert seen.took < 3
    assert await eventually(lambda: _form(stage, card, "Hand over…"))


async def test_a_tap_delivered_again_is_done_once_and_answered_the_same(stage: OnMsTeams, card: Message) -> None:
    await stage.press("ana", "I'll reply")
    [tap] = [each for each in stage.teams.deliveries if each.activity["type"] == "invoke"]
    again = await stage.teams.redeliver(tap)
    assert again.body == tap.attempts[0].body
    assert (await verbs(stage)).count("claim") == 1


async def test_a_double_tap_claims_once(stage: OnMsTeams, card: Message) -> None:
    await stage.teams.user("ana").press(card, "I'll reply", twice=True)
    assert (await verbs(stage)).count("claim") == 1


async def test_an_old_client_claims_and_closes_by_messages(stage: OnMsTeams, card: Message) -> None:
    ana = stage.teams.user("ana")
    await ana.press(card, "I'll reply", as_submit=True)
    await eventually(lambda: _private_says(stage, "ana", "It is yours"))
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    await ana.press(card, "Give it back", as_submit=True)
    await eventually(lambda: _card_says(stage, "needs somebody by"))


async def test_a_required_answer_left_out_is_asked_for_and_what_was_typed_is_kept(stage: OnMsTeams, card: Message) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    ana = stage.teams.user("ana")
    form = (await ana.press(card, "Done…")).form
    assert (await ana.submit(form, {})).missing == ["Outcome", "What did we do, in one sentence?", "What caused it?"]
    typed = {"Outcome": "Fixed", "What did we do, in one sentence?": " ", "What caused it?": "Other"}
    assert "What did we do, in one sentence?" in (await ana.submit(form, typed)).errors
    assert (await verbs(stage)).count("close") == 0


async def test_an_error_only_we_can_see_comes_back_in_the_form(stage: OnMsTeams, card: Message) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    form = await eventually(lambda: _form(stage, card, "Hand over…"))
    seen = await stage.teams.user("ana").submit(form, {"Who takes it on?": stage.teams.user("ana")})
    assert "They have it already. Please choose somebody else." in str(seen.form)


async def test_leaving_a_form_brings_the_card_back(stage: OnMsTeams, card: Message) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    ana = stage.teams.user("ana")
    form = (await ana.press(card, "Done…")).form
    assert "How did it end?" in str(ana.sees(card))
    assert "Ana is replying" in (await ana.press(form, "Cancel")).text
    assert "How did it end?" not in str(ana.sees(card))
    assert (await verbs(stage)).count("close") == 0


async def test_a_form_that_came_late_and_privately_is_left_or_sent_and_never_says_that_something_was_forgotten(
    stage: OnMsTeams, card: Message
) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    ben = stage.teams.user("ben")
    async with database_is_slow(stage):
        assert "takes longer than usual" in (await ben.press(card, "Add a note…")).text
    await eventually(lambda: _private_says(stage, "ben", "Your note"))
    [late] = [each for each in stage.teams.dm("ben").messages if "Your note" in str(each)]
    await eventually(lambda: stage.here.house.store.read(messages.by_key, message_keys.answer(1, late.conversation, late.id)))
    form = Form(cards=late.cards, message=late, path=(late.cards[0],))
    assert (await ben.submit(form, {"Your note": "She rang again."})).text.startswith("Noted in the thread.")
    assert (await ben.press(late, "Cancel")).text == "Nothing was changed."


async def test_whoever_leaves_a_form_or_adds_a_note_wipes_nobody_elses_form(stage: OnMsTeams, card: Message) -> None:
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    ana, ben = stage.teams.user("ana"), stage.teams.user("ben")
    await eventually(lambda: _private_says(stage, "ana", "You are replying to"))
    own = stage._said_in(stage.teams.dm("ana").id)[-1]
    await ana.press(card, "Done…")
    await ana.press(own, "Done…")
    await ben.press((await ben.press(card, "Add a note…")).form, "Cancel")
    form = (await ben.press(card, "Add a note…")).form
    seen = await ben.submit(form, {"Your note": "She rang again."})
    assert seen.text.startswith("Noted in the thread.")
    for each in (seen.text, str(ben.sees(card))):
        assert "Ana is replying" in each
        assert "Your note" not in each
    await stage._until_idle()
    assert ["How did it end?" in str(ana.sees(message)) for message in (card, own)] == [True, True]


async def test_what_is_refused_or_sent_again_puts_the_card_back_below_the_answer(stage: OnMsTeams, card: Message) -> None:
    ben = stage.teams.user("ben")
    for _ in range(2):
        seen = await ben.submit((await ben.press(card, "Add a note…")).form, {"Your note": "Rang."})
        assert seen.text.startswith("Noted in the thread.")
    form = (await ben.press(card, "Not a problem…")).form
    await stage.press("ana", "I'll reply")
    seen = await ben.submit(form, {"Why is no reply needed?": "A test or spam"})
    assert seen.text.startswith("Ana is replying to this customer, so nothing was changed.")
    assert "Why is no reply needed?" not in str(ben.sees(card))
    assert (await verbs(stage)).count("note") == 1


async def test_everybody_of_a_large_channel_can_be_handed_over_to(stage: OnMsTeams, card: Message) -> None:
    for n in range(120):
        stage.teams.user(f"p{n:03d}-{'x' * 40}", name=f"Person {n:03d}")
    stage.teams.page = 50
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    ana, last = stage.teams.user("ana"), stage.teams.user("p119-" + "x" * 40)
    form = await eventually(lambda: _form(stage, card, "Hand over…"))
    form = (await ana.submit(form, {"What should they know?": "Ring her."}, button="More…")).form
    while last.name not in str(form):
        form = (await ana.submit(form, button="More…")).form
        assert form is not None
    form = (await ana.submit(form)).form
    assert "Please choose a colleague." in str(form), "the verb asks for whom, as the client cannot"
    assert last.name in str(form), "on the same page"
    assert "Handed over to Person" in (await ana.submit(form, {"Who takes it on?": last})).text
    await eventually(lambda: _private_says(stage, f"p119-{'x' * 40}", "“Ring her.”"))
    await eventually(lambda: _private_says(stage, f"p119-{'x' * 40}", "Dana Reyes"))
    assert [call.method for call in stage.teams.calls].count("members") == 3, "123 people, fifty a page, read once"


async def test_a_follow_up_is_handed_over_from_the_private_chat_too(stage: OnMsTeams, card: Message) -> None:
    await stage.press("ana", "I'll reply")
    [private] = await eventually(lambda: stage.teams.dm("ana").messages)
    ana = stage.teams.user("ana")
    form = (await ana.press(private, "Hand over…")).form
    assert form is not None
    assert "Handed over to Ben" in (await ana.submit(form, {"Who takes it on?": stage.teams.user("ben")})).text
    await eventually(lambda: _private_says(stage, "ben", "Dana Reyes"))


async def test_what_is_too_long_for_a_card_is_read_in_its_place_and_left_again(stage: OnMsTeams, card: Message) -> None:
    ben = stage.teams.user("ben")
    seen = await ben.press(card, "Read all of it")
    assert ALL_OF_IT.strip() in " ".join(seen.text.split())
    assert seen.card is not None
    await ben.press(card, "Back")
    await eventually(lambda: "needs somebody by" in str(ben.sees(card)))


async def test_a_word_is_answered_privately_by_mention_and_in_the_private_chat(stage: OnMsTeams, card: Message) -> None:
    ben = stage.teams.user("ben")
    seen = await ben.command("open", OAK_STREET)
    await eventually(lambda: "One customer waits for somebody." in seen.text)
    assert [m.conversation for m in seen.messages] == [stage.teams.dm("ben").id] * len(seen.messages)
    await eventually(lambda: len(seen.messages) == 2)
    pressed = await ben.press(seen.messages[1], "I'll reply")
    assert "It is yours" in str(pressed.card), "a card of a list gives way to what became of it"
    await eventually(lambda: _card_says(stage, "Ben is replying"))
    mine = await ben.command("MINE")
    await eventually(lambda: "One customer waits for you." in mine.text)
    nothing = await ben.command("", OAK_STREET)
    await eventually(lambda: "Press “I'll reply”" in nothing.text)


async def test_a_forged_activity_of_any_kind_is_turned_away_and_changes_nothing(stage: OnMsTeams, card: Message) -> None:
    written = stage.teams.written("ana", "help")
    await stage.here.house.delivery.until_idle()  # a card is seen a moment before its call is on record
    said = len(stage.teams.calls)
    for forgery in FORGERIES:
        answer = await stage.teams.present(written, forgery)
        assert answer.status in (401, 403), forgery
    assert [call.method for call in stage.teams.calls[said:] if call.method not in ("metadata", "keys")] == []


async def test_a_key_that_rolls_is_noticed_at_once_and_a_storm_of_forged_ones_costs_one_fetch(
    stage: OnMsTeams, card: Message
) -> None:
    written, fetches = stage.teams.written("ana", "help"), stage.teams.issuer.fetches
    before = fetches["metadata"]
    stage.teams.issuer.roll_keys(retire=True)
    assert (await stage.teams.present(written)).status == 200
    for _ in range(30):
        assert (await stage.teams.present(written, "unknown key")).status in (401, 403)
    assert fetches["metadata"] == before + 1


async def test_an_invoke_nobody_here_made_is_answered_and_changes_nothing(stage: OnMsTeams, card: Message) -> None:
    await stage.press("ana", "I'll reply")
    [tap] = [each for each in stage.teams.deliveries if each.activity["type"] == "invoke"]
    odd = {
        **tap.activity,
        "id": "f:odd",
        "value": {"action": {"type": "Action.Execute", "verb": "rm -rf", "data": {"target": "1"}}},
    }
    answer = await stage.teams.present(odd)
    assert answer.status == 200
    assert "could not tell what this button is for" in answer.body
    assert (await stage.teams.present({**tap.activity, "id": "f:task", "name": "task/fetch"})).status == 501


@pytest.mark.parametrize(
    "words",
    ["<at>Ana</at> [bank](https://evil.example) **now**", "<b>x</b> {{DATE(2017-02-14T06:00:00Z)}}", "a\u202egnp.exe\u202c"],
)
async def test_hostile_words_stay_words_in_cards_threads_and_private_chats(stage: OnMsTeams, words: str) -> None:
    await stage.here.hears(id="r-1", score=3, comment=words, customer={**DANA, "name": words[:60]})
    await eventually(stage.channel)
    await stage.press("ana", "I'll reply")
    await eventually(lambda: _card_says(stage, "Ana is replying"))
    form = (await stage.press("ana", "Add a note…")).form
    await stage.teams.user("ana").submit(form, {next(str(each["label"]) for each in form.inputs): words})
    await eventually(stage.thread)
    await eventually(lambda: stage.private("ana"))
    for message in stage.teams.posts():
        assert message.live_markup() == message.unseen() == message.dates() == []


async def _card_says(stage: OnMsTeams, words: str) -> bool:
    return words in (await stage.channel())[0]


async def _private_says(stage: OnMsTeams, who: str, words: str) -> bool:
    return any(words in text for text in await stage.private(who))


async def _form(stage: OnMsTeams, card: Message, button: str) -> Any:
    """A form with colleagues, opened by Ana; the first try may come before the roster does."""
    return (await stage.teams.user("ana").press(card, button)).form


def test_nothing_of_the_bot_builder_is_loaded_unless_the_chat_is_configured(tmp_path: Path) -> None:
    config = tmp_path / "app.yaml"
    config.write_text(
        "company: {name: Northwind, timezone: Europe/Oslo}\nchats: {practice: {}}\nteams: {oak: {channel: practice:oak}}\n"
    )
    code = f"""
import asyncio, sys
from bot.app import opened, web
from bot.clock import HouseClock
from bot.config import load
async def main():
    async with opened(load({str(config)!r}, environ={{}}).settings, HouseClock()) as house:
        web(house)
asyncio.run(main())
print("loaded:", *sorted(name for name in sys.modules if name.startswith(("botbuilder", "botframework", "msrest", "msal", "jwt"))))
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=60)
    assert told.stdout.strip().splitlines()[-1] == "loaded:"
