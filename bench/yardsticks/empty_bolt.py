"""Bolt with one listener that only acknowledges, in its fastest mode: `python -m bench.yardsticks.empty_bolt`."""

from __future__ import annotations

import re

import uvloop
from slack_bolt.adapter.asgi.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bench.northwind import SIGNING_SECRET
from bot.port import listen
from bot.serve import answer


async def authorize() -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1", bot_id="B1", bot_user_id="UB")


async def main() -> None:
    app = AsyncApp(signing_secret=SIGNING_SECRET, authorize=authorize, process_before_response=True)

    @app.action(re.compile(".*"))
    async def on_press(ack: AsyncAck) -> None:
        await ack()

    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await answer(AsyncSlackRequestHandler(app, path="/slack/events"), listening)  # type: ignore[arg-type]


if __name__ == "__main__":
    uvloop.run(main())
