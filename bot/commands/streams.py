"""Runs a command so that a problem with its standard streams or its arguments is reported in one sentence, never as a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import NoReturn, TextIO, cast

NOT_WRITTEN = 74
"""EX_IOERR of sysexits.h."""
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""How writing to a file that is open already may fail."""


def plainly(command: Callable[[], object]) -> None:
    """Run `command`, which may end with SystemExit."""
    _prepare()
    try:
        try:
            command()
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()  # or Python does it at its end, where nobody can catch what goes wrong
    except BrokenPipeError:
        _let_go_of_output()
        sys.exit(1)
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        _let_go_of_output()
        _stop(f"the output cannot be written ({error.strerror})", NOT_WRITTEN)
    except UnicodeEncodeError:
        if all(map(_is_text, sys.argv)):
            raise
        _stop("an argument holds bytes that are not UTF-8; write it in UTF-8", 2)


def _prepare() -> None:
    """Open what the caller has closed, and let nothing that is printed fail: files and pipes get UTF-8, terminals what they know.

    Standard output stays closed: each command knows whether anything is lost by that.
    """
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stderr = sys.stderr or _nowhere("w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _nowhere(mode: str) -> TextIO:
    return cast("TextIO", os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8", closefd=False))


def _let_go_of_output() -> None:
    """Send what is still in the buffer nowhere, or Python would complain of it at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _stop(why: str, status: int) -> NoReturn:
    print(f"hero: {why}.", file=sys.stderr)
    sys.exit(status)
