"""The emulator's errors: Slack's error codes, with a readable detail."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """The call is impossible in the present state (no such channel, archived, revoked); `more` is merged into the answer."""

    def __init__(self, code: str, *detail: str, **more: Any) -> None:
        super().__init__(f"{code}: {'; '.join(detail)}" if detail else code)
        self.code = code
        self.detail = list(detail)
        self.more = more


class BadCallError(ApiError):
    """The call itself is invalid in any state; it is recorded in `slack.rejections`."""
