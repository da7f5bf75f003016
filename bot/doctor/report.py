"""Formats what `hero doctor` found: for people, or as JSON."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from dataclasses import asdict

from bot.diagnosis import Diagnosis, Severity


def told(found: Sequence[Diagnosis], *, json: bool) -> str:
    if json:
        return jsonlib.dumps([asdict(line) for line in found], indent=2, ensure_ascii=False)
    width = max((len(line.part) for line in found), default=0)
    return "\n".join([*(part for line in found for part in _said(line, width)), "", _summary(found)])


def exit_code(found: Sequence[Diagnosis]) -> int:
    """Returns 2 if anything costs a customer their reply, else 0."""
    return 2 if any(line.state is Severity.ERROR for line in found) else 0


def _said(line: Diagnosis, width: int) -> list[str]:
    more = [f"{'':<{width + 12}}{words}" for words in (line.means, line.do and f"→ {line.do}") if words]
    return [f"{line.state:<8}  {line.part:<{width}}  {line.found}", *more]


def _summary(found: Sequence[Diagnosis]) -> str:
    errors, warnings = (sum(line.state is state for line in found) for state in (Severity.ERROR, Severity.WARNING))
    if not errors and not warnings:
        return "All is well."
    return f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}. The arrow names the one thing to do."
