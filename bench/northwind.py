"""A made-up company to measure: its app.yaml, its customers' feedback and its people's taps, signed as the real ones are."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.config import Settings, load
from bot.listening import reading
from handlers.arrivals.arrival import Arrival
from handlers.receive import receive
from storage import schema
from storage.database import Store

KEY = b"0123456789abcdef0123456789abcdef"
SIGNING_SECRET = "0123456789abcdef0123456789abcdef"

APP_ID, TENANT = "5a7d2f1c-0000-4000-8000-00000000be70", "7e4a47e4-0000-4000-8000-000000000001"
APP_SECRET = "a-secret-of-nobody"

HOUSE = """\
company: {{name: Northwind Coffee, timezone: Europe/Oslo}}
database: {database}
chats:
  {chat}
sources:
  survey: {{kind: plain, secret: whsec_{key}}}
teams:
{teams}
routes:
{routes}
"""
TEAM = '  team-{n}: {{title: Team {n}, channel: "{chat}:C{n:03}", hours: always, promise: {{claim: 4h, close: 2d}}}}'
ROUTE = "  - {{name: route {n}, when: {{band: detractor, tag: team-{n}}}, team: team-{n}, moment: rescue}}"


def app_yaml(
    folder: Path, *, slack: int | None = None, msteams: int | None = None, teams: int = 1, database: str | None = None
) -> Path:
    """Write an app.yaml with this many teams, each with a channel. The chat is Slack or Microsoft Teams at that local port, else
    practice; the database defaults to a SQLite file in the folder."""
    chat = _slack(slack) if slack is not None else _msteams(msteams) if msteams is not None else "practice: {}"
    name = chat.partition(":")[0]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "app.yaml"
    path.write_text(
        HOUSE.format(
            database=database or f"sqlite:///{folder}/hero.db",
            chat=chat,
            key=b64encode(KEY).decode(),
            teams="\n".join(TEAM.format(n=n, chat=name) for n in range(teams)),
            routes="\n".join(ROUTE.format(n=n) for n in range(teams)),
        ),
        encoding="utf-8",
    )
    return path


def _slack(port: int) -> str:
    return f'slack: {{bot_token: xoxb-1, signing_secret: "{SIGNING_SECRET}", api_url: "http://127.0.0.1:{port}/api/"}}'


def _msteams(port: int) -> str:
    origin = f"http://127.0.0.1:{port}"
    where = f'login_url: "{origin}", openid_url: "{origin}/openid", service_urls: ["{origin}/"]'
    return f'msteams: {{app_id: "{APP_ID}", app_secret: "{APP_SECRET}", tenant: "{TENANT}", {where}}}'


def settings(path: Path) -> Settings:
    """Returns the settings of that app.yaml."""
    loaded = load(path, environ={})
    assert loaded.settings is not None, [str(finding) for finding in loaded.findings]
    return loaded.settings


def feedback(number: int, team: int = 0) -> dict[str, Any]:
    """Returns the feedback of one customer of a team, about 700 bytes of JSON."""
    return {
        "id": f"r-{number}",
        "metric": "nps",
        "score": 3,
        "scale": [0, 10],
        "comment": "Waited 45 minutes for the order and nobody came to say why. " * 4,
        "occurred_at": "2026-11-20T10:00:00Z",
        "customer": {"key": f"c-{number}", "name": "Dana Reyes", "email": f"dana.{number}@example.com", "company": "Acme"}
        | {"phone": "+47 400 00 000", "value": 4800, "currency": "NOK", "segment": "gold"},
        "touchpoint": "collection",
        "tags": [f"team-{team}"],
        "link": f"https://survey.example/r/{number}",
        "wants_contact": True,
    }


def arrival(number: int, team: int = 0) -> Arrival:
    """Returns the same feedback as the handler gets it."""
    return Arrival("survey", reading.feedback(feedback(number, team)), datetime.now(UTC))


def seeded(path: Path, numbers: Sequence[int], teams: int = 1) -> None:
    """Create open follow-ups in the database of an app.yaml that nobody serves yet, for each team in turn."""
    ours = settings(path)
    with closing(Store(ours.database)) as store:
        schema.migrate(store)
        store.write_sync(receive, ours.company, [arrival(number, number % teams) for number in numbers])


def deliveries(prefix: str) -> Iterator[bytes]:
    """Yields signed requests to /feedback/survey without end, each of another customer. Ids are unique for a prefix."""
    said = feedback(0)
    customer = said["customer"] | {"key": "c-\0", "email": "dana.\0@example.com"}
    pieces = json.dumps(said | {"id": "\0", "customer": customer}).encode().split(b"\\u0000")
    head = b"POST /feedback/survey HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: %d\r\n"
    signed = b"webhook-id: %b\r\nwebhook-timestamp: %d\r\nwebhook-signature: v1,%b\r\n\r\n%b"
    for number in itertools.count():
        id_, at = b"%b-%d" % (prefix.encode(), number), int(time.time())
        body = id_.join(pieces)
        signature = b64encode(hmac.digest(KEY, b"%b.%d.%b" % (id_, at, body), "sha256"))
        yield head % len(body) + signed % (id_, at, signature, body)


def delivery(said: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Returns the body and the headers with which a survey tool would send that to /feedback/survey."""
    body, id_, at = json.dumps(said).encode(), f"msg-{said['id']}", int(time.time())
    signature = b64encode(hmac.digest(KEY, f"{id_}.{at}.".encode() + body, "sha256")).decode()
    told = {"webhook-id": id_, "webhook-timestamp": str(at), "webhook-signature": f"v1,{signature}"}
    return body, {"content-type": "application/json"} | told


