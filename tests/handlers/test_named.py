"""Whether what a customer wrote names a colleague: rule 8 of the stories, and whoever closes a case is asked to have it confirmed."""

from __future__ import annotations

import re
from typing import SupportsIndex

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from handlers.names_a_colleague import names


def test_rule_8_a_name_within_another_word_is_no_name() -> None:
    assert not names("A banana split.", "Ana")
    assert names("ANA!", "Ana Silva")
    assert not names("anything", "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I will never come back.", "Will Smith"),
        ("Will never come back!", "Will Smith"),
        ("Bad. “Will you ever answer?”", "Will Smith"),
        ("I WILL never come back.", "Will Smith"),
        ("i will never come back", "Will Smith"),
        ("I WILL NEVER COME BACK", "Will Smith"),
        ("The bill was wrong again.", "Bill Olsen"),
        ("the bill was wrong again", "Bill Olsen"),
        ("THE BILL WAS WRONG", "Bill Olsen"),
        ("There was a mark on my coat", "Mark Berg"),
        ("May I say how cold it was?", "May Lie"),
        ("State of the art it is not", "Art Vik"),
        ("Dyrt: 50 kr per kopp. Per kopp!", "Per Aas"),
        ("Jeg ventet en hel dag i Oslo.", "Dag Lie"),
        ("I don't like this, nobody else helped, hyllen var tom, max 10 minutes", "Don Else"),
        ("Nobody else helped us", "Else Berg"),
        ("Hyllen var tom i max 10 minutter", "Tom Lie"),
    ],
)
def test_rule_8_an_ordinary_word_is_no_name(text: str, name: str) -> None:
    assert not names(text, name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("I asked Will, and he will never learn.", "Will Smith"),
        ("Bill was rude to me.", "Bill Olsen"),
        ("Mia was rude to me.", "Mia Rossi"),
        ("Tom was rude to me.", "Tom Lie"),
        ("Rude! Mark shouted.", "Mark Berg"),
        ("Ana was rude.", "ana"),
        ("ana was rude", "Ana Silva"),
        ("ANA WAS RUDE", "Ana Silva"),
        ("It was ANA again", "Ana Silva"),
        ("王芳 was rude", "王芳"),
        ("I was served by dana and she was rude to me", "Dana Reyes"),
        ("On Friday I'd asked dana, in Oslo.", "Dana Reyes"),
        ("In the evening Dag shouted at me.", "Dag Lie"),
    ],
)
def test_rule_8_a_name_is_one_however_it_is_written_and_one_that_is_also_a_word_by_its_capital(text: str, name: str) -> None:
    assert names(text, name)


class Watched(str):
    """A text that counts the characters that are taken out of it."""

    __slots__ = ("taken",)

    def __init__(self, _text: str) -> None:
        self.taken = 0

    def __getitem__(self, at: SupportsIndex | slice) -> str:
        found = super().__getitem__(at)
        self.taken += len(found)
        return found


def test_rule_8_each_character_of_a_comment_is_looked_at_once_however_often_a_name_stands_there() -> None:
    """Whoever ends the case waits for it, and so does everybody else."""
    text = Watched("Bad." + "\n" * 900 + "x" + ". Per" * 20)
    assert not names(text, "Per Aas")
    assert text.taken <= len(text)


@given(st.text(alphabet="aÅ_ \n\t.,:!?…“(", max_size=12))
def test_rule_8_a_word_begins_a_sentence_where_no_other_stands_between_it_and_what_ends_the_one_before(before: str) -> None:
    begins = re.search(r"(?:^|[.!?…:\n])[^\w.!?…:]*$", before) is not None
    assume(not re.search(r"\w$", before))
    assert names(f"{before}Per asked", "Per Aas") is not begins
