"""How the house logs: readable lines on a terminal, JSON otherwise. Never a customer's words, never a secret."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

_LOUD = ("slack_bolt", "slack_sdk", "aiohttp.access", "apscheduler", "alembic.runtime.plugins", "uvicorn.access", "httpx")
"""Libraries that log bodies, tokens, each request, or details of themselves at INFO."""


def set_up(*, quiet: bool = False, silent: bool = False) -> None:
    """Log everything to stderr, one line per event; `quiet` logs errors only, `silent` only critical ones."""
    terminal = sys.stderr.isatty()
    renderer = structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words,
    ]
    level = logging.CRITICAL if silent else logging.ERROR if quiet else logging.INFO
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler()
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=list(shared), processor=renderer))
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_words(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put what `broken` returns in place of the error itself, which libraries log with its message."""
    given = event.pop("exc_info", None)
    error = sys.exception() if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event.update(broken(error))
    return event


def broken(error: BaseException) -> Mapping[str, Any]:
    """Returns what the log may say of a mistake of ours: neither its message nor any values, because both may quote a customer, as
    PostgreSQL's messages do."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__qualname__, "where": [f"{each.filename}:{each.lineno} {each.name}" for each in frames]}
