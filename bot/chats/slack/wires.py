"""The wires to all workspaces: that of app.yaml's own token, and one for each workspace that installed the app itself."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from bot.chats import CannotPost, ChatServices, Refused, Throttled, Trouble, Unreachable
from bot.chats.slack import Options, taps
from bot.chats.slack.outcome import answer_of
from bot.chats.slack.wire import Us, Wire
from bot.vault import Unsealable, Vault
from handlers.cards import Reply
from handlers.feedback import MAIN_WORKSPACE, Person, Place
from handlers.situation import Tap, Written
from storage import slack
from storage.database import Unavailable
from storage.prepared import AnyRow

log = structlog.get_logger()

EARLY_S = 1800.0
"""Seconds before its expiry at which a token is exchanged: tokens last twelve hours."""
ROTATING_S = 30.0
AGAIN_S = 60.0


class NotInstalled(CannotPost):
    """The workspace has not installed the app, or has removed it: its messages wait."""

    def __init__(self, why: str) -> None:
        super().__init__(AGAIN_S, why)


class Wires:
    """Must be opened inside the event loop before anything is sent. Replicas synchronise through the rows; nothing is cached here
    without checking its row's version."""

    def __init__(self, options: Options, services: ChatServices) -> None:
        self._options, self._services = options, services
        self.main = Wire(options, services.deadline, learned=self._remember)
        self.vault = Vault(services.secret.get_secret_value(), "slack tokens") if options.client_id and services.secret else None
        self._door = Wire(options, services.deadline, Us("", None, "", None))  # without a token, for workspaces that have none yet
        self._open: dict[str, tuple[int, Wire]] = {}
        self._opening = asyncio.Lock()
        # Sealed tokens that Slack returned for a refresh token, which works only once; kept until the database has stored them.
        self._unkept: dict[tuple[str, int], tuple[str, str, float]] = {}
        self._listening = False

    async def open(self, *, listening: bool = True) -> None:
        self._listening = listening
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

    async def everywhere(self) -> tuple[list[tuple[str, Wire]], list[Trouble]]:
        """Returns each workspace that can be reached now, with its wire; and why others cannot."""
        known = [(MAIN_WORKSPACE, self.main)] if self._options.bot_token is not None else []
        away: list[Trouble] = []
        if self.vault is None:
            return known, away
        homes, _ = await self._homes()
        for workspace in sorted(set(homes.values()) - {MAIN_WORKSPACE}):
            try:
                known.append((workspace, await self.of(workspace)))
            except Trouble as error:
                log.warning("slack.workspace_away", workspace=workspace, why=str(error))
                away.append(error)
        return known, away

    async def named(self, workspace: str) -> str:
        """Returns a workspace as we name it: that of app.yaml's own token may also be written with its id. While Slack does not
        tell this id, those that installed the app are known without it; raises Unreachable for any other."""
        if workspace == MAIN_WORKSPACE or self._options.bot_token is None:
            return workspace
        await self.main.identity()
        own = await self._own()
        if own is None and workspace not in await self._services.store.read(slack.workspaces):
            raise Unreachable("Slack has not yet told which workspace the bot token is of")
        return MAIN_WORKSPACE if own is not None and workspace == own[0] else workspace

    def site(self, workspace: str) -> str:
        """Returns the URL of a workspace; empty until Slack has told it."""
        wire = self.main if workspace == MAIN_WORKSPACE else self._open.get(workspace, (0, None))[1]
        return wire.us.url if wire is not None and wire.us is not None else ""

    async def person(self, body: Mapping[str, Any]) -> Person:
        """Returns who did it, with the workspace as we name it: `main`, or the id under which it installed the app. While that
        is not known it is `taps.UNKNOWN`, for which `known_only` refuses everything."""
        try:
            homes, sure = await self._homes()
        except Unavailable:
            homes, sure = {}, False
        who = taps.person(body, homes)
        return who if sure or who.workspace in homes.values() else replace(who, workspace=taps.UNKNOWN)

    async def is_home(self, workspace: str, ids: Iterable[str]) -> bool | None:
        """Returns whether one of these ids, as Slack writes them, is this workspace, as we name it; None while that is unknown."""
        homes, sure = await self._homes()
        return True if workspace in [homes.get(id) for id in ids] else False if sure else None

    async def _homes(self) -> tuple[Mapping[str, str], bool]:
        """Returns our name for each workspace and organisation that has the app, by Slack's id, and whether the list is
        complete: it is not while our own ids are unknown."""
        own = await self._own()
        installed = await self._services.store.read(slack.workspaces) if self.vault is not None else ()
        team, company = own or ("", "")
        homes = {company: MAIN_WORKSPACE, **{id: id for id in installed}, team: MAIN_WORKSPACE}
        return {id: name for id, name in homes.items() if id}, own is not None

    async def _own(self) -> tuple[str, str] | None:
        """Returns the ids of the workspace of app.yaml's own token and of its organisation, empty if there is none. None before
        Slack has told them for the first time."""
        if self._options.bot_token is None:
            return "", ""
        if (us := self.main.us) is not None:
            return us.team, us.enterprise or ""
        row = await self._services.store.read(slack.remembered, MAIN_WORKSPACE, self._digest())
        return (row.team_id or "", row.enterprise_id or "") if row is not None else None

    async def _remember(self, us: Us) -> None:
        """Keep who we are for the next start. Commands that only speak change nothing."""
        row = {"workspace": MAIN_WORKSPACE, "name": self._digest(), "team_id": us.team, "enterprise_id": us.enterprise}
        if self._listening:
            with suppress(Unavailable):  # the next start has another chance
                await self._services.store.write(slack.remember, {**row, "bot_user": us.user})

    def _digest(self) -> str:
        token = self._options.bot_token
        return hashlib.sha256(token.get_secret_value().encode()).hexdigest() if token is not None else ""

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
                wire.learn_soon()
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


def known_only(services: ChatServices) -> ChatServices:
    """Returns the services, but unavailable to somebody whose workspace is not known yet."""

    def known(who: Person) -> None:
        if who.workspace == taps.UNKNOWN:
            raise Unavailable("Slack has not yet told which workspace is that of bot_token")

    async def tap(tap: Tap) -> Reply:
        known(tap.person)
        return await services.tap(tap)

    async def command(word: str, who: Person, place: Place) -> Reply:
        known(who)
        return await services.command(word, who, place)

    async def overhear(written: Written) -> bool:
        known(written.person)
        return await services.overhear(written)

    return replace(services, tap=tap, command=command, overhear=overhear)


def _opened(vault: Vault, sealed: str, workspace: str) -> str:
    try:
        return vault.open(sealed)
    except Unsealable:
        raise NotInstalled(
            f"the token of the Slack workspace {workspace} was sealed with another server.secret: open /slack/install there again"
        ) from None
