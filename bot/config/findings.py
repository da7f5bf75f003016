"""Findings about a configuration (errors, warnings, notes), each with a position, as text, as JSON or as GitHub annotations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from bot.config.called import complete


class Level(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Format(StrEnum):
    """The output format of a report."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The line a finding is about, secrets masked. `start` (from 0) and `width` place the carets under `text`."""

    text: str
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `line` and `column` count from 1; a finding without a position is at 1:1 and has no excerpt.

    Codes are stable and documented in docs/configuration.md: X for errors, W for warnings, N for notes.
    """

    file: str
    line: int
    column: int
    code: str
    message: str
    help: str = ""
    excerpt: Excerpt | None = None

    @property
    def level(self) -> Level:
        return _LEVELS[self.code[0]]


_LEVELS = {"X": Level.ERROR, "W": Level.WARNING, "N": Level.NOTE}
_TOLD = ("file", "line", "column", "level", "code", "message", "help")
"""The keys of a finding as JSON."""


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Returns errors, then warnings, then notes, each in file order and without duplicates."""
    weight = {level: n for n, level in enumerate(Level)}
    return tuple(sorted(set(findings), key=lambda f: (weight[f.level], f.line, f.column, f.code, f.message)))


def exit_code(findings: Sequence[Finding], *, strict: bool = False) -> int:
    """Returns 2 if there are errors, 1 if there are warnings and `strict` is set, else 0."""
    if any(f.level is Level.ERROR for f in findings):
        return 2
    return 1 if strict and any(f.level is Level.WARNING for f in findings) else 0


def report(findings: Sequence[Finding], format: Format | str = Format.TEXT, path: Path = Path("app.yaml")) -> str:
    """Format all findings about `path`, sorted, without a trailing newline. Text ends with the counts and the next command."""
    ordered = [replace(finding, help=complete(finding.help, path)) for finding in in_order(findings)]
    match Format(format):
        case Format.JSON:
            return json.dumps([{key: getattr(f, key) for key in _TOLD} for f in ordered], indent=2, ensure_ascii=False)
        case Format.GITHUB:
            return "\n".join(_as_annotation(f) for f in ordered)
        case Format.TEXT:
            return "\n\n".join([*(_as_text(f) for f in ordered), complete(_last_line(ordered), path)])


def _as_text(finding: Finding) -> str:
    lines = [f"{finding.file}:{finding.line}:{finding.column}: {finding.level} {finding.code} {finding.message}"]
    if finding.excerpt:
        gutter = f"{finding.line:>5} | "
        carets = " " * finding.excerpt.start + "^" * finding.excerpt.width
        lines += [gutter + finding.excerpt.text, " " * (len(gutter) - 2) + "| " + carets]
    if finding.help:
        lines.append(f"      = help: {finding.help}")
    return "\n".join(lines)


def _as_annotation(finding: Finding) -> str:
    def data(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    def attribute(text: str) -> str:
        return data(text).replace(":", "%3A").replace(",", "%2C")

    words = f"{finding.message} ({finding.help})" if finding.help else finding.message
    where = f"file={attribute(finding.file)},line={finding.line},col={finding.column},title={attribute(finding.code)}"
    command = "notice" if finding.level is Level.NOTE else finding.level.value
    return f"::{command} {where}::{data(words)}"


def _last_line(findings: Sequence[Finding]) -> str:
    errors = sum(f.level is Level.ERROR for f in findings)
    warnings = sum(f.level is Level.WARNING for f in findings)
    notes = len(findings) - errors - warnings
    told = f", {_count(notes, 'note')}" if notes else ""
    counts = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}{told}."
    if errors:
        return f"{counts} Correct the file, then run: hero check"
    return f"{counts} Next: hero serve"


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
