"""An app.yaml as read: its values with ${NAMES} filled in, their positions, and the findings about them."""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from bot.config.findings import Finding
from bot.config.masking import MASK, excerpt, is_literal, is_secret_key, masks
from bot.config.not_yaml import Unreadable
from bot.config.positions import Node, Path, Span, parse, plain, walk

Warned = tuple[Path, str, str, str]
"""A warning before it is a Finding: path, code, message, help."""

MAX_BYTES = 1 << 20
_WINDOW = 400
"""Characters kept on either side of a mistake, so that a single endless line stays cheap."""
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")


class ConfigFile:
    """A configuration file with the positions of its values and the findings so far.

    `data` is None if the file could not be read at all. `waiting` holds the paths of values that refer to an unset or invalid
    ${NAME}: they cannot be checked.
    """

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self.findings: list[Finding] = []
        self.nodes: dict[Path, Node] = {}
        self.data: dict[str, Any] | None = None
        self.waiting: set[Path] = set()
        self._starts = [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]
        self._hidden: list[Span] = []
        self._private: list[tuple[str, str]] = []  # (what messages must not quote, the replacement)
        self._parts: dict[Path, list[tuple[str, str]]] = {}  # the same for each piece of a composite value

    def fill(self, environment: Mapping[str, str], *, need_all: bool) -> None:
        """Parse the text and fill in its ${NAMES}. With `need_all` a name without a value is an error."""
        try:
            top, twins = parse(self.text)
        except Unreadable as error:
            self._hidden = masks(self.text, {})
            self.findings.append(self._finding_at(error.code, Span(error.at, error.at + 1), error.why, error.help))
            return
        if top is None or top.value is None:
            help = "move it away; then hero init writes one that works"
            self.say((), "X005", "the file is empty, so there is nobody to tell about a customer", help)
            return
        self.nodes = dict(walk(top))
        self._hidden = masks(self.text, self.nodes)
        if not isinstance(top.value, dict):
            why = "the file must be keys with values, such as company: and teams:"
            self.say((), "X006", why, "docs/configuration.md shows a whole one")
            return
        secrets = [node.raw for path, node in self.nodes.items() if is_secret_key(path, self.nodes)]
        self._private = [(raw, MASK) for raw in secrets if len(raw) > 3 and is_literal(raw)]
        for twin in twins:
            first = self._line_and_column(twin.first.start)[0]
            why = f"`{twin.key}` is here a second time; it stands on line {first} already"
            self.findings.append(self._finding_at("X007", twin.span, why, "remove one of the two"))
        filled = {path: self._filled(path, node, environment, need_all) for path, node in self.nodes.items() if "${" in node.raw}
        self._private.sort(key=lambda pair: -len(pair[0]))
        self.data = plain(top, filled)

    def say(self, path: Path, code: str, message: str, help: str = "", *, key: bool = False) -> None:
        """Add a finding about the value at `path`, or about its key. A missing value is reported at its nearest parent."""
        found = self.standing(path)
        message = _without(self._parts.get(found, []), message)
        key = key or not self._written_without_list(path)
        span = self._span(found, key) if found else None
        if span:
            self.findings.append(self._finding_at(code, span, message, help))
        else:
            self.findings.append(Finding(self.name, 1, 1, code, self._public(message), self._public(help)))

    def standing(self, path: Path) -> Path:
        """Returns the longest prefix of `path` that exists in the file: the value itself, or what it is missing from."""
        while path and path not in self.nodes:
            path = path[:-1]
        return path

    def _written_without_list(self, path: Path) -> bool:
        """Whether the file has the value at `path`, or has it as a single value where a list is allowed."""
        return path in self.nodes or (
            path[:-1] in self.nodes and path[-1] == 0 and not isinstance(self.nodes[path[:-1]].value, dict | list)
        )

    def line(self, path: Path) -> int:
        """Returns the line, counted from 1, on which the value at `path` begins."""
        return self._line_and_column(self.nodes[path].span.start)[0] if path in self.nodes else 1

    def where(self, path: Path) -> str:
        """Returns the position of the value at `path` for people: `app.yaml:14`."""
        return f"{FilePath(self.name).name}:{self.line(path)}"

    def names(self, section: str) -> dict[str, Any]:
        """Returns the entries, as written, of a section whose keys users choose; empty if it is missing or not a mapping."""
        given = (self.data or {}).get(section)
        return given if isinstance(given, dict) else {}

    def nth(self, path: Path, n: int) -> Path:
        """Returns the path of one of several values, or of the only one, which may stand without a list."""
        return (*path, n) if (*path, n) in self.nodes else path

    def is_waiting(self, path: Path) -> bool:
        """Whether the value at `path`, one inside it or one around it is unknown because a ${NAME} is missing."""
        return any(w[: len(path)] == path or path[: len(w)] == w for w in self.waiting)

    def _filled(self, path: Path, node: Node, environment: Mapping[str, str], need_all: bool) -> str:
        seen: dict[str, str] = {}

        def value(match: re.Match[str]) -> str:
            if match[0] not in seen:
                seen[match[0]] = self._value(path, node, match, environment, need_all)
            return seen[match[0]]

        return _REFERENCE.sub(value, node.raw)

    def _value(self, path: Path, node: Node, match: re.Match[str], environment: Mapping[str, str], need_all: bool) -> str:
        name = match[1]
        if match[0] == "$${":
            return "${"
        if name is None or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is None:
            self.waiting.add(path)
            why = f"`{match[0]}` is not the name of something in the environment"
            self._say_inside(node, match[0], "X105", why, "write ${NAME} in capitals; a $ that means itself is written $${")
            return match[0]
        if (known := environment.get(name, "")).strip():
            self._private += [(each, match[0]) for each in {known, known.strip()} if len(each) > 3]
            parts = {part.strip() for part in re.split("[,:]", known)}
            self._parts.setdefault(path, []).extend(
                (part, match[0]) for part in sorted(parts, key=len, reverse=True) if len(part) > 3
            )
            return known
        self.waiting.add(path)
        if need_all:
            state = "is not set in the environment" if name not in environment else "is empty"
            near = nearest(name, environment) if name not in environment else None
            help = f"did you mean `{near}`?" if near else f"write {name}=… into .env beside this file, or into the environment"
            self._say_inside(node, match[0], "X104", f"{name} {state}", help)
        return match[0]

    def _say_inside(self, node: Node, part: str, code: str, message: str, help: str) -> None:
        """Add a finding that points at the first `part` within a scalar."""
        at = self.text.find(part, node.span.start, node.span.end)
        span = Span(at, at + len(part)) if at >= 0 else node.span
        self.findings.append(self._finding_at(code, span, message, help))

    def _span(self, path: Path, key: bool) -> Span:
        """Returns the span to underline. Mappings, lists and empty values are marked at their key."""
        node = self.nodes[path]
        if isinstance(path[-1], str) and (key or isinstance(node.value, dict | list) or node.value is None):
            return self.nodes[path[:-1]].keys[path[-1]]
        return node.span

    def _finding_at(self, code: str, span: Span, message: str, help: str) -> Finding:
        line, column = self._line_and_column(span.start)
        offset = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        offset, end = max(offset, span.start - _WINDOW), min(end, span.start + _WINDOW)
        hidden = [h for h in self._hidden if h.start < end and h.end > offset]
        shown = excerpt(self.text[offset:end].rstrip("\r\n"), offset, span, hidden)
        return Finding(self.name, line, column, code, self._public(message), self._public(help), shown)

    def _line_and_column(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._starts, min(at, len(self.text)))
        return line, min(at, len(self.text)) - self._starts[line - 1] + 1

    def _public(self, message: str) -> str:
        """Returns the message without secrets and unprintable characters (terminal control), cut at 400 characters."""
        message = _without(self._private, message)
        message = "".join(character if character.isprintable() else " " for character in message)
        return message if len(message) <= 400 else message[:399] + "…"


