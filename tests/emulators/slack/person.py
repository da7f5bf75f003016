"""A person in the workspace, who presses and types as in Slack's own client."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.emulators.pending import Pending
from tests.emulators.slack import taps
from tests.emulators.slack.seen import Seen
from tests.emulators.slack.world import Message, View

if TYPE_CHECKING:
    from tests.emulators.slack.emulator import Slack

LINGER = 1.0


@dataclass
class Person:
    """Somebody. A `team` other than the workspace's makes them a Slack Connect user; `stranger` hides their profile's e-mail.

    Each action returns a Pending: `await` it, or call `.wait()` from a thread the bot does not run in. `linger` is how many
    seconds to wait for something to see after the bot's answer; the Seen stays live after that.
    """

    slack: Slack = field(repr=False)
    id: str
    name: str
    email: str | None = None
    tz: str = "Europe/Oslo"
    team: str = ""
    handle: str = ""
    display_name: str = ""
    deleted: bool = False
    stranger: bool = False
    bot: bool = False
    do_not_disturb: tuple[float, float] | None = None
    """Begin and end of the next pause, in seconds since 1970."""

    @property
    def ephemerals(self) -> list[Message]:
        """All ephemerals ever shown to this person."""
        return [m for m in self.slack.ephemerals if m.ephemeral_to == self.id and not m.deleted]

    @property
    def modal(self) -> View | None:
        """The modal this person has in front of them."""
        stack = self.slack.stack(self.id)
        return stack[-1] if stack else None

    def press(
        self, shown: Message | View, what: str, *, choose: str | None = None, twice: bool = False, linger: float = LINGER
    ) -> Pending[Seen]:
        """Press the button or menu option with this label (any case), or whose action_id or option value begins so.

        `shown` is a message, an ephemeral, a modal or a Home tab, with its current blocks. `choose` is a user id for a people
        picker. `twice` is a double tap: two concurrent payloads. Raises LookupError when there is nothing like it to press.
        """
        return self.slack.begin(taps.press(self.slack, self, shown, what, choose=choose, times=1 + twice, linger=linger))

    def press_stale(self, snapshot: Message, what: str, *, linger: float = LINGER) -> Pending[Seen]:
        """Press on a card as it was at `message.snapshot()`, even if the message was changed or deleted since."""
        return self.slack.begin(taps.press(self.slack, self, snapshot, what, choose=None, times=1, linger=linger, stale=True))

    def submit(
        self, view: View | None, answers: Mapping[str, Any] | None = None, *, twice: bool = False, linger: float = LINGER
    ) -> Pending[Seen]:
        """Fill in fields, named by label, block_id or action_id, and submit the modal.

        Text fields take a str, choices the label or value of an option (lists for several), people pickers a user id or
        Person. A field's initial value counts as its answer; None blanks it. What Slack's client would refuse is in
        `missing`. Raises LookupError when there is no such modal, field or option.
        """
        return self.slack.begin(taps.submit(self.slack, self, view, answers or {}, times=1 + twice, linger=linger))

    def close_modal(self, view: View) -> Pending[Seen]:
        """Close a modal by its cross; the bot is told only with notify_on_close."""
        return self.slack.begin(taps.close(self.slack, self, view))

    def command(self, name: str, text: str = "", channel: str | None = None, *, linger: float = LINGER) -> Pending[Seen]:
        """Type a slash command, in a channel or, by default, in the private conversation with the bot."""
        place = channel or self.slack.dm(self).id
        return self.slack.begin(taps.command(self.slack, self, name, text, place, linger=linger))

    def shortcut(self, message: Message, callback_id: str, *, linger: float = LINGER) -> Pending[Seen]:
        """Choose one of the app's shortcuts in the menu of a message."""
        return self.slack.begin(taps.shortcut(self.slack, self, message, callback_id, linger=linger))

    def open_home(self, *, tab: str = "home", linger: float = LINGER) -> Pending[View | None]:
        """Open the app's Home. Returns what is there once the bot published again, or after `linger` seconds."""
        return self.slack.begin(taps.open_home(self.slack, self, tab, linger=linger))

    def write(self, text: str, *, linger: float = LINGER) -> Pending[list[Message]]:
        """Write to the bot in its DM. Returns its messages there since, once there are any, or after `linger` seconds."""
        return self.slack.begin(taps.write(self.slack, self, text, linger=linger))

    def say(self, channel: str, text: str) -> Message:
        """Write a message into a channel, which the bot does not receive."""
        return self.slack.begin(taps.say(self.slack, self, channel, text)).wait()

    def reply(self, root: Message, text: str, **more: Any) -> Pending[Message]:
        """Write in the thread of a message. The bot receives it if it subscribed to such events and is in the channel."""
        return self.slack.begin(taps.reply(self.slack, self, root, text, more))

    def rewrite(self, said: Message, text: str | None) -> Pending[None]:
        """Change one's own message in a thread, or with None delete it."""
        return self.slack.begin(taps.rewrite(self.slack, self, said, text))

    def __str__(self) -> str:
        return self.display_name
