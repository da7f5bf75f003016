"""Words that people type to the bot in Slack's direct messages: a form cannot open there by itself, and loses nothing for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.chats.slack import taps
from bot.chats.slack.opening import filled, opening
from bot.chats.slack.plain import units
from handlers.cards import Ask, Field, Form
from tests.stages import on_slack

pytestmark = pytest.mark.anyio

OPEN = "Open the form…"


@pytest.mark.parametrize(
    ("typed", "field", "value"),
    [
        ("heard Dana waited 45 minutes,\nand left “angry”", "words", "Dana waited 45 minutes,\nand left “angry”"),
        ("lost #42", "which", "#42"),
        ("heard", "words", None),
    ],
)
async def test_what_follows_a_word_stands_in_the_form_that_its_button_opens(
    tmp_path: Path, typed: str, field: str, value: str | None
) -> None:
    async with on_slack(tmp_path) as stage:
        ana = stage.slack.user("UANA")
        [said] = await ana.write(typed)
        form = (await ana.press(said, OPEN)).modal
        assert form is not None
        filled = {
            each["block_id"]: each["element"].get("initial_value") for each in form.payload["blocks"] if each["type"] == "input"
        }
        assert filled[field] == value


def read(form: Form) -> dict[str, str]:
    """Returns what stands in a form after its button was pressed: one of the same fields, empty."""
    message = opening(form)
    [button] = [each for block in message["blocks"] if block["type"] == "actions" for each in block["elements"]]
    assert units(button["value"]) <= 2000
    pressed = taps.pressed({"actions": [button]})
    assert pressed is not None
    assert (pressed.verb, pressed.target) == (form.verb, form.target)
    empty = Form(
        form.verb, form.target, form.title, "", form.submit, tuple(Field(each.name, "?", Ask.TEXT) for each in form.fields)
    )
    return {each.name: each.value for each in filled(empty, pressed.typed).fields}


@pytest.mark.parametrize("words", ["long ", "👋", '"\n', "ダナ"])
def test_of_words_that_are_too_long_for_a_button_as_many_as_fit_are_kept_and_an_ellipsis_says_so(words: str) -> None:
    texts = {"words": (words * 2500)[:2500], "name": "Dana"}
    form = Form("heard", "heard:0123456789abcdef", "What did you hear?", "", "Pass it on", tuple(
        Field(name, "?", Ask.TEXT, value=text) for name, text in texts.items()
    ))  # fmt: skip
    kept = read(form)
    assert kept["name"] == "Dana"
    assert kept["words"].endswith("…")
    assert texts["words"].startswith(kept["words"][:-1])
    assert len(kept["words"]) > 500


def test_what_a_form_itself_holds_is_not_overwritten_by_what_was_typed_before() -> None:
    form = Form("heard", 42, "t", "", "s", (Field("words", "?", Ask.TEXT, value="new"), Field("name", "?", Ask.TEXT)))
    assert [each.value for each in filled(form, {"words": "old", "name": "Dana", "gone": "x"}).fields] == ["new", "Dana"]


@pytest.mark.parametrize("value", ["42 [1]", "42 {", '42 "x"', "42 ", '42 {"a": 1}'])
def test_a_button_whose_words_cannot_be_read_still_works(value: str) -> None:
    pressed = taps.pressed({"actions": [{"action_id": "heard", "value": value}]})
    assert pressed is not None
    assert (pressed.target, any(pressed.typed.values())) == (42, False)
