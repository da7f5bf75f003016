"""Goal 12: a tap on Claim in Microsoft Teams, next to the Bot Framework SDK with a bot that does nothing."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from bench import northwind
from bench.load import Loader
from bench.msteams import CHANNEL, TEAM
from bench.processes import LOAD, running
from bench.report import Figure, Outcome

LONE = 100
"""Claims made one after another, each on a follow-up of its own."""
REST_S = 0.01
"""Seconds between two taps, so that the work after the first is done."""
CLAIMED = "SELECT count(*) FROM follow_up WHERE state = 'claimed' AND owner_id IS NOT NULL"


def check(rounds: int, folder: Path) -> Outcome:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    keys = _published(key, folder)
    with ExitStack() as stack:
        teams = stack.enter_context(running(["-m", "bench.msteams", str(keys)], folder / "msteams.log", LOAD))
        house = northwind.app_yaml(folder, msteams=teams.port)
        northwind.seeded(house, range((rounds + 1) * LONE))
        hero = stack.enter_context(running(["-m", "bot", "serve", "--config", str(house), "--port", "0"], folder / "hero.log"))
        service = f"http://127.0.0.1:{teams.port}/"
        yardstick = ["-m", "bench.yardsticks.empty_botbuilder", f"{service}openid"]
        bare = stack.enter_context(running([*yardstick, "bare"], folder / "bare.log"))
        stock = stack.enter_context(running(yardstick, folder / "stock.log"))
        load = stack.enter_context(Loader())
        token = _token(key, service)
        assert load(hero.port, partial(_installed, token, service)).statuses == {200: 1}
        hero.settle()
        taken = []
        for n in range(rounds + 1):
            taps = partial(_in_turn, range(n * LONE + 1, (n + 1) * LONE + 1), token, service)
            ours = load(hero.port, taps, gap=REST_S)
            hero.settle()
            taken.append((ours, load(bare.port, taps, gap=REST_S), load(stock.port, taps, gap=REST_S)))
    for answers in (one for each in taken for one in each):
        assert set(answers.statuses) == {200}, answers.statuses
    with closing(sqlite3.connect(folder / "hero.db")) as database:
        ((claimed,),) = database.execute(CLAIMED).fetchall()
    assert claimed == (rounds + 1) * LONE, f"{claimed} of {(rounds + 1) * LONE} were claimed"
    halves = [[answers.percentile(0.5) for answers in each] for each in taken[1:]]  # the first was a warm-up
    to_bare, to_stock = (median(each[0] / each[other] for each in halves) for other in (1, 2))
    hero_ms, bare_ms, stock_ms = (median(each[n] for each in halves) for n in range(3))
    what = "a tap in Microsoft Teams, answered after the commit (p50) ÷ an empty bot of the bot builder"
    return Outcome(
        [
            Figure(12, f"{what}, at its barest", to_bare, "×", 3, 2, "at most"),
            Figure(12, f"{what}, as its makers wire it", to_stock, "×", 3, 0.5, "at most"),
        ],
        f"{hero_ms:.2f} ms beside {bare_ms:.2f} ms at its barest and {stock_ms:.2f} ms as usual",
    )


def _published(key: rsa.RSAPrivateKey, folder: Path) -> Path:
    public = json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": "bench", "endorsements": ["msteams"]}
    file = folder / "keys.json"
    file.write_text(json.dumps({"keys": [public]}))
    return file


def _token(key: rsa.RSAPrivateKey, service: str) -> str:
    now = int(time.time())
    said = {
        "iss": "https://api.botframework.com",
        "aud": northwind.APP_ID,
        "serviceurl": service,
        "nbf": now - 60,
        "exp": now + 3600,
    }
    return jwt.encode(said, key, "RS256", headers={"kid": "bench"})


def _in_turn(follow_ups: Sequence[int], token: str, service: str) -> Sequence[Iterator[bytes]]:
    return [iter([_claim(follow_up, token, service) for follow_up in follow_ups])]


def _installed(token: str, service: str) -> Sequence[Iterator[bytes]]:
    added = _activity("conversationUpdate", "1", service, membersAdded=[{"id": f"28:{northwind.APP_ID}"}])
    return [iter([_request(added, token)])]


def _claim(follow_up: int, token: str, service: str) -> bytes:
    """A signed request: somebody presses Claim below a card."""
    action = {"type": "Action.Execute", "title": "I'll reply", "verb": "claim", "data": {"verb": "claim", "target": follow_up}}
    value = {"action": action, "trigger": "manual"}
    pressed = _activity("invoke", f"f:{follow_up}", service, name="adaptiveCard/action", value=value, replyToId="1")
    return _request(pressed, token)


def _activity(type: str, id: str, service: str, **more: Any) -> dict[str, Any]:
    talk = {"isGroup": True, "conversationType": "channel", "tenantId": northwind.TENANT, "id": f"{CHANNEL};messageid=1"}
    data = {"teamsChannelId": CHANNEL, "teamsTeamId": TEAM, "channel": {"id": CHANNEL}, "team": {"id": TEAM, "name": "Northwind"}}
    return {
        "type": type,
        "id": id,
        "timestamp": "2026-11-20T10:00:00.000Z",
        "localTimestamp": "2026-11-20T11:00:00.000+01:00",
        "channelId": "msteams",
        "serviceUrl": service,
        "from": {"id": "29:ana", "name": "Ana", "aadObjectId": "00000000-0000-4000-8000-000000000001"},
        "recipient": {"id": f"28:{northwind.APP_ID}", "name": "Action Hero"},
        "conversation": talk,
        "entities": [{"type": "clientInfo", "locale": "en-GB", "country": "GB", "platform": "Web", "timezone": "Europe/Oslo"}],
        "locale": "en-GB",
        "channelData": {**data, "tenant": {"id": northwind.TENANT}},
        **more,
    }


def _request(activity: dict[str, Any], token: str) -> bytes:
    body = json.dumps(activity).encode()
    head = b"POST /msteams/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    return head % len(body) + b"authorization: Bearer %b\r\n\r\n%b" % (token.encode(), body)
