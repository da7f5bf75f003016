"""A person in the tenant, who presses and writes as in Teams' own client."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulators.msteams import dialogs, taps
from tests.emulators.msteams.forms import Form
from tests.emulators.msteams.seen import Seen
from tests.emulators.msteams.world import Message, Shown
from tests.emulators.pending import Pending

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams

LINGER = 1.0


@dataclass(eq=False)
class Person:
    """Somebody. `id` is 29:…; `teams` holds the ids of their teams, None means all. `installed`: they have the bot's private
    chat.

    Each action returns a Pending: `await` it, or call `.wait()` from a thread the bot does not run in. `linger` is how many
    seconds to wait for messages after the bot's answer; the Seen stays live after that.
    """

    tenant: MsTeams = field(repr=False)
    id: str
    name: str
    email: str | None = None
    teams: set[str] | None = None
    role: str = "user"
    installed: bool = False
    blocked: bool = False

    @property
    def aad(self) -> str:
        """Their object id in the directory."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.tenant.tenant + self.id))

    @property
    def reachable(self) -> bool:
        """Whether the bot may write to them: they, or a team of theirs, have installed it."""
        theirs = (t for t in self.tenant.teams.values() if self.teams is None or t.id in self.teams)
        return self.installed or any(team.installed for team in theirs)

    def sees(self, message: Message) -> Shown:
        """Returns what they see of a message: what everybody sees, or what the bot answered to them alone."""
        return message.to(self)

    def press(
        self, shown: Message | Form, what: str, *, nth: int | None = None, twice: bool = False, as_submit: bool = False,
        linger: float = LINGER,
    ) -> Pending[Seen]:  # fmt: skip
        """Press the control with this title (any case), or whose verb or id begins so, including those in ShowCards and overflow
        menus.

        `nth` chooses among several of the same title. `twice` is a double tap: two concurrent activities. `as_submit` presses
        the fallback as an older client does. Raises LookupError when there is no such control.
        """
        return self.tenant.begin(
            taps.press(self.tenant, self, shown, what, nth=nth, times=1 + twice, linger=linger, as_submit=as_submit)
        )

    def press_stale(
        self, snapshot: Message, what: str, *, nth: int | None = None, as_submit: bool = False, linger: float = LINGER
    ) -> Pending[Seen]:
        """Press on a card as it was at `message.snapshot()`, even if the message was changed or deleted since."""
        return self.tenant.begin(
            taps.press(self.tenant, self, snapshot, what, nth=nth, times=1, linger=linger, stale=True, as_submit=as_submit)
        )

    def submit(
        self, form: Form | None, answers: Mapping[str, Any] | None = None, *, button: str | None = None, twice: bool = False,
        as_submit: bool = False, linger: float = LINGER,
    ) -> Pending[Seen]:  # fmt: skip
        """Fill in fields, named by label or id, and press `button` (by default the first that submits the fields).

        Text fields take a str, choices the title or value (a list for several) or a Person, toggles a bool. A field's initial
        value counts as its answer; None blanks it. What the client would refuse is in `missing`. Raises LookupError when
        there is no such field.
        """
        if isinstance(form, dialogs.Dialog):
            return self.tenant.begin(dialogs.send(self.tenant, self, form, answers or {}, button, 1 + twice))
        return self.tenant.begin(
            taps.submit(self.tenant, self, form, answers or {}, button=button, times=1 + twice, linger=linger, as_submit=as_submit)
        )

    def say(self, text: str, channel: str | None = None) -> Message:
        """Write something not addressed to the bot, which does not receive it; in a channel (id or name), or the private chat."""
        place = self.tenant.dm(self) if channel is None else self.tenant.channel(channel)
        said = Message(conversation=place.id, id=self.tenant.next_id(), author=self.id, text=text, text_format="plain")
        self.tenant.accept(place, said)
        return said

    def act(self, message: Message, title: str, *, twice: bool = False) -> Pending[Seen]:
        """Choose a message action by its title in the menu of a message; `Seen.form` is the dialog, for `submit`."""
        return self.tenant.begin(dialogs.choose(self.tenant, self, message, title, 1 + twice))

    def command(
        self, text: str, channel: str | None = None, *, thread: Message | None = None, linger: float = LINGER
    ) -> Pending[Seen]:
        """Write to the bot: in the private chat, or with a mention in a channel (id or name), in a new thread or that of
        `thread`."""
        place = self.tenant.dm(self) if channel is None else self.tenant.channel(channel)
        root = (thread.root or thread.id) if thread else None
        return self.tenant.begin(taps.write(self.tenant, self, text, place, root, linger=linger))

    def __str__(self) -> str:
        return self.name