def claim(follow_up: int, user: str, respond_to: str) -> bytes:
    """Returns a signed request to /slack/events: somebody presses Claim below a card."""
    return _to_slack(press("claim", follow_up, user, respond_to))


def press(verb: str, follow_up: int, user: str, respond_to: str) -> dict[str, Any]:
    """Returns Slack's payload for a button pressed below a card."""
    text = {"type": "mrkdwn", "text": "x" * 400}
    return {
        "type": "block_actions",
        "user": {"id": user, "username": user.lower(), "team_id": "T1"},
        "api_app_id": "A1",
        "token": "x",
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C000"},
        "trigger_id": "1.2.3",
        "team": {"id": "T1", "domain": "northwind"},
        "channel": {"id": "C000", "name": "oak-street"},
        "response_url": respond_to,
        "message": {"bot_id": "B1", "type": "message", "text": "card", "ts": "1.2"}
        | {"blocks": [{"type": "section", "block_id": "b1", "text": text}]},
        "actions": [{"action_id": verb, "block_id": "b2", "type": "button", "value": str(follow_up), "action_ts": "1.3"}],
    }


def filled(verb: str, follow_up: int, user: str, answers: Mapping[str, str]) -> dict[str, Any]:
    """Returns Slack's payload for a submitted form."""
    values = {name: {name: {"type": "plain_text_input", "value": value}} for name, value in answers.items()}
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": verb,
        "private_metadata": json.dumps({"target": follow_up, "channel": "C000"}),
        "state": {"values": values},
    }
    user_ = {"id": user, "username": user.lower(), "team_id": "T1"}
    return {"type": "view_submission", "user": user_, "api_app_id": "A1", "token": "x", "team": {"id": "T1"}, "view": view}


def signed(payload: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Returns the body and the headers with which Slack would send that payload."""
    body, at = b"payload=" + quote(json.dumps(payload)).encode(), int(time.time())
    signature = hmac.new(SIGNING_SECRET.encode(), b"v0:%d:%b" % (at, body), hashlib.sha256).hexdigest()
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return body, kind | {"x-slack-request-timestamp": str(at), "x-slack-signature": f"v0={signature}"}


def _to_slack(payload: Mapping[str, Any]) -> bytes:
    body, headers = signed(payload)
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /slack/events HTTP/1.1\r\nhost: localhost\r\n{told}content-length: {len(body)}\r\n\r\n".encode() + body
