"""The connector's errors: statuses, codes and messages, with a readable detail for the test."""

from __future__ import annotations

from typing import Any

CODES = {
    "BadSyntax": (400, "Bad format of the request."),
    "BadArgument": (400, "Bad argument."),
    "BotNotRegistered": (401, "No registration found for this bot."),
    "BotNotInConversationRoster": (403, "The bot is not part of the conversation roster."),
    "BotDisabledByAdmin": (403, "The tenant admin disabled this bot"),
    "ConversationBlockedByUser": (403, "User blocked the conversation with the bot."),
    "ForbiddenOperation": (403, "The operation is not allowed on this message."),
    "ConversationNotFound": (404, "Conversation not found."),
    "ActivityNotFoundInConversation": (404, "The activity was not found in this conversation."),
    "MemberNotFoundInConversation": (404, "Member not found in conversation."),
    "TeamNotFound": (404, "Team not found."),
    "NotFound": (404, "No such address."),
    "MethodNotAllowed": (405, "The address does not take this method."),
    "PreconditionFailed": (412, "Precondition failed, please try again."),
    "MessageSizeTooBig": (413, "Message size too large."),
    "UnsupportedMediaType": (415, "The body must be application/json."),
    "Throttled": (429, "Too many requests."),
    "ServiceError": (500, "An error occurred."),
}
"""Status and message by code. All but the last few are in Microsoft's table of status codes."""


class RefusedError(Exception):
    """The call is impossible in the present state (blocked, gone, not installed)."""

    def __init__(self, code: str, *detail: str) -> None:
        super().__init__(f"{code}: {'; '.join(detail)}" if detail else code)
        self.code = code
        self.detail = list(detail)
        self.status, self.sentence = CODES[code]

    @property
    def body(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": "; ".join(self.detail) or self.sentence}}


class BadCallError(RefusedError):
    """The call itself is invalid in any state; it is recorded in `teams.rejections`."""
