"""Slack: real workspaces, over HTTP events or Socket Mode. Importing this loads no Slack library."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator


class Options(BaseModel):
    """The keys of `chats.slack` in app.yaml. With `app_token` set the bot listens by Socket Mode, else on /slack/events. With
    `client_id` and `client_secret` other workspaces may install the app at /slack/install."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_token: SecretStr | None = None
    signing_secret: SecretStr | None = None
    app_token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    api_url: str = "https://slack.com/api/"

    @property
    def needs(self) -> tuple[str, ...]:
        """The keys of `server` without which this cannot work."""
        return ("secret", "public_url") if self.client_id is not None else ()

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
