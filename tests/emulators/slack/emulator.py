"""The emulator itself: a workspace and its endpoints, served on loopback by a thread with its own event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.emulators.faults import Faults
from tests.emulators.mistakes import Rejection, Violation
from tests.emulators.pending import Pending
from tests.emulators.served import Served
from tests.emulators.slack import bot
from tests.emulators.slack.bot import Answer, Delivery
from tests.emulators.slack.faults import KINDS
from tests.emulators.slack.person import Person
from tests.emulators.slack.rates import Meter, usual
from tests.emulators.slack.sockets import Link
from tests.emulators.slack.wire import application
from tests.emulators.slack.workspace import SCOPES, Workspace
from tests.emulators.slack.world import Json


class Slack(Workspace, Served):
    """A Slack for one test or one benchmark. It is a context manager and serves until the end of the block.

    `rate` is posts per second and channel (0: no limit), `burst` how many at once. `time_scale` is real seconds per platform
    second for rates, Retry-After and event retries; below 1, Retry-After has decimals. `patience` is how long a tap or an
    event waits for the bot, in real seconds. `chances` is the share of calls that fail, by kind (see faults.KINDS), limited
    to the methods in `faulty`; `late_by` is how many seconds after the caller gave up a `late` call is accepted. `page` caps
    a page of history. `now` returns the seconds from which `ts` are made.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = "xoxb-emulated",
        app_token: str = "xapp-emulated",
        signing_secret: str = "emulated-signing-secret",
        team: str = "T0HERO",
        scopes: Iterable[str] = SCOPES,
        rate: float = 1.0,
        burst: int = 1,
        tolerance: float = 0.05,
        time_scale: float = 1.0,
        patience: float = 3.0,
        seed: int = 0,
        chances: Mapping[str, float] | None = None,
        faulty: Collection[str] | None = None,
        late_by: float = 0.0,
        page: int = 999,
        strict: bool = True,
        now: Callable[[], float] = time.time,
        log: Path | None = None,
    ) -> None:
        super().__init__(team=team, scopes=scopes, now=now, strict=strict, page=page, log=log)
        Served.__init__(self, "slack-emulator", port)
        self.token, self.app_token, self.signing_secret = token, app_token, signing_secret
        self.bot_url: str | None = None
        """The bot's URL, for example http://127.0.0.1:8080/slack/events; None with Socket Mode."""
        self.time_scale, self.patience, self.late_by = time_scale, patience, late_by
        self.meter = Meter(usual(rate, burst), time_scale, tolerance)
        self.faults = Faults(KINDS, seed, chances or {}, frozenset(faulty) if faulty is not None else None)
        self.revoked: set[str] = set()
        self.links: list[Link] = []
        self.deliveries: list[Delivery] = []

    def _application(self) -> web.Application:
        return application(self)

    async def _hang_up(self) -> None:
        await asyncio.gather(*(link.disconnect("link_disabled") for link in list(self.links)), return_exceptions=True)

    @property
    def api_url(self) -> str:
        """The value for the bot's `api_url`; ends with a slash."""
        return f"http://{self.origin}/api/"

    # Set-up by tests

    def user(self, id: str, name: str | None = None, **details: Any) -> Person:
        """Returns somebody by id, created on first use. `details` are fields of Person (email, tz, team, display_name, deleted,
        stranger)."""
        person = self.people.get(id)
        if person is None:
            full = name or id
            handle = full.split()[0].casefold()
            person = self.people[id] = Person(self, id, full, team=self.team, handle=handle, display_name=full)
        if name:
            person.name = person.display_name = name
        for key, value in details.items():
            if not hasattr(person, key):
                raise TypeError(f"a person has no {key}")
            setattr(person, key, value)
        return person

    def group(self, id: str, *members: str) -> None:
        """Create a user group with these members."""
        self.groups[id] = [self.user(member).id for member in members]

    def fail_next(self, method: str, kind: str, times: int = 1) -> None:
        """Make the next calls of a method fail with a fault (see faults.KINDS) or an error code of Slack."""
        self.faults.queue(method, kind, times)

    def revoke(self) -> None:
        """Make the bot's token answer token_revoked from now on."""
        self.revoked.add(self.token)

    def refresh_sockets(self, reason: str = "refresh_requested") -> None:
        """Ask every Socket Mode link to reconnect, then close it."""
        self.begin(self._refresh(list(self.links), reason)).wait()

    async def _refresh(self, links: Sequence[Link], reason: str) -> None:
        await asyncio.gather(*(link.disconnect(reason) for link in links))

    def event(self, event: Json) -> Pending[Delivery]:
        """Deliver any event of the Events API with Slack's retries; done after the last attempt."""
        return self.begin(bot.deliver_event(self, event))

    def redeliver(self, delivery: Delivery) -> Pending[Answer]:
        """Deliver an event once more, as Slack does when it missed the answer."""
        return self.begin(bot.deliver(self, "events_api", delivery.payload, (1, "http_timeout")))

    def verify_url(self) -> Pending[bool]:
        """Slack's URL verification. Returns whether the challenge came back."""
        return self.begin(bot.verify_url(self))

    def ssl_check(self) -> Pending[bool]:
        """Slack's certificate check. Returns whether it was answered 200."""
        return self.begin(bot.ssl_check(self))

    def send_raw(self, body: bytes, headers: Mapping[str, str]) -> Pending[Answer]:
        """POST arbitrary bytes to the bot, for forged, stale and malformed requests; `signed()` makes valid headers."""
        return self.begin(bot.send(self, body, dict(headers)))

    def signed(self, body: bytes, content_type: str = "application/json") -> dict[str, str]:
        """Returns the headers with which Slack would send this body now."""
        return bot.signed(self, body, content_type)

    # Records

    def reject(self, method: str, error: str, detail: Sequence[str], args: Any) -> None:
        self.rejections.append(Rejection(method, error, list(detail), args))

    def violate(self, method: str, key: str, at: float, early: float) -> None:
        self.violations.append(Violation(method, key, at, early))
