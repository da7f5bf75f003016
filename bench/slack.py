"""A fast counterpart of Slack's Web API: accepts posts no faster than allowed, and remembers when each one came.

`python -m bench.slack [SECONDS_APART] [ANSWER_SECONDS]`; 0 apart allows everything. `GET /came` tells all about the posts, as
JSON: `posts` is a list of [channel, text, key, ts, when], `when` by time.monotonic, which all processes of a machine share;
`violations` counts the 429s.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from typing import Any
from urllib.parse import parse_qsl

import uvloop

from bot.serve import answer, listen

TOLERANCE_S = 0.05
"""How much too early a post may come, for it travelled."""


class Slack:
    """An ASGI application. Strict: no bursts, and a post that comes too early delays what may come after it."""

    def __init__(self, apart: float, answer_after: float) -> None:
        self.apart, self.answer_after = apart, answer_after
        self.posts: list[tuple[str, str, str, str, float]] = []
        self.violations = 0
        self._next: dict[str, float] = {}
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        method = scope["path"].rpartition("/")[2]
        status, said = 200, self._said(method, body or scope["query_string"])
        if said is None:
            status, said = 429, {"ok": False, "error": "ratelimited"}
        if self.answer_after and method.startswith("chat."):
            await asyncio.sleep(self.answer_after)
        out = json.dumps(said).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(out))]
        await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"retry-after", b"1")]})
        await send({"type": "http.response.body", "body": out})

    def _said(self, method: str, body: bytes) -> dict[str, Any] | None:
        """The answer; None for a post that came too early."""
        now = time.monotonic()
        match method:
            case "came":
                return {"posts": self.posts, "violations": self.violations}
            case "auth.test":
                return {"ok": True, "team_id": "T1", "user_id": "UB", "bot_id": "B1", "team": "Northwind", "user": "hero"}
            case "users.info":
                user = dict(parse_qsl(body.decode())).get("user", "")
                return {"ok": True, "user": {"id": user, "name": user.lower(), "tz": "Europe/Oslo", "profile": {}}}
            case "chat.postMessage":
                said = json.loads(body)
                return self._post(said["channel"], said["text"], said.get("metadata"), now)
            case "chat.update":
                return {"ok": True, "channel": "C1", "ts": "1.000001"}
            case _:
                return {"ok": True}

    def _post(self, channel: str, text: str, metadata: dict[str, Any] | None, now: float) -> dict[str, Any] | None:
        soonest = self._next.get(channel, 0.0)
        if now < soonest - TOLERANCE_S:
            self.violations += 1
            self._next[channel] = now + self.apart
            return None
        self._next[channel] = max(now, soonest) + self.apart
        ts = f"{int(time.time())}.{next(self._numbers):06d}"
        self.posts.append((channel, text, (metadata or {}).get("event_payload", {}).get("key", ""), ts, now))
        return {"ok": True, "channel": channel, "ts": ts}


async def main(apart: float = 0, answer_after: float = 0) -> None:
    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await answer(Slack(apart, answer_after), listening)


if __name__ == "__main__":
    uvloop.run(main(*map(float, sys.argv[1:])))
