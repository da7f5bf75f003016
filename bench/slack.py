"""A fast emulation of Slack's Web API: enforces the rate limits of posts and edits, and records when each came.

`python -m bench.slack [SECONDS_APART] [ANSWER_SECONDS] [SICK_STATUS SICK_SECONDS]`; 0 apart disables the limits. With a sick
status the channel SICK answers with it for that long, from the first post into it.

`GET /came` returns a JSON record: `posts` is a list of [channel, text, key, ts, when], `when` by time.monotonic, which all
processes of a machine share; `violations` counts the 429s of posts; `edits` has the time of each chat.update, accepted or
not; `shown` has the current text of each message by "channel/ts"; `sick` counts the calls that the sick channel refused.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import uvloop

from bot.port import listen
from bot.serve import answer

TOLERANCE_S = 0.05
"""How much too early a post may come, to allow for its travel time."""
EDITS, EDITS_S = 50, 60.0
"""At most this many edits in any period of this many seconds."""
SICK = "C000"

Answer = tuple[int, dict[str, Any]]
"""The status and the body of an answer."""
LIMITED: Answer = (HTTPStatus.TOO_MANY_REQUESTS, {"ok": False, "error": "ratelimited"})


class Slack:
    """An ASGI application. Strict: no bursts, and a post that comes too early delays those after it."""

    def __init__(self, apart: float = 0, answer_after: float = 0, sick_status: float = 0, sick_s: float = 0) -> None:
        self.apart, self.answer_after = apart, answer_after
        self.sick_status, self.sick_s = int(sick_status), sick_s
        self.posts: list[tuple[str, str, str, str, float]] = []
        self.shown: dict[str, str] = {}
        self.edits: list[float] = []
        self.violations = self.asked_in_vain = 0
        self._in: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self._next: dict[str, float] = {}
        self._lately: deque[float] = deque()
        self._sick_until = 0.0
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        method = scope["path"].rpartition("/")[2]
        status, said = self.said(method, body or scope["query_string"], time.monotonic())
        if self.answer_after and method.startswith("chat."):
            await asyncio.sleep(self.answer_after)
        out = json.dumps(said).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(out))]
        await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"retry-after", b"1")]})
        await send({"type": "http.response.body", "body": out})

    def said(self, method: str, body: bytes, now: float) -> Answer:
        """Returns the answer to a call made at `now`, by time.monotonic."""
        match method:
            case "came":
                told = {"posts": self.posts, "violations": self.violations, "edits": self.edits}
                return 200, told | {"shown": self.shown, "sick": self.asked_in_vain}
            case "auth.test":
                return 200, {"ok": True, "team_id": "T1", "user_id": "UB", "bot_id": "B1", "team": "Northwind", "user": "hero"}
            case "users.info":
                user = _form(body).get("user", "")
                return 200, {"ok": True, "user": {"id": user, "name": user.lower(), "tz": "Europe/Oslo", "profile": {}}}
            case "chat.postMessage":
                return self._post(json.loads(body), now)
            case "chat.update":
                return self._edit(json.loads(body), now)
            case "conversations.history":
                return 200, self._history(_form(body))
            case _:
                return 200, {"ok": True}

    def _post(self, said: Mapping[str, Any], now: float) -> Answer:
        channel, metadata = said["channel"], said.get("metadata") or {}
        if self.sick_status and channel == SICK:
            self._sick_until = self._sick_until or now + self.sick_s
            if now < self._sick_until:
                self.asked_in_vain += 1
                return self.sick_status, {"ok": False, "error": HTTPStatus(self.sick_status).phrase}
        soonest = self._next.get(channel, 0.0)
        if now < soonest - TOLERANCE_S:
            self.violations += 1
            self._next[channel] = now + self.apart
            return LIMITED
        self._next[channel] = max(now, soonest) + self.apart
        ts = f"{int(time.time())}.{next(self._numbers):06d}"
        self.posts.append((channel, said["text"], metadata.get("event_payload", {}).get("key", ""), ts, now))
        self.shown[f"{channel}/{ts}"] = said["text"]
        self._in[channel].append({"type": "message", "bot_id": "B1", "ts": ts, "text": said["text"], "metadata": metadata})
        return 200, {"ok": True, "channel": channel, "ts": ts}

    def _edit(self, said: Mapping[str, Any], now: float) -> Answer:
        """Refused edits count, too: retrying in a tight loop gains nothing."""
        self.edits.append(now)
        self._lately.append(now)
        while self._lately[0] <= now - EDITS_S:
            self._lately.popleft()
        if self.apart and len(self._lately) > EDITS:
            return LIMITED
        channel, ts = said["channel"], said["ts"]
        if f"{channel}/{ts}" not in self.shown:
            return 200, {"ok": False, "error": "message_not_found"}
        self.shown[f"{channel}/{ts}"] = said["text"]
        return 200, {"ok": True, "channel": channel, "ts": ts}

    def _history(self, asked: Mapping[str, str]) -> dict[str, Any]:
        """Newest first, paginated; the cursor is an offset. Metadata is included only on request."""
        found = [each for each in reversed(self._in[asked["channel"]]) if float(each["ts"]) >= float(asked.get("oldest", 0))]
        first = int(asked.get("cursor") or 0)
        last = first + int(asked.get("limit", 100))
        hidden = set() if asked.get("include_all_metadata", "").lower() in ("1", "true") else {"metadata"}
        page = [{name: value for name, value in each.items() if name not in hidden} for each in found[first:last]]
        return {"ok": True, "messages": page, "response_metadata": {"next_cursor": str(last) if len(found) > last else ""}}


def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode()))


async def main(*how: float) -> None:
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await answer(Slack(*how), listening)


if __name__ == "__main__":
    uvloop.run(main(*map(float, sys.argv[1:])))
