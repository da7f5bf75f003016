"""The table of the Slack workspaces that installed the app themselves."""

from __future__ import annotations

from sqlmodel import Field

from storage.models.columns import Row, prose


class SlackInstallation(Row, table=True):
    """One workspace (`T…`), or one whole organisation (`E…`). Tokens are sealed with the server's secret.

    `token` is empty once the workspace has removed the app. `refresh` is empty if tokens do not rotate. `expires_s` is 0 for a
    token that does not expire; until `rotating_s` somebody is fetching new tokens. `version` only ever grows.
    `main` is the workspace of app.yaml's own token: its ids alone, with the token's digest as its name.
    """

    __tablename__ = "slack_installation"

    workspace: str = Field(primary_key=True)
    name: str
    team_id: str | None = None
    enterprise_id: str | None = None
    bot_user: str
    token: str = prose()
    refresh: str = prose()
    expires_s: float = 0
    rotating_s: float = 0
    version: int = 1
