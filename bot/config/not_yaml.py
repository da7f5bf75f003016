"""Explains why a text is not valid YAML, so that its author can fix it."""

from __future__ import annotations

import re
from contextlib import suppress

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.tokens import ScalarToken


class Unreadable(Exception):
    """The text is not YAML we accept: position, code, reason and help."""

    def __init__(self, code: str, at: int, why: str, help: str = "") -> None:
        super().__init__(why)
        self.code = code
        self.at = at
        self.why = why
        self.help = help


def said(error: MarkedYAMLError, text: str) -> Unreadable:
    """Translate the parser's error into plain words, positioned where the mistake begins."""
    problem = error.problem or "the file is not YAML"
    never_closed = "end of stream" in problem
    mark = (error.context_mark if never_closed else None) or error.problem_mark or error.context_mark
    at = min(mark.index, len(text)) if mark else 0
    if overrun := _overrun(text, at):
        start, end = overrun
        ends = text.count("\n", 0, end) + 1
        help = "close the quote on the line where it begins"
        return Unreadable("X006", start, f"the text in quotes that begins here ends only on line {ends}", help)
    line = text[text.rfind("\n", 0, at) + 1 :].split("\n", 1)[0]
    if "'\\t'" in problem or line[: len(line) - len(line.lstrip())].count("\t"):
        return Unreadable("X006", at, "there is a tab here, and YAML is indented with spaces only", "replace the tab by spaces")
    if re.search(r":\s*\$\{", line) and "{" in line.split("${", 1)[0]:
        return Unreadable("X006", at, "a name in ${} stands inside { } without quotes", 'write it in quotes: "${NAME}"')
    why, help = next((words for part, words in _PROBLEMS if part in problem), (f"this is not YAML: {problem}", ""))
    return Unreadable("X006", at, why, help)


def _overrun(text: str, at: int) -> tuple[int, int] | None:
    """Returns the span of a quoted text that began on an earlier line and ends on this one: its closing quote is missing, and the
    quote on this line was meant to open another text."""
    last = None
    with suppress(YAMLError):
        for token in YAML(typ="safe", pure=True).scan(text):
            if token.start_mark.index >= at:
                break
            if isinstance(token, ScalarToken) and token.style and token.style in "\"'":
                last = token.start_mark.index, token.end_mark.index
    if last is None or "\n" not in text[last[0] : last[1]] or "\n" in text[last[1] : at]:
        return None
    return last


_INDENT = "give all keys that belong together the same number of spaces"
_PROBLEMS = (
    ("mapping values are not allowed", ("a colon stands where no key can begin", "quote a text with a colon in it; " + _INDENT)),
    ("could not find expected ':'", ("a line here has no colon after its key", "write key: value")),
    ("expected <block end>", ("the indentation does not fit the lines above", _INDENT)),
    ("but found '<scalar>'", ("the indentation does not fit the lines above", _INDENT)),
    ("did not find expected", ("the indentation does not fit the lines above", _INDENT)),
    ("expected ',' or '}'", ("a { is opened here or above and not closed", "close it with }, or put a comma between its keys")),
    ("expected ',' or ']'", ("a [ is opened here or above and not closed", "close it with ], or put a comma between its items")),
    ("expected the node content", ("a value is missing here, or is not a text", "put a text that begins with a sign in quotes")),
    ("found unexpected end of stream", ("a quote is opened and never closed", "close the quote")),
    ("cannot start any token", ("a text cannot begin with this character", "put the text in quotes")),
    ("unknown escape character", ("a backslash in double quotes has a meaning", "use single quotes")),
)
