"""Text that anybody may have written hides nothing, whichever chat shows it."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from bot.untrusted import MARKS, clean

ATTACKS = ["a\u202eb", "a\u200bb", "a\x00b", "\u2066<@U1>\u2069", "\n" * 9, "\r\n \r\n \r\n \r\n", "\u200d", "\ufeff"]


@given(st.sampled_from(ATTACKS) | st.text(max_size=200))
def test_cleaned_text_hides_nothing_and_turns_nothing_around(said: str) -> None:
    kept = clean(said)
    assert {c for c in kept if unicodedata.category(c) in ("Cc", "Cf", "Cs")} <= {"\n", "\t", "\u200d"}
    assert "\n\n\n" not in kept
    assert clean(kept) == kept


def test_line_breaks_stay_and_families_stay_together() -> None:
    assert clean("one\r\ntwo\u2028three") == "one\ntwo\nthree"
    assert clean("👩\u200d👧 a\u200db") == "👩\u200d👧 ab"


def test_an_emoji_that_is_newer_than_this_python_stays() -> None:
    assert clean("oh \U0001fae8 \U0001fae9 \U0001fa77") == "oh \U0001fae8 \U0001fae9 \U0001fa77"


def test_marks_upon_marks_do_not_reach_the_lines_above() -> None:
    assert clean("e" + "\u0301" * 50 + "a") == "e" + "\u0301" * MARKS + "a"
