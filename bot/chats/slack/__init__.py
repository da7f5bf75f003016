"""Slack: real workspaces, over HTTP events or Socket Mode. Importing this loads no Slack library."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator, model_validator

from bot.secret import Secret


class Options(BaseModel):
    """The keys of `chats.slack` in app.yaml. With `app_token` the bot listens through Socket Mode, otherwise on /slack/events. With
    `client_id` and `client_secret`, other workspaces may install the app at /slack/install."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_token: Secret | None = None
    signing_secret: Secret | None = None
    app_token: Secret | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    api_url: str = "https://slack.com/api/"

    @property
    def needs(self) -> tuple[str, ...]:
        """Returns the keys of `server` that these options require."""
        return ("secret", "public_url") if self.client_id is not None else ()

    def no_channel(self, address: str) -> str:
        """Returns the hint for an address that is not a channel; empty if it looks like one, as `C0123456` or `T…/C…`."""
        if re.fullmatch(r"(?:[^/]+/)?[CGD][A-Z0-9]+", address):
            return ""
        return "write the channel's id, as in slack:C0123456: in Slack the channel's name, About, at the very bottom"

    def no_person(self, name: str) -> str:
        """Returns the hint for a name that cannot be a person; empty for an e-mail and for the id of a person or of a group."""
        if "@" in name or re.fullmatch(r"(?:[^/]+/)?[UWS][A-Z0-9]+", name):
            return ""
        return "write their e-mail, or their id, as in U0123456: in Slack their profile, the three dots, Copy member ID"

    @field_validator("bot_token")
    @classmethod
    def _speaks(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and token.get_secret_value().startswith("xapp-"):
            raise ValueError("this is an app token; bot_token begins with xoxb-, and what begins with xapp- is app_token")
        return token

    @field_validator("app_token")
    @classmethod
    def _listens(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and token.get_secret_value().startswith("xox"):
            raise ValueError("this is no app token; app_token begins with xapp-, and what begins with xoxb- is bot_token")
        return token

    @model_validator(mode="after")
    def _can_listen(self) -> Options:
        if (self.client_id is None) != (self.client_secret is None):
            raise ValueError("client_id and client_secret belong together; Slack shows both under Basic Information")
        if self.bot_token is None and self.client_id is None:
            raise ValueError(
                "without a token the bot can say nothing; add bot_token, or client_id and client_secret to let others install it"
            )
        if self.client_id is not None and self.signing_secret is None:
            raise ValueError("where workspaces install the app, Slack speaks over HTTP; add signing_secret")
        if self.app_token is None and self.signing_secret is None:
            raise ValueError("without app_token Slack speaks over HTTP, and then signing_secret is needed")
        return self
