"""Slack: real workspaces, over HTTP events or Socket Mode. Importing this loads no Slack library."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, SecretStr, model_validator


class Options(BaseModel):
    """The keys of `chats.slack` in app.yaml. With `app_token` set the bot listens by Socket Mode, else on /slack/events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bot_token: SecretStr
    signing_secret: SecretStr | None = None
    app_token: SecretStr | None = None
    api_url: str = "https://slack.com/api/"

    @model_validator(mode="after")
    def _can_listen(self) -> Options:
        if self.app_token is None and self.signing_secret is None:
            raise ValueError("without app_token Slack speaks over HTTP, and then signing_secret is needed")
        return self
