"""How this program was called, so that every command it prints can be pasted as it stands."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

_COMMAND = re.compile(
    r"\bhero (?:(?P<configured>(?:serve|init|check|rehearse|simulate|manifest|package|doctor|send-test|deliveries|sources|digest"
    r"|backup|migrate|export|erase|merge-customers|import)\b(?! --config))|(?P<other>(?:demo|move)\b|--help))"
)


def program(argv: Sequence[str] = (), interpreter: str = "") -> str:
    """Returns what to type for `hero`: `hero` itself where the shell finds this program under that name, else the path as it was
    typed. For `python -m bot`, the interpreter is repeated as it was typed."""
    path = Path((argv or sys.argv or ("",))[0])
    if path.parts[-2:] == ("bot", "__main__.py"):
        return f"{shlex.quote(interpreter or sys.orig_argv[0])} -m bot"
    found = shutil.which("hero")
    if path.stem != "hero" or (found is not None and Path(found).resolve() == path.resolve()):
        return "hero"
    return shlex.quote(str(path) if len(path.parts) > 1 else f"./{path}")


def complete(hint: str, path: Path) -> str:
    """Returns `hint` with every command in it as it must be typed here; those that read an app.yaml name the one at `path`, unless
    it is the one in the current directory."""
    called, option = program(), "" if path == Path("app.yaml") else f" --config {shlex.quote(str(path))}"
    return _COMMAND.sub(lambda found: f"{called} {found['configured'] or found['other']}{option * bool(found['configured'])}", hint)
