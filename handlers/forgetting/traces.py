"""Decides whether a payload that is kept as it came is about a certain customer: never by a word that others use, too. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote_plus

UNIQUE = 6
"""Characters. Shorter ids and keys may well occur in what somebody else sent."""
NO_WORD = 12
"""Characters from which an id without a digit is no ordinary word."""
LONG = 30
"""Characters. Others write a shorter comment, too."""
LOOKED_FOR = 200
"""Characters of a long comment that are looked for: both databases limit the length of a search pattern."""
DEEPEST = 4
"""How far documents inside one another are opened, such as JSON in a field of a form."""


@dataclass(frozen=True)
class Traces:
    """What identifies a customer in a payload: a name that stands anywhere, what they said, a whole value, or two values of one
    group in `together`, of which none says enough by itself. In upper or lower case."""

    named: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()
    whole: frozenset[str] = frozenset()
    together: frozenset[frozenset[str]] = frozenset()

    @property
    def searches(self) -> Iterator[tuple[str, ...]]:
        """Yields words that a payload about them contains, all of one search at least."""
        yield from ((word,) for word in sorted(self.named | self.said | self.whole))
        yield from sorted({two for group in self.together for two in combinations(sorted(group), 2)})

    def are_in(self, body: str) -> bool:
        values = set()
        for text, is_value in _texts(body):
            if self._pattern is not None and self._pattern.search(text):
                return True
            if is_value:
                values.add(_plain(text))
        groups = (set(map(_plain, group)) for group in self.together)
        return any(_plain(word) in values for word in self.whole) or any(len(group & values) > 1 for group in groups)

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        words = [*map(_standing_alone, sorted(self.named)), *map(re.escape, sorted(self.said))]
        return re.compile("|".join(words), re.IGNORECASE) if words else None


def traces(*, keys: Iterable[str], contacts: Iterable[str], answers: Iterable[tuple[str, str, str | None]]) -> Traces:
    """Returns what to look for: keys of the customer, e-mails and telephone numbers, and id, comment and name of each answer."""
    known, told = set(keys), list(answers)
    ids = {id_ for id_, _, _ in told}
    named = {word for word in known | ids | set(contacts) if len(word) >= UNIQUE and _is_no_word(word)}
    whole = {key for key in known if len(key) >= UNIQUE} | {id_ for id_ in ids if len(id_) >= NO_WORD}
    long = {comment for _, comment, _ in told if len(comment) >= LONG}
    groups = {frozenset({word for word in (*known, *answer) if word} - named - whole - long) for answer in told}
    return Traces(
        frozenset(named),
        frozenset(comment[:LOOKED_FOR] for comment in long),
        frozenset(whole - named),
        frozenset(group for group in groups if len(group) > 1),
    )


def spellings(words: Iterable[str]) -> set[bytes]:
    """Returns how these words may be written in a file: as they are, as JSON escapes them, and URL-encoded."""
    ways = (str, lambda word: json.dumps(word)[1:-1], quote, quote_plus, lambda word: quote(word, safe=""))
    return {way(word).encode() for word in words for way in ways}


def _plain(word: str) -> str:
    return word.strip().casefold()


def _is_no_word(word: str) -> bool:
    return "@" in word or any(letter.isdigit() for letter in word)


def _standing_alone(word: str) -> str:
    """Returns the pattern for a word that is no part of a longer one, such as `ana@mail.example` of `juliana@mail.example`."""
    before = r"(?<![\w.+-])" if "@" in word else r"(?<![\w-])"
    return rf"{before}{re.escape(word)}(?![\w-]|\.\w)"


def _texts(body: str) -> Iterator[tuple[str, bool]]:
    """Yields the texts and numbers of a JSON document or a form, also of one inside another, and whether each is a value."""
    waiting: list[tuple[Any, bool, int]] = [(body, True, 0)]
    while waiting:
        found, is_value, depth = waiting.pop()
        if isinstance(found, dict):
            waiting += [(key, False, depth) for key in found] + [(value, True, depth) for value in found.values()]
        elif isinstance(found, list):
            waiting += [(each, True, depth) for each in found]
        elif isinstance(found, str):
            yield found, is_value
            if depth < DEEPEST:
                waiting += [(inner, is_value, depth + 1) for inner, is_value in _inside(found)]


def _inside(text: str) -> list[tuple[Any, bool]]:
    """Returns what a text holds if it is JSON, a form, or URL-encoded."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return [(json.loads(text, parse_int=str, parse_float=str), True)]
        except (ValueError, RecursionError):
            return []
    if "=" in text or "%" in text:
        return [(unquote_plus(text), False), *((value, True) for _, value in parse_qsl(text))]
    return []
