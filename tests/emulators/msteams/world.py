"""The objects in a Microsoft Teams tenant as the emulator stores them and tests read them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.msteams import reading
from tests.emulators.msteams.cards import walk

Json = dict[str, Any]


@dataclass(kw_only=True)
class Shown:
    """Anything people read: text, or one or more cards. str() is what they read."""

    text: str = ""
    text_format: str = "markdown"
    cards: list[Json] = field(default_factory=list, repr=False)

    @property
    def card(self) -> Json:
        """The (first) card as the bot sent it. Raises IndexError when there is none."""
        return self.cards[0]

    def live_markup(self) -> list[str]:
        """Returns links, images, mentions and HTML that Markdown makes live in text, TextBlocks, facts and choices."""
        return reading.live(self._markdown())

    def links(self, label: str) -> list[str]:
        """Returns the addresses behind the words with this text that can be tapped, in reading order."""
        runs = [run for card in self.cards for node in walk(card) for run in node.get("inlines", ()) if isinstance(run, dict)]
        return [run["selectAction"]["url"] for run in runs if run["text"] == label and "selectAction" in run]

    def bare_links(self) -> list[str]:
        """Returns bare addresses, which some clients link automatically."""
        return reading.bare(self._markdown())

    def formatting(self) -> list[str]:
        """Returns bold, italics, code, headings, lists and quotes."""
        return reading.formatting(self._markdown())

    def dates(self) -> list[str]:
        """Returns {{DATE(…)}} and {{TIME(…)}}, which each reader sees in their own time zone."""
        return reading.dates(self._markdown())

    def unseen(self) -> list[str]:
        """Returns control and bidirectional characters."""
        return reading.unseen(self._markdown())

    @property
    def buttons(self) -> list[str]:
        """The titles of what can be pressed in reading order, including ShowCards and overflow menus."""
        actions = [node for card in self.cards for node in walk(card) if node["type"].startswith("Action.")]
        return [str(action["title"]) for action in actions]

    @property
    def inputs(self) -> Iterator[Json]:
        """Every field to fill in, including those in ShowCards."""
        return (node for card in self.cards for node in walk(card) if node["type"].startswith("Input."))

    def _markdown(self) -> list[str]:
        text = [self.text] if self.text and self.text_format != "plain" else []
        return text + [part for card in self.cards for part in reading.markdown_of(card)]

    def __str__(self) -> str:
        said = [self.text if self.text_format == "plain" else reading.read(self.text)] if self.text else []
        return "\n".join([*said, *(line for card in self.cards for line in reading.lines(card))])


@dataclass(kw_only=True)
class Message(Shown):
    """A message as everybody sees it now. `author` is the id of a person or the bot, `root` the message whose thread it is in."""

    conversation: str
    id: str
    author: str
    root: str | None = None
    summary: str = ""
    activity: Json = field(default_factory=dict, repr=False)
    """The latest version as the bot sent it, complete."""
    edits: int = 0
    versions: list[str] = field(default_factory=list)
    """What people read here over time, the first version first."""
    replies: list[Message] = field(default_factory=list)
    views: dict[str, Shown] = field(default_factory=dict, repr=False)
    """What individual people see instead after pressing something; cleared by the next edit."""
    deleted: bool = False
    accepted_at: float = 0.0
    """Monotonic seconds, for measuring gaps between posts."""

    @property
    def plain(self) -> str:
        """All that a phone's notification shows."""
        return self.summary or reading.read(self.text)

    def to(self, person: Any) -> Shown:
        """Returns what this person (or user id) sees."""
        return self.views.get(getattr(person, "id", person), self)

    def snapshot(self) -> Message:
        """Returns this message as it is now, for `press_stale` later."""
        return copy.deepcopy(self)

    __str__ = Shown.__str__


@dataclass
class Channel:
    """A channel of a team, or a private chat with the bot (`owner`). Set the flags as needed; `people` None means everybody.

    `private`: the bot is not in it. `messages` excludes replies.
    """

    id: str
    name: str = ""
    team: str = ""
    owner: str | None = None
    private: bool = False
    deleted: bool = False
    people: set[str] | None = None
    messages: list[Message] = field(default_factory=list)
    _by_id: dict[str, Message] = field(default_factory=dict, repr=False)

    def add(self, message: Message) -> None:
        (self._by_id[message.root].replies if message.root else self.messages).append(message)
        self._by_id[message.id] = message

    def remove(self, message: Message) -> None:
        message.deleted = True
        del self._by_id[message.id]
        siblings = self._by_id[message.root].replies if message.root else self.messages
        siblings.remove(message)

    def find(self, id: str) -> Message | None:
        return self._by_id.get(id)

    @property
    def is_personal(self) -> bool:
        return self.owner is not None

    @property
    def everything(self) -> list[Message]:
        """Messages and replies in the order they were accepted."""
        return sorted((m for top in self.messages for m in (top, *top.replies)), key=lambda m: int(m.id))


@dataclass
class Team:
    """A team; its id is also that of its General channel. `installed`: the bot is in it."""

    id: str
    name: str
    group: str
    installed: bool = False


@dataclass(frozen=True)
class Call:
    """One call of the connector, login or issuer. `at` is monotonic seconds; `outcome` is `ok`, an error code or the fault."""

    method: str
    conversation: str
    args: Any
    at: float
    outcome: str = ""
