"""A fast emulation of Microsoft Teams: the issuer's documents, the login, and a connector that accepts everything.

`python -m bench.msteams KEYS`, where KEYS is a file with the published signing keys.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import uvloop

from bot.port import listen
from bot.serve import answer

TEAM, CHANNEL = "19:northwind@thread.tacv2", "19:c000@thread.tacv2"


class MsTeams:
    """An ASGI application. `origin` is its own URL."""

    def __init__(self, keys: Any, origin: str) -> None:
        self._documents = {
            "/openid": {"issuer": "https://api.botframework.com", "jwks_uri": f"{origin}keys"}
            | {"id_token_signing_alg_values_supported": ["RS256"]},
            "/keys": keys,
            f"/v3/teams/{TEAM}/conversations": {"conversations": [{"id": TEAM}, {"id": CHANNEL, "name": "C000"}]},
        }
        self._numbers = itertools.count(1)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body", False):
            pass
        out = json.dumps(self._said(scope["path"])).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(out))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": out})

    def _said(self, path: str) -> Any:
        if (document := self._documents.get(path)) is not None:
            return document
        if path.endswith("/token"):
            return {"access_token": "x", "expires_in": 3600, "token_type": "Bearer"}
        if "/members/" in path:
            return {"id": path.rpartition("/")[2], "name": "Somebody"}
        number = str(next(self._numbers))
        return {"id": f"{CHANNEL};messageid={number}" if path == "/v3/conversations" else number, "activityId": number}


async def main(keys: Any) -> None:
    listening = listen("127.0.0.1", 0)
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}/"
    print(origin, flush=True)
    await answer(MsTeams(keys, origin), listening)


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(sys.argv[1]).read_text())))
