"""Which Slack workspaces installed the app, and which replica may fetch new tokens. Callers pass and get tokens sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from storage import lanes, models
from storage.lanes import gate
from storage.prepared import AnyRow
from storage.statements import upsert

installation = models.SlackInstallation.__table__

_KEPT = ("name", "team_id", "enterprise_id", "bot_user", "token", "refresh", "expires_s")
_install = upsert(
    installation,
    ["workspace"],
    lambda new: {**{name: new[name] for name in _KEPT}, "rotating_s": 0.0, "version": installation.c.version + 1},
)
_HAS_IT = installation.c.token != ""
_remembered = select(installation.c.team_id, installation.c.enterprise_id).where(
    installation.c.workspace == bindparam("this"), installation.c.name == bindparam("called")
)
_of = select(installation).where(installation.c.workspace == bindparam("this"), _HAS_IT)


def install(tx: Connection, row: Mapping[str, Any]) -> None:
    """Store a workspace, or its new tokens after it reinstalled the app. What waited for it is sent now."""
    tx.execute(_install[tx.dialect.name], {"rotating_s": 0.0, "version": 1, **row})
    lanes.let_speak(tx, gate.c.chat == "slack", gate.c.workspace == row["workspace"])


def of(tx: Connection, workspace: str) -> AnyRow | None:
    return tx.execute(_of, {"this": workspace}).one_or_none()


def workspaces(tx: Connection) -> Sequence[str]:
    return tx.execute(select(installation.c.workspace).where(_HAS_IT).order_by(installation.c.workspace)).scalars().all()


def remember(tx: Connection, row: Mapping[str, Any]) -> None:
    """Store the ids of the workspace of app.yaml's own token, whose digest is its name: a later token may be another one's."""
    tx.execute(_install[tx.dialect.name], {"token": "", "refresh": "", "expires_s": 0.0, "rotating_s": 0.0, "version": 1, **row})


def remembered(tx: Connection, workspace: str, name: str) -> AnyRow | None:
    """Returns what was stored by `remember` under this name."""
    return tx.execute(_remembered, {"this": workspace, "called": name}).one_or_none()


def forget(tx: Connection, workspace: str) -> bool:
    """Delete the tokens of a workspace that removed the app or revoked its token. Returns whether it had any. Its row stays, for
    its version: if that began anew, a replica that has not heard of the removal would take the next tokens for those it has."""
    gone = {"token": "", "refresh": "", "expires_s": 0.0, "rotating_s": 0.0, "version": installation.c.version + 1}
    return tx.execute(update(installation).where(installation.c.workspace == workspace, _HAS_IT).values(**gone)).rowcount == 1


def may_rotate(tx: Connection, workspace: str, version: int, now_s: float, until_s: float) -> bool:
    """Returns whether we may fetch new tokens: nobody else is at it, and ours are the latest. A refresh token works only once."""
    ours = (installation.c.workspace == workspace, installation.c.version == version, installation.c.rotating_s < now_s)
    return tx.execute(update(installation).where(*ours).values(rotating_s=until_s)).rowcount == 1


def rotated(tx: Connection, workspace: str, version: int, token: str, refresh: str, expires_s: float) -> bool:
    """Store the new tokens, unless the workspace removed or reinstalled the app meanwhile. Returns whether they were stored."""
    same = (installation.c.workspace == workspace, installation.c.version == version)
    fresh = {"token": token, "refresh": refresh, "expires_s": expires_s, "rotating_s": 0.0, "version": version + 1}
    return tx.execute(update(installation).where(*same).values(**fresh)).rowcount == 1


def not_rotated(tx: Connection, workspace: str, version: int) -> None:
    """Note that fetching new tokens failed, so that somebody may try again."""
    same = (installation.c.workspace == workspace, installation.c.version == version)
    tx.execute(update(installation).where(*same).values(rotating_s=0.0))
