"""Maps the result of a call to the connector to one of the errors that delivery knows. The only place that reads its
errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx

from bot.chats import Refused, Throttled, Unknown, Unreachable
from bot.retry_after import asked_to_wait

WAIT = 15.0
"""Seconds to wait when we are asked to wait without being told how long."""
LONGEST = 3600.0


class RefusedByCode(Refused):
    """The connector understood and refused. `status` is HTTP's; `code` is the connector's, empty if the body was not JSON."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code = status, code

    @property
    def is_of_the_place(self) -> bool:
        """Returns whether the conversation is closed to us, rather than only this message being wrong."""
        return self.status == 403 or (self.status == 404 and self.code not in MESSAGE_GONE)


class NotAccepted(Unreachable):
    """Our token is rejected. Nothing was accepted; retries succeed once ops have replaced the secret."""


def answered(response: httpx.Response) -> Mapping[str, Any]:
    """Returns the JSON object of a successful response, empty when there is none. Raises Throttled, Unreachable, RefusedByCode or
    Unknown."""
    if response.is_success:
        try:
            said = response.json() if response.content else {}
        except ValueError:
            said = {}
        return said if isinstance(said, dict) else {}
    raise _refusal(response.status_code, _code(response), response.headers)


def failed(error: Exception) -> Exception:
    """Returns the error for a failed request."""
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return Unreachable(f"Microsoft Teams cannot be reached: {str(error) or type(error).__name__}")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return Refused(f"The address of Microsoft Teams cannot be used ({error}): check service_urls, then replay")
    return Unknown(f"no readable answer from Microsoft Teams: {type(error).__name__}")


def seconds(header: str | None) -> float:
    """Returns how long Retry-After asks to wait."""
    return min(LONGEST, asked_to_wait(header, WAIT))


def _refusal(status: int, code: str, headers: Mapping[str, str]) -> Exception:
    if status == 429:
        return Throttled(seconds(headers.get("retry-after")))
    if status == 412:  # somebody else wrote to this conversation at the same moment
        return Throttled(seconds(headers.get("retry-after", "1")))
    if status >= 500 or status == 408:
        return Unknown(f"Microsoft Teams answered {status} {code or 'without a reason'}")
    if status == 401:
        return NotAccepted("Microsoft Teams does not accept the bot's token: check app_id, app_secret and tenant in app.yaml")
    if status < 400:
        return Unreachable(f"Something between us and Microsoft Teams answered {status}: check the proxy or firewall")
    if status == 413:
        return RefusedByCode(
            status, code, "Microsoft Teams found the message too large: please report this with the id of the follow-up"
        )
    return RefusedByCode(status, code, REASONS.get(code) or BY_STATUS.get(status) or _unheard_of(status, code))


def _unheard_of(status: int, code: str) -> str:
    return f"Microsoft Teams refused with {status} {code or 'without a reason'}: look it up in its reference, mend it, then replay"


def _code(response: httpx.Response) -> str:
    """Returns the connector's error code; errors from proxies in front of it are HTML and have none."""
    try:
        error = response.json().get("error")
        code = error.get("code") if isinstance(error, dict) else error
    except (ValueError, AttributeError):
        return ""
    return code if isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,80}", code) else ""


MESSAGE_GONE = frozenset({"ActivityNotFoundInConversation", "ActivityNotFound", "MessageNotFound"})
_GONE = "The message was deleted in Microsoft Teams, so there is nothing left to change"
_NOT_IN = "The bot is not a member there: add the app to the team (or ask the person to add it), then replay"
_BLOCKED = "Somebody blocked the bot there: ask them or an admin to unblock Action Hero, then replay"
REASONS: Mapping[str, str] = {
    **dict.fromkeys(MESSAGE_GONE, _GONE),
    "BotNotInConversationRoster": _NOT_IN,
    "ConversationNotFound": "Microsoft Teams knows no such conversation: check the channel in app.yaml, then replay",
    "ConversationBlockedByUser": _BLOCKED,
    "BotDisabledByAdmin": "An admin disabled the app for this team or tenant: ask them to allow Action Hero, then replay",
    "MessageWritesBlocked": _BLOCKED,
    "MessageSizeTooBig": "Microsoft Teams found the message too large: please report this with the id of the follow-up",
}
BY_STATUS: Mapping[int, str] = {
    403: "Microsoft Teams does not let the bot speak there: is the app still installed in the team? Add it, then replay",
    404: "Microsoft Teams knows no such conversation or message: check the channel in app.yaml, then replay",
    400: "Microsoft Teams found the message malformed: please report this with the id of the follow-up",
}