def _without(private: Iterable[tuple[str, str]], message: str) -> str:
    for each, instead in private:
        message = message.replace(repr(each)[1:-1], instead).replace(each, instead)
    return message


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Returns the known word that was probably meant, or None."""
    folded = {k.casefold(): k for k in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def either(word: str, known: Iterable[str], what: str) -> str:
    """Returns the help text for a word that is not among the `known`."""
    known = list(known)
    if near := nearest(word, known):
        return f"did you mean `{near}`?"
    return f"{what}: {', '.join(known)}" if known else f"{what}: none"


def read(path: FilePath) -> ConfigFile:
    """Read the file without parsing it. If that fails, the text is empty and the findings say why."""
    name = path.as_posix()
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            return _without_text(name, "X003", "the file is larger than 1 MiB and was not read", "is this the right file?")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        return _without_text(name, "X001", *_why_not(error))
    if len(content) > MAX_BYTES:
        return _without_text(name, "X003", "the file is larger than 1 MiB and was not read", "is this the right file?")
    try:
        return ConfigFile(name, content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before.rsplit(b"\n", 1)[-1].decode("utf-8-sig", "replace")) + 1
        file = ConfigFile(name, "")
        why = f"the file is not UTF-8: byte 0x{content[error.start]:02x} means nothing there"
        file.findings.append(Finding(name, line, column, "X002", why, "save it again as UTF-8"))
        return file


def _why_not(error: OSError | ValueError) -> tuple[str, str]:
    match error:
        case FileNotFoundError():
            return "there is no such file", "hero init writes one, hero demo needs none; or name another with --config"
        case IsADirectoryError():
            return "this is a folder and not a file", "name the file in it with --config"
        case PermissionError():
            return "the file may not be read by this user", "give this user the right to read it"
        case _:
            return f"the file cannot be read: {getattr(error, 'strerror', None) or error}", "name another with --config"


def _without_text(name: str, code: str, why: str, help: str) -> ConfigFile:
    file = ConfigFile(name, "")
    file.findings.append(Finding(name, 1, 1, code, why, help))
    return file
