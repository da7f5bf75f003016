"""Maps the result of a call to Slack to one of the errors that delivery knows. The only place that reads Slack's error
codes."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.chats import Refused, Throttled, Unknown, Unreachable
from bot.retry_after import asked_to_wait

WAIT = 30.0
"""Seconds to wait when Slack asks us to wait without saying how long."""
LONGEST = 3600.0
"""The most seconds we wait, so that a broken header cannot silence us."""


class RefusedByCode(Refused):
    """Slack understood and refused. `code` is Slack's error code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NotAllowed(Unreachable):
    """The app lacks a scope. Nothing was accepted; retries succeed once ops have added it."""


class NoConnection(Unreachable):
    """No connection to Slack could be made, so nothing is known about the tokens."""


async def answer_of(call: Awaitable[Any]) -> Mapping[str, Any]:
    """Returns the response data of one slack-sdk call. Raises Throttled, Unreachable (NotAllowed), RefusedByCode or Unknown."""
    answer: Mapping[str, Any] = (await heard(call)).data
    return answer


async def heard(call: Awaitable[Any]) -> Any:
    """Like `answer_of`, but returns slack-sdk's whole response, including headers."""
    try:
        answer = await call
    except SlackApiError as error:
        raise _answered(error.response) from None
    except (
        aiohttp.ClientConnectorError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.ClientHttpProxyError,
        aiohttp.InvalidURL,
    ) as error:
        raise NoConnection(f"Slack cannot be reached: {error}") from error
    except Exception as error:  # a time-out, a reset, an unreadable response: the SDK lets many kinds of exceptions through
        raise Unknown(f"no readable answer from Slack: {type(error).__name__}") from error
    return answer


def refusal(status: int, code: str | None, headers: Mapping[str, str], needed: str = "") -> Exception:
    """Returns the error for a response: its HTTP status, Slack's error code if any, and the missing scope."""
    if status == 429 or code in THROTTLING:
        return Throttled(min(LONGEST, asked_to_wait(headers.get("Retry-After"), WAIT)))
    if status >= 500 or status == 408 or code in UNCERTAIN:
        return Unknown(f"Slack answered {status} {code or 'without a reason'}")
    if code == "missing_scope":
        return NotAllowed(
            f"The Slack app lacks a scope ({needed or 'see docs/slack.md'}): add it under OAuth & Permissions and reinstall the app"
        )
    if code in TOKEN:
        return Unreachable(
            f"Slack does not accept the bot token ({code}): reinstall the app and put the new token into the environment"
        )
    if code in LATER:
        return Unreachable(f"Slack is moving this workspace or channel ({code}); this is tried again by itself")
    if code is not None:
        return RefusedByCode(
            code, REASONS.get(code, f"Slack refused with {code!r}: look it up in Slack's API reference, mend it, then replay")
        )
    return (
        Unreachable(f"Something between us and Slack answered {status}: check the proxy or firewall")
        if status >= 400
        else Unknown("Slack's answer has no verdict")
    )


def _answered(response: Any) -> Exception:
    """slack-sdk passes its own response, or aiohttp's raw one when the body could not be read."""
    body = getattr(response, "data", None)
    known = body if isinstance(body, dict) else {}
    status = int(getattr(response, "status_code", 0) or getattr(response, "status", 0))
    code = known.get("error")
    return refusal(status, code if isinstance(code, str) else None, response.headers, str(known.get("needed") or ""))


THROTTLING = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
UNCERTAIN = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "server_error"})
TOKEN = frozenset(
    {
        "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_permission", "access_denied",
        "not_allowed_token_type", "org_login_required", "ekm_access_denied", "team_access_not_granted", "two_factor_setup_required",
    }
)  # fmt: skip
LATER = frozenset({"team_added_to_org", "external_channel_migrating"})

_NO_CHANNEL = "Slack knows no such channel: check its id in app.yaml, in a private one type /invite @Action Hero, then replay"
_INVITE = "Slack says the bot is not in this channel: type /invite @Action Hero there, then replay"
_ARCHIVED = "Slack says this channel is archived: name another one in app.yaml or unarchive it, then replay"
_GONE = "The message was deleted in Slack, so there is nothing left to change"
_NOT_OURS = "Slack no longer lets the bot change this message: nothing to do, newer cards are not affected"
_TOO_LONG = "Slack found the message too long: please report this with the id of the follow-up, it should have been cut"
_MALFORMED = "Slack found the layout malformed: please report this with the id of the follow-up"
_RESTRICTED = "Slack's settings keep the bot from posting here: ask a workspace admin to allow the app in this channel, then replay"
_NOBODY = "Slack knows nobody under this id, or they have left: hand their follow-ups over"
_NO_MESSAGES_TAB = "The app takes no direct messages: switch on the Messages Tab under App Home in the app's settings, then replay"
REASONS: Mapping[str, str] = {
    "channel_not_found": _NO_CHANNEL,
    "not_in_channel": _INVITE,
    "user_not_in_channel": _INVITE,
    "is_archived": _ARCHIVED,
    "is_inactive": _ARCHIVED,
    "message_not_found": _GONE,
    "thread_not_found": _GONE,
    "cant_update_message": _NOT_OURS,
    "edit_window_closed": _NOT_OURS,
    "msg_too_long": _TOO_LONG,
    "msg_blocks_too_long": _TOO_LONG,
    "metadata_too_large": _TOO_LONG,
    "invalid_blocks": _MALFORMED,
    "invalid_blocks_format": _MALFORMED,
    "no_text": _MALFORMED,
    "restricted_action": _RESTRICTED,
    "restricted_action_read_only_channel": _RESTRICTED,
    "restricted_action_thread_only_channel": _RESTRICTED,
    "restricted_action_non_threadable_channel": _RESTRICTED,
    "user_not_found": _NOBODY,
    "user_not_visible": _NOBODY,
    "user_disabled": _NOBODY,
    "cannot_dm_bot": "This is a bot, and bots do not reply to customers: hand the follow-up over to a person",
    "messages_tab_disabled": _NO_MESSAGES_TAB,
}
