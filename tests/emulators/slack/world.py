"""The objects in a Slack workspace as the emulator stores them and tests read them."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.emulators.slack import words
from tests.emulators.slack.shapes import walk

Json = dict[str, Any]


def named_blocks(blocks: list[Json], at: int = 0) -> list[Json]:
    """Returns a copy as Slack stores it: blocks without a block_id get one, text objects their defaults."""
    stored = copy.deepcopy(blocks)
    for number, block in enumerate(stored):
        block.setdefault("block_id", f"b{at}x{number}")
    for node in walk(stored):
        if node.get("type") == "plain_text":
            node.setdefault("emoji", True)
        elif node.get("type") == "mrkdwn":
            node.setdefault("verbatim", False)
    return stored


@dataclass(kw_only=True)
class Shown:
    """Anything with blocks that people see: a message, an ephemeral, a modal, a Home tab. str() is what they read."""

    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    names: words.Names = field(default=lambda user: user, repr=False)

    def live_markup(self) -> list[str]:
        """Returns mentions, channel-wide calls and links in `<…>` that are live here; date tokens are in `dates()`."""
        live = ("!", "@", "#", "http", "mailto:", "tel:", "slack:")
        return [t for t in self._tokens() if not t.startswith("<!date^") and (t[1:].startswith(live) or t.startswith("["))]

    def links(self, label: str) -> list[str]:
        """Returns the addresses behind the links with this label, in reading order. Of markup and buttons, none is looked at."""
        return [node["url"] for node in walk(self.blocks) if node.get("type") == "link" and node.get("text") == label]

    def dates(self) -> list[str]:
        """Returns date tokens, which each reader sees in their own time zone."""
        return [token for token in self._tokens() if token.startswith("<!date^")]

    def bare_links(self) -> list[str]:
        """Returns bare addresses and @here in mrkdwn, which Slack's client links automatically; `verbatim` prevents it."""
        return words.bare(self.text, self.blocks)

    @property
    def elements(self) -> Iterator[tuple[Json, Json]]:
        """Every element with an action_id, with its block."""
        for block in self.blocks:
            for node in walk(block):
                if "action_id" in node:
                    yield block, node

    @property
    def buttons(self) -> list[str]:
        """The labels of what can be pressed in reading order, including the options of menus."""
        labels: list[str] = []
        for _, element in self.elements:
            if element["type"] == "button":
                labels.append(element["text"]["text"])
            elif element["type"] in ("overflow", "static_select"):
                labels += [option["text"]["text"] for option in words.options_of(element)]
        return labels

    def _tokens(self) -> list[str]:
        return words.tokens(self.text, self.blocks)

    def __str__(self) -> str:
        return "\n".join(words.lines(self.blocks, self.names)) if self.blocks else words.read(self.text, self.names)


@dataclass(kw_only=True)
class Message(Shown):
    """A message as it is now. `author` is a user id; `via` is the response_url an ephemeral came through."""

    channel: str
    ts: str
    author: str
    thread_ts: str | None = None
    metadata: Json | None = None
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    edits: int = 0
    versions: list[str] = field(default_factory=list)
    """What people read here over time, the first version first."""
    replies: list[Message] = field(default_factory=list)
    broadcast: bool = False
    ephemeral_to: str | None = None
    marks: Json = field(default_factory=dict, repr=False)
    """What Slack adds to an app's messages: bot_id, app_id, team."""
    via: str | None = None
    deleted: bool = False
    accepted_at: float = 0.0
    """Monotonic seconds, for measuring gaps between posts."""

    @property
    def plain(self) -> str:
        """The text twin as people read it: all that a phone's notification shows."""
        return words.read(self.text, self.names)

    def snapshot(self) -> Message:
        """Returns this message as it is now, for `press_stale` later."""
        return copy.copy(self)

    def as_json(self, *, metadata: bool = False) -> Json:
        shown: Json = {"type": "message", "text": self.text, "user": self.author, "ts": self.ts, **self.marks}
        if self.blocks:
            shown["blocks"] = self.blocks
        if self.thread_ts:
            shown["thread_ts"] = self.thread_ts
        if self.replies:
            shown |= {"thread_ts": self.ts, "reply_count": len(self.replies), "latest_reply": self.replies[-1].ts}
        if self.edits:
            shown["edited"] = {"user": self.author, "ts": self.ts}
        if metadata and self.metadata:
            shown["metadata"] = self.metadata
        return copy.deepcopy(shown)

    __str__ = Shown.__str__


@dataclass(kw_only=True)
class View(Shown):
    """A modal or a Home tab. `open` is False once it was closed, submitted or replaced."""

    id: str
    user: str
    payload: Json
    hash: str
    trigger: str | None = None
    root: str = ""
    previous: str | None = None
    open: bool = True
    versions: int = 1

    @property
    def title(self) -> str:
        return str(self.payload.get("title", {}).get("text", ""))

    def replace(self, payload: Json) -> None:
        """Show other content in the same view, as views.update does."""
        self.payload = payload
        self.blocks = named_blocks(payload["blocks"])
        self.hash = f"{self.versions}.{secrets.token_hex(4)}"
        self.versions += 1

    def __str__(self) -> str:
        submit = self.payload.get("submit", {}).get("text")
        shown = [self.title, *words.lines(self.blocks, self.names), f"[ {submit} ]" if submit else ""]
        return "\n".join(line for line in shown if line)


@dataclass
class Channel:
    """A conversation. Set the flags as needed; `people` None means everybody. `messages` excludes replies."""

    id: str
    name: str = ""
    private: bool = False
    member: bool = True
    archived: bool = False
    missing: bool = False
    shared: bool = False
    people: set[str] | None = None
    owner: str | None = None
    messages: list[Message] = field(default_factory=list)
    _by_ts: dict[str, Message] = field(default_factory=dict, repr=False)

    def add(self, message: Message, parent: Message | None = None) -> None:
        (parent.replies if parent else self.messages).append(message)
        self._by_ts[message.ts] = message

    def remove(self, message: Message) -> None:
        message.deleted = True
        del self._by_ts[message.ts]
        parent = self._by_ts.get(message.thread_ts or "")
        siblings = parent.replies if parent else self.messages
        if message in siblings:
            siblings.remove(message)

    @property
    def is_dm(self) -> bool:
        return self.id.startswith("D")

    @property
    def everything(self) -> list[Message]:
        """Messages and replies in the order they were accepted."""
        return sorted((m for top in self.messages for m in (top, *top.replies)), key=lambda m: m.ts)

    def find(self, ts: str) -> Message | None:
        return self._by_ts.get(ts)


@dataclass(frozen=True)
class Call:
    """One call of the Web API. `at` is monotonic seconds; `outcome` is `ok`, an error code or the fault."""

    method: str
    args: Json
    at: float
    outcome: str = ""
