"""The wires to all workspaces: that of app.yaml's own token, and one for each workspace that installed the app itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import structlog

from bot.chats import ChatServices, Refused, Throttled, Trouble, Unreachable
from bot.chats.slack import Options, taps
from bot.chats.slack.outcome import answer_of
from bot.chats.slack.wire import Us, Wire
from bot.vault import Unsealable, Vault
from handlers.feedback import MAIN_WORKSPACE, Person
from storage import slack
from storage.database import Unavailable
from storage.prepared import AnyRow

log = structlog.get_logger()

EARLY_S = 1800.0
"""Seconds before its expiry at which a token is exchanged: tokens last twelve hours."""
ROTATING_S = 30.0
AGAIN_S = 60.0


class NotInstalled(Throttled):
    """The workspace has not installed the app, or has removed it: its messages wait. The text is for ops."""

    def __init__(self, why: str) -> None:
        super().__init__(AGAIN_S)
        self.args = (why,)


class Wires:
    """Must be opened inside the event loop before anything is sent. Replicas synchronise through the rows; nothing is cached here
    without checking its row's version."""

    def __init__(self, options: Options, services: ChatServices) -> None:
        self._options, self._services = options, services
        self.main = Wire(options, services.deadline)
        self.vault = Vault(services.secret.get_secret_value(), "slack tokens") if options.client_id and services.secret else None
        self._door = Wire(options, services.deadline, Us("", None, "", None))  # without a token, for workspaces that have none yet
        self._open: dict[str, tuple[int, Wire]] = {}
        self._opening = asyncio.Lock()
        # Sealed tokens that Slack returned for a refresh token, which works only once; kept until the database has stored them.
        self._unkept: dict[tuple[str, int], tuple[str, str, float]] = {}

    async def open(self) -> None:
        await self.main.open()
        await self._door.open()

    async def finish(self) -> None:
        await asyncio.gather(*(wire.finish() for wire in self._all()))

    async def close(self) -> None:
        await asyncio.gather(*(wire.close() for wire in self._all()))

    async def of(self, workspace: str) -> Wire:
        """Returns the wire to a workspace, with a token that stays valid for a while. Raises NotInstalled and Unavailable, and
        Refused if app.yaml must be changed."""
        if workspace == MAIN_WORKSPACE:
            if self._options.bot_token is None:
                raise Refused(
                    "app.yaml has no bot_token for Slack: name the workspace of the channel, as slack:T0123/C0456, then replay"
                )
            return self.main
        if self.vault is None:
            raise Refused(
                f"No token is known for the Slack workspace {workspace}: name a channel of your own workspace in app.yaml"
            )
        row = await self._row(workspace)
        if row.expires_s and row.expires_s - time.time() < EARLY_S:
            # A task of its own, which goes on if our caller is cancelled: a refresh token works only once.
            rotating = asyncio.create_task(self._rotated(row, self.vault))
            self._door.keep(rotating)
            row = await asyncio.shield(rotating)
        return await self._wire(row, self.vault)

    async def of_person(self, who: Person) -> Wire:
        """Returns the wire on which to reach somebody: that of their workspace, or the main one for a guest from elsewhere."""
        try:
            return await self.of(who.workspace)
        except (NotInstalled, Refused):
            return self.main

    async def everywhere(self) -> Sequence[tuple[str, Wire]]:
        """Returns each workspace that can be reached now, with its wire."""
        known = [(MAIN_WORKSPACE, self.main)] if self._options.bot_token is not None else []
        if self.vault is None:
            return known
        for workspace in await self._services.store.read(slack.workspaces):
            try:
                known.append((workspace, await self.of(workspace)))
            except Trouble as error:
                log.warning("slack.workspace_away", workspace=workspace, why=str(error))
        return known

    async def named(self, workspace: str) -> str:
        """Returns a workspace as we name it: that of app.yaml's own token may also be written with its id. While Slack does not
        tell this id, those that installed the app are known without it; raises Unreachable for any other."""
        if workspace == MAIN_WORKSPACE or self._options.bot_token is None:
            return workspace
        us = await self.main.identity()
        if us is None and workspace not in await self._services.store.read(slack.workspaces):
            raise Unreachable("Slack has not yet told which workspace the bot token is of")
        return MAIN_WORKSPACE if us is not None and workspace == us.team else workspace

    async def person(self, body: Mapping[str, Any]) -> Person:
        """Returns who did it, with the workspace as we name it: `main`, or the id under which it installed the app."""
        us = self.main.us
        ours = ("", None) if self._options.bot_token is None else (us.team, us.enterprise) if us else (None, None)
        who = taps.person(body, *ours)
        if self.vault is None or (who.workspace == MAIN_WORKSPACE and self._options.bot_token is not None):
            return who
        team, company = taps.here(body)
        theirs = team if who.workspace == MAIN_WORKSPACE else who.workspace
        try:
            known = set(await self._services.store.read(slack.workspaces))
        except Unavailable:
            known = set()
        if theirs not in known and company in known and theirs in (team, company):
            theirs = company  # the organisation installed the app as a whole
        return replace(who, workspace=theirs or company or who.workspace)

    async def exchanged(self, **asked: str) -> Mapping[str, Any]:
        """Exchange a code or a refresh token for tokens. slack-sdk's own method uses something that aiohttp is about to drop."""
        secret = self._options.client_secret.get_secret_value() if self._options.client_secret else ""
        app = {"client_id": self._options.client_id or "", "client_secret": secret}
        return await answer_of(self._door.client.api_call("oauth.v2.access", data={**app, **asked}))

    async def forget(self, workspace: str) -> None:
        """Forget a workspace that removed the app or revoked its token. Raises Unavailable, upon which Slack sends the event
        again."""
        if await self._services.store.write(slack.forget, workspace):
            log.warning("slack.uninstalled", workspace=workspace)
        _, wire = self._open.pop(workspace, (0, None))
        if wire is not None:
            await wire.close()

    def _all(self) -> list[Wire]:
        return [self.main, self._door, *(wire for _, wire in self._open.values())]

    async def _row(self, workspace: str) -> AnyRow:
        row = await self._services.store.read(slack.of, workspace)
        if row is None:
            raise NotInstalled(f"the Slack workspace {workspace} has not installed the app: open /slack/install there")
        return row

    async def _wire(self, row: AnyRow, vault: Vault) -> Wire:
        async with self._opening:
            version, wire = self._open.get(row.workspace, (0, None))
            token = _opened(vault, row.token, row.workspace) if version != row.version else None
            if wire is None:
                wire = Wire(self._options, self._services.deadline, Us(row.team_id or "", row.enterprise_id, row.bot_user, None))
                await wire.open()
            if token is not None:
                wire.client.token = token
            self._open[row.workspace] = (row.version, wire)
            return wire

    async def _rotated(self, row: AnyRow, vault: Vault) -> AnyRow:
        """Returns the row with fresh tokens. Only one replica fetches them; the others use the old ones while those are valid.
        Raises Throttled if they are not."""
        store, now = self._services.store, time.time()
        if not await store.write(slack.may_rotate, row.workspace, row.version, now, now + ROTATING_S):
            fresh = await self._row(row.workspace)
            if fresh.expires_s <= now:
                raise Throttled(2.0)
            return fresh
        which = (row.workspace, row.version)
        if which not in self._unkept:
            try:
                said = await self.exchanged(grant_type="refresh_token", refresh_token=_opened(vault, row.refresh, row.workspace))
            except BaseException:
                await store.write(slack.not_rotated, *which)
                raise
            token, refresh = vault.seal(said["access_token"]), vault.seal(said.get("refresh_token") or "")
            self._unkept[which] = (token, refresh, now + float(said.get("expires_in") or 0))
        token, refresh, expires_s = self._unkept[which]
        if await store.write(slack.rotated, *which, token, refresh, expires_s):
            log.info("slack.rotated", workspace=row.workspace)
        self._unkept.pop(which, None)
        return await self._row(row.workspace)


def _opened(vault: Vault, sealed: str, workspace: str) -> str:
    try:
        return vault.open(sealed)
    except Unsealable:
        raise NotInstalled(
            f"the token of the Slack workspace {workspace} was sealed with another server.secret: open /slack/install there again"
        ) from None
