"""The emulator itself: a tenant and its HTTP endpoints, served on loopback by a thread with its own event loop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.emulators.faults import Faults
from tests.emulators.msteams import bot, dialogs, installs, payloads, rates
from tests.emulators.msteams.bot import Answer, Delivery
from tests.emulators.msteams.connector import METHODS
from tests.emulators.msteams.faults import KINDS
from tests.emulators.msteams.issuer import Issuer
from tests.emulators.msteams.person import Person
from tests.emulators.msteams.rates import Meter
from tests.emulators.msteams.tenant import HOME, Tenant
from tests.emulators.msteams.wire import PREFIX, application
from tests.emulators.msteams.world import Channel, Json
from tests.emulators.pending import Pending
from tests.emulators.served import Served


class MsTeams(Tenant, Served):
    """A Microsoft Teams for one test or one benchmark. It is a context manager and serves until the end of the block.

    `time_scale` is real seconds per platform second for rates, Retry-After and redelivery; below 1, Retry-After has decimals.
    `limits=False` removes the rate limits. `patience` is how long Teams waits for the bot, in real seconds (10 to 15 in the
    real one). `chances` is the share of the connector's calls that fail, by kind (see faults.KINDS), limited to the methods
    in `faulty`; `late_by` is how many seconds after the caller gave up a `late` call is accepted. `token_life` is the real
    seconds a token lasts. `page` caps a page of members. `html_errors`: 429s for speed are HTML pages. `now` returns seconds
    since the epoch.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        app_id: str = "5a7d2f1c-0000-4000-8000-00000000be70",
        app_secret: str = "emulated-app-secret",
        tenant: str = "7e4a47e4-0000-4000-8000-000000000001",
        issuer: str = "https://api.botframework.com",
        bot_name: str = "Action Hero",
        time_scale: float = 1.0,
        limits: bool = True,
        tolerance: float = 0.05,
        patience: float = 3.0,
        seed: int = 0,
        chances: Mapping[str, float] | None = None,
        faulty: Collection[str] | None = None,
        late_by: float = 0.0,
        token_life: float = 3599.0,
        page: int = 500,
        html_errors: bool = False,
        now: Callable[[], float] = time.time,
        log: Path | None = None,
    ) -> None:
        super().__init__(app_id=app_id, tenant=tenant, bot_name=bot_name, now=now, log=log)
        Served.__init__(self, "msteams-emulator", port)
        self.app_secret, self.clock = app_secret, now
        self.issuer = Issuer(app_id=app_id, app_secret=app_secret, tenant=tenant, issuer=issuer, token_life=token_life, now=now)
        self.bot_url: str | None = None
        """The bot's URL, for example http://127.0.0.1:8080/msteams/messages."""
        self.time_scale, self.patience, self.late_by = time_scale, patience, late_by
        self.page, self.html_errors = page, html_errors
        usual = {"sends": rates.SENDS, "reads": rates.READS, "tenant": rates.TENANT}
        self.meter = Meter(usual if limits else {}, time_scale, tolerance)
        struck = frozenset(faulty) if faulty is not None else frozenset(method.name for method in METHODS)
        self.faults = Faults(KINDS, seed, chances or {}, struck)
        self.deliveries: list[Delivery] = []
        self.actions: dict[str, Json] = {}
        """What the menu of every message offers, by title, once an app package was uploaded."""

    def _application(self) -> web.Application:
        return application(self)

    # What the bot's configuration needs

    @property
    def service_url(self) -> str:
        return f"http://{self.origin}{PREFIX}/"

    @property
    def login_url(self) -> str:
        return f"http://{self.origin}/login"

    @property
    def openid_url(self) -> str:
        return f"http://{self.origin}/v1/.well-known/openidconfiguration"

    @property
    def options(self) -> Json:
        """The `msteams` section of app.yaml that points the bot here, including the secret."""
        return {
            "app_id": self.app_id, "app_secret": self.app_secret, "tenant": self.tenant, "login_url": self.login_url,
            "openid_url": self.openid_url, "issuer": self.issuer.issuer, "service_urls": [self.service_url],
        }  # fmt: skip

    # Set-up by tests

    def user(self, id: str, name: str | None = None, **details: Any) -> Person:
        """Returns somebody by a key of the test's choice (id 29:key), created on first use. `details` are fields of Person."""
        id = f"29:{id.removeprefix('29:')}"
        person = self.people.get(id)
        if person is None:
            person = self.people[id] = Person(self, id, name or id.removeprefix("29:").title())
        person.name = name or person.name
        for key, value in details.items():
            if not hasattr(person, key):
                raise TypeError(f"a person has no {key}")
            setattr(person, key, value)
        return person

    def upload(self, package: bytes) -> None:
        """Upload the app package as an admin; its message actions appear in the menu of every message."""
        self.actions = dialogs.offered(package, self.app_id)

    def install(
        self, team: str = HOME, channels: Sequence[str] = (), *, selected: str | None = None, by: Person | None = None
    ) -> Pending[list[Delivery]]:
        """Add the bot to a team (name or id) that has these channels besides General. It is added from the channel `selected`."""
        return self.begin(installs.install(self, team, channels, selected, by))

    def uninstall(self, team: str = HOME, by: Person | None = None) -> Pending[list[Delivery]]:
        """Remove the bot from a team: it is told, and may no longer post there."""
        return self.begin(installs.uninstall(self, team, by))

    def install_for(self, who: Person | str) -> Pending[list[Delivery]]:
        """Somebody adds the bot for themselves."""
        return self.begin(installs.install_for(self, self.known(who), added=True))

    def uninstall_for(self, who: Person | str) -> Pending[list[Delivery]]:
        return self.begin(installs.install_for(self, self.known(who), added=False))

    def create_channel(self, name: str, team: str = HOME) -> Pending[Delivery]:
        """Create a channel (name or id) in a team that has the bot."""
        return self.begin(installs.create_channel(self, name, team))

    def rename_channel(self, channel: str | Channel, name: str) -> Pending[Delivery]:
        return self.begin(installs.rename_channel(self, self._the(channel), name))

    def delete_channel(self, channel: str | Channel) -> Pending[Delivery]:
        return self.begin(installs.delete_channel(self, self._the(channel)))

    def rename_team(self, team: str, name: str) -> Pending[Delivery]:
        return self.begin(installs.rename_team(self, self.team(team), name))

    def event(self, name: str, team: str = HOME, **more: Any) -> Pending[Delivery]:
        """Send any other conversationUpdate of a team by its eventType, such as teamArchived or an unknown one."""
        return self.begin(bot.deliver(self, payloads.event(self, self.team(team), name, **more)))

    def _the(self, channel: str | Channel) -> Channel:
        return channel if isinstance(channel, Channel) else self.channel(channel)

    def fail_next(self, method: str, kind: str, times: int = 1) -> None:
        """Make the next calls of a method fail with a fault (see faults.KINDS) or a code of errors.CODES.

        Methods: create, send, update, delete, members, member, channels, team; token; metadata, keys.
        """
        self.faults.queue(method, kind, times)

    # Hand-made requests

    def written(self, who: Person | str, text: str, channel: str | None = None) -> Json:
        """Returns the activity of a message to the bot without sending it, to be changed and passed to `deliver` or `present`."""
        place = self.channel(channel) if channel else self.dm(who)
        return payloads.written(self, self.known(who), text, place, None if place.is_personal else self.next_id())

    def present(self, activity: Json, forgery: str | None = None) -> Pending[Answer]:
        """POST an activity once with a valid token for its serviceUrl, or with a forgery (tokens.FORGERIES)."""
        header = self.issuer.authorization(activity.get("serviceUrl") or self.service_url, forgery)
        return self.send_raw(json.dumps(activity).encode(), {"Authorization": header} if header is not None else {})

    def send_raw(self, body: bytes, headers: Mapping[str, str]) -> Pending[Answer]:
        """POST arbitrary bytes to the bot."""
        return self.begin(bot.send(self, body, dict(headers)))

    def deliver(self, activity: Json) -> Pending[Delivery]:
        """Deliver an activity, retrying as Teams does."""
        return self.begin(bot.deliver(self, activity))

    def redeliver(self, delivery: Delivery) -> Pending[Answer]:
        """Deliver an activity once more, as Teams does when it missed the answer."""
        return self.begin(bot.attempt(self, delivery.activity))
