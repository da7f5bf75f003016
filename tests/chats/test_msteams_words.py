"""Words that people type to the bot in Microsoft Teams."""

from __future__ import annotations

import pytest
import structlog

from bot.chats.msteams import adaptive, runs
from handlers.cards import Ask, Field, Form, Reply
from handlers.wording import asides
from storage.database import Store
from tests.chats.teams_world import world
from tests.running import eventually

pytestmark = pytest.mark.anyio


async def test_a_word_on_which_our_code_fails_is_answered_and_the_log_quotes_nobody(store: Store) -> None:
    def fails(_: str) -> Reply:
        raise ValueError("a row that holds dana@x.example")

    with structlog.testing.capture_logs() as said:
        async with world(store) as here:
            await here.installed()
            here.answer = fails
            await here.send(here.activity("message", channel=None, text="mine"))
            [told] = await eventually(here.connector.said)
            assert asides.not_read() in str(told)
    assert [line["error"] for line in said if line["event"] == "word.broken"] == ["ValueError"]
    assert "dana@x.example" not in str(said)


async def test_a_typed_word_keeps_all_that_follows_it(store: Store) -> None:
    text = "heard " + "The guest in 412 said that the lift has been broken for three days. " * 9
    async with world(store) as here:
        await here.installed()
        await here.send(here.activity("message", channel=None, text=text))
        [(word, _, _)] = await eventually(lambda: here.words)
        assert word == text.strip()


@pytest.mark.parametrize("words", ["Dana waited. ", "Η Δανάη περίμενε. ", "ダナは四十五分待った。", "Дана ждала. "])
async def test_what_was_typed_in_any_alphabet_stands_in_the_form_that_is_asked_again(store: Store, words: str) -> None:
    typed = (words * 300)[:2400].strip()
    form = Form("heard", "heard:0123456789abcdef", "What did you hear?", "", "Pass it on", (
        Field("words", "What did you hear?", Ask.TEXT, max_length=2500),
        Field("kind", "Where does it come from?", Ask.CHOICE, (("a", "A customer told me"), ("b", "My own idea"))),
        Field("name", "Who was it?", Ask.TEXT, required=False, max_length=200, short=True),
    ))  # fmt: skip
    async with world(store) as here:
        await here.installed()
        here.reply = lambda _: Reply(errors={"kind": "Please choose."}, form=form)
        sent = {"fields": ["words", "kind", "name"], "chosen": ["kind"], "words": typed, "name": "Dana"}
        answer = (await here.send(here.press({"verb": "heard", "target": form.target, **sent}))).json()
        boxes = [each["value"] for each in answer["value"]["body"] if each["type"] == "Input.Text"]
        assert boxes == [typed, "Dana"]
        assert runs.size(answer["value"]) <= adaptive.MOST
