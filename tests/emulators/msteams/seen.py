"""What one person sees after an action: an answer for their eyes only, fields to fill in, messages, or an error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.emulators.msteams.forms import Form
from tests.emulators.msteams.world import Message, Shown
from tests.emulators.pending import until

if TYPE_CHECKING:
    from tests.emulators.msteams.tenant import Tenant


@dataclass
class Seen:
    """Live: what arrives later is included. `str()` is all of it as the person reads it."""

    teams: Tenant = field(repr=False)
    user: str
    error: str | None = None
    """Teams' own message when the bot answered late or invalidly; else the text of an error the bot answered with."""
    statuses: list[int | None] = field(default_factory=list)
    took: float = 0.0
    """Seconds until the bot's answer; of a double tap, the slower one."""
    errors: dict[str, str] = field(default_factory=dict)
    """What the client refused before sending: the errorMessage beside each field, by label."""
    opened_url: str | None = None
    shown: Shown | None = None
    """What the bot answered to this person alone: text, or the card they now see instead."""
    form: Form | None = None
    """Fields to fill in: of the ShowCard just expanded, or of the card the bot answered with."""
    since: int = field(default=0, repr=False)
    thread: str | None = field(default=None, repr=False)
    listens: bool = field(default=False, repr=False)

    @property
    def missing(self) -> list[str]:
        """Labels of the fields the client refused to send: required ones left blank, too long, or malformed."""
        return list(self.errors)

    @property
    def card(self) -> Shown | None:
        """The card this person now sees instead of the old one."""
        return self.shown if self.shown is not None and self.shown.cards else None

    @property
    def messages(self) -> list[Message]:
        """What the bot has said since, in this person's private chat and in the thread it happened in."""
        chat = self.teams.dm(self.user).id
        said = self.teams.accepted[self.since :]
        return [m for m in said if not m.deleted and (m.conversation == chat or (self.thread and m.root == self.thread))]

    @property
    def text(self) -> str:
        """The answer as the person reads it: text or card; for typed words and old clients, the messages since."""
        parts = [str(self.shown)] if self.shown is not None else []
        return "\n".join(parts + ([str(message) for message in self.messages] if self.listens else []))

    @property
    def anything(self) -> bool:
        return bool(self.error or self.errors or self.shown or self.form or self.opened_url or (self.listens and self.messages))

    async def settle(self, linger: float) -> Seen:
        """Wait until there is something to see, or for `linger` seconds."""
        await until(lambda: self.anything, linger)
        return self

    def __str__(self) -> str:
        beside = [f"{label}: {why}" for label, why in self.errors.items()]
        unfolded = str(self.form) if self.form is not None and self.shown is None else ""
        return "\n".join(line for line in (self.error or "", *beside, self.text, unfolded) if line)
