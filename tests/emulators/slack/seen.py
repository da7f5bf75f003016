"""What one person sees after an action: ephemerals, a modal, errors in a form, or a failure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.emulators.pending import until
from tests.emulators.slack.world import Message, View

if TYPE_CHECKING:
    from tests.emulators.slack.workspace import Workspace


@dataclass
class Seen:
    """Live: what arrives later is included. `str()` is all of it as the person reads it."""

    slack: Workspace = field(repr=False)
    user: str
    error: str | None = None
    """Slack's own message when the bot answered late or not with 200."""
    statuses: list[int | None] = field(default_factory=list)
    took: float = 0.0
    """Seconds until the bot's answer; of a double tap, the slower one."""
    errors: dict[str, str] = field(default_factory=dict)
    """The bot's errors for fields of a form, by label."""
    missing: list[str] = field(default_factory=list)
    """What Slack's client refused before sending: labels of required fields left blank, or too long."""
    opened_url: str | None = None
    urls: set[str] = field(default_factory=set, repr=False)
    triggers: set[str] = field(default_factory=set, repr=False)
    since: int = field(default=0, repr=False)
    changed: View | None = field(default=None, repr=False)

    @property
    def ephemerals(self) -> list[Message]:
        """What was shown to this person alone, by this interaction's response_url or by chat.postEphemeral since."""
        mine = [m for m in self.slack.ephemerals[self.since :] if m.ephemeral_to == self.user and not m.deleted]
        return [m for m in mine if m.via is None or m.via in self.urls]

    @property
    def text(self) -> str:
        """The ephemerals as the person reads them."""
        return "\n".join(map(str, self.ephemerals))

    @property
    def modals(self) -> list[View]:
        """The modals this interaction opened, and the form it changed."""
        opened = [v for v in list(self.slack.views.values()) if v.trigger in self.triggers]
        return [self.changed, *opened] if self.changed else opened

    @property
    def modal(self) -> View | None:
        """The top modal, if this interaction opened or changed one and it is still open."""
        return next((v for v in reversed(self.modals) if v.open), None)

    @property
    def anything(self) -> bool:
        return bool(self.error or self.errors or self.missing or self.ephemerals or self.modal)

    async def settle(self, linger: float) -> Seen:
        """Wait until there is something to see, or for `linger` seconds."""
        await until(lambda: self.anything, linger)
        return self

    def __str__(self) -> str:
        beside = [f"{label}: {why}" for label, why in self.errors.items()]
        blank = [f"{label}: please complete this" for label in self.missing]
        shown = [self.error or "", *beside, *blank, self.text, str(self.modal or "")]
        return "\n".join(line for line in shown if line)
