"""The Bot Framework SDK with a bot that does nothing: `python -m bench.yardsticks.empty_botbuilder METADATA_URL [bare]`.

The SDK's usual adapter creates two connector clients per turn, which costs more than everything else. `bare` leaves them out:
the request is verified, parsed and dispatched, and that is all.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import uvloop
from botbuilder.core import CloudAdapterBase, TurnContext
from botbuilder.schema import Activity, InvokeResponse
from botframework.connector.auth import (
    BotFrameworkAuthenticationFactory,
    ChannelValidation,
    PasswordServiceClientCredentialFactory,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.northwind import APP_ID, APP_SECRET, TENANT
from bot.port import listen
from bot.serve import answer

DONE = {"statusCode": 200, "type": "application/vnd.microsoft.activity.message", "value": "Done."}


async def on_turn(context: TurnContext) -> None:
    said = InvokeResponse(status=200, body=DONE)
    await context.send_activity(Activity(type="invokeResponse", value=said))


class Bare(CloudAdapterBase):  # type: ignore[misc]
    """Runs the turn without the connector clients, which only proactive messages would need."""

    async def process_activity(
        self, auth_header_or_authenticate_request_result: Any, activity: Activity, logic: Any
    ) -> InvokeResponse | None:
        del auth_header_or_authenticate_request_result
        context = TurnContext(self, activity)
        await self.run_pipeline(context, logic)
        said = context.turn_state.get(self._INVOKE_RESPONSE_KEY)
        return said.value if said is not None else None


async def main(metadata_url: str, kind: str = "") -> None:
    ChannelValidation.open_id_metadata_endpoint = metadata_url
    secret = PasswordServiceClientCredentialFactory(APP_ID, APP_SECRET, TENANT)
    trust = BotFrameworkAuthenticationFactory.create(credential_factory=secret)
    adapter = Bare(trust) if kind == "bare" else CloudAdapterBase(trust)

    async def messages(request: Request) -> Response:
        activity = Activity().deserialize(json.loads(await request.body()))
        believed = await trust.authenticate_request(activity, request.headers.get("authorization"))
        response = await adapter.process_activity(believed, activity, on_turn)
        return JSONResponse(response.body, response.status) if response is not None else Response(status_code=202)

    listening = listen("127.0.0.1", 0)
    print(f"http://127.0.0.1:{listening.getsockname()[1]}/", flush=True)
    await answer(Starlette(routes=[Route("/msteams/messages", messages, methods=["POST"])]), listening)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
