"""Who is let in from Microsoft Teams: the matrix of tokens, keys that roll, storms of forged ones, and addresses that may be called."""

from __future__ import annotations

import base64
import hmac
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.chats.msteams import Options, addresses
from bot.chats.msteams.keys import REFETCH, Keys, UnknownKey
from storage.database import Store
from tests.chats.teams_world import APP, TENANT, World, world
from tests.emulators.msteams.tokens import made

pytestmark = pytest.mark.anyio

NOW = int(time.time())


@pytest.fixture
async def here(store: Store) -> AsyncIterator[World]:
    async with world(store) as here:
        yield here


def none(token: str) -> str:
    return jwt.encode(jwt.decode(token, options={"verify_signature": False}), "", "none", headers={"kid": "key-0"})


def hs256(token: str) -> str:
    """Signed by hand: no library signs with a public key for a secret."""
    public = made(0).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT","kid":"key-0"}').rstrip(b"=")
    said = head + b"." + token.split(".")[1].encode()
    return (said + b"." + base64.urlsafe_b64encode(hmac.digest(public, said, "sha256")).rstrip(b"=")).decode()


def tampered(token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body[:-4]}AAAA.{signature}"


def unsigned(token: str) -> str:
    return token.rsplit(".", 1)[0] + "."


def kidless(token: str) -> str:
    return jwt.encode(jwt.decode(token, options={"verify_signature": False}), made(0), "RS256")


CLAIMS: dict[str, dict[str, Any]] = {
    "for another app": {"aud": "22222222-2222-3333-4444-555555555555"},
    "for nobody": {"aud": None},
    "for a list of apps": {"aud": [APP]},
    "from another issuer": {"iss": "https://sts.windows.net/evil/"},
    "from no issuer": {"iss": None},
    "expired beyond the skew": {"exp": NOW - 400},
    "that never expires": {"exp": None},
    "whose end is no number": {"exp": "never"},
    "not yet valid": {"nbf": NOW + 9000},
    "issued in the future": {"iat": NOW + 9000},
    "without a service address": {"serviceurl": None},
    "for another service address": {"serviceurl": "https://smba.trafficmanager.net/emea/"},
    "signed by a stranger": {"key": 2, "kid": "key-0"},
    "signed by a key that is not published": {"key": 2},
}


@pytest.mark.parametrize("claims", CLAIMS.values(), ids=CLAIMS)
async def test_a_token_that_does_not_hold_is_refused(here: World, claims: dict[str, Any]) -> None:
    token = here.issuer.token(f"{here.url}/", **claims)
    answer = await here.send(here.press({"verb": "claim", "target": 1}), f"Bearer {token}")
    assert answer.status_code in (401, 403), answer.text
    assert here.taps == []


HEADERS: dict[str, Callable[[str], str]] = {
    "none": lambda token: "",
    "empty": lambda token: "Bearer ",
    "basic": lambda token: "Basic dXNlcjpwYXNz",
    "lower case": lambda token: f"bearer {token}",
    "three parts": lambda token: f"Bearer {token} more",
    "garbage": lambda token: "Bearer garbage",
    "dots": lambda token: "Bearer ...",
    "tampered": lambda token: f"Bearer {tampered(token)}",
    "without signature": lambda token: f"Bearer {unsigned(token)}",
    "alg none": lambda token: f"Bearer {none(token)}",
    "HS256 with the public key": lambda token: f"Bearer {hs256(token)}",
    "without kid": lambda token: f"Bearer {kidless(token)}",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
async def test_a_header_that_proves_nothing_is_refused(here: World, header: Callable[[str], str]) -> None:
    answer = await here.send(here.press({"verb": "claim", "target": 1}), header(here.issuer.token(f"{here.url}/")))
    assert answer.status_code == 401, answer.text
    assert here.taps == []


async def test_a_good_token_is_let_in_even_a_little_after_its_end(here: World) -> None:
    now = int(time.time())  # not NOW: the suite may have begun minutes ago
    for claims in ({}, {"exp": now - 200}, {"nbf": now + 200}):
        token = here.issuer.token(f"{here.url}/", **claims)
        assert (await here.send(here.press({"verb": "claim", "target": 1}), f"Bearer {token}")).status_code == 200


@pytest.mark.parametrize("listed", [["webchat"], []], ids=["another channel", "no channel"])
async def test_a_key_that_does_not_speak_for_teams_is_refused(store: Store, listed: list[str]) -> None:
    async with world(store) as here:
        here.issuer.endorsements, here.issuer.published = listed, [0, 1]
        token = here.issuer.token(f"{here.url}/", key=1)
        answer = await here.send(here.press({"verb": "claim", "target": 1}), f"Bearer {token}")
        assert answer.status_code == 403


SERVICES: dict[str, Any] = {
    "none": None,
    "empty": "",
    "no text": 7,
    "foreign": "https://evil.example/",
    "plain http": "http://smba.trafficmanager.net/emea/",
    "another port": "http://127.0.0.1:1/",
    "a user name": "http://127.0.0.1:{port}@evil.example/",
    "a longer host": "http://127.0.0.1.evil.example:{port}/",
    "a query": "http://127.0.0.1:{port}/?a=b",
    "a backslash": "http://127.0.0.1:{port}\\@evil.example/",
}


@pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES)
async def test_a_service_address_not_on_the_list_is_refused_and_never_called(here: World, service: Any) -> None:
    url = service.format(port=here.url.rsplit(":", 1)[1]) if isinstance(service, str) else service
    activity = here.press({"verb": "claim", "target": 1}) | {"serviceUrl": url}
    if url is None:
        del activity["serviceUrl"]
    answer = await here.send(activity, f"Bearer {here.issuer.token(url)}")
    assert answer.status_code == 403
    assert here.connector.calls == []


@pytest.mark.parametrize(
    "change", [{"channelId": "webchat"}, {"channelId": None}, {"conversation": {"id": "a:1", "tenantId": TENANT.replace("9", "1")}}]
)
async def test_another_channel_or_tenant_is_refused(here: World, change: dict[str, Any]) -> None:
    assert (await here.send(here.activity("message", text="help") | change)).status_code == 403


async def test_what_names_no_tenant_is_refused_and_one_place_is_enough(here: World) -> None:
    activity = here.activity("message", text="help")
    without = activity | {"conversation": {key: value for key, value in activity["conversation"].items() if key != "tenantId"}}
    assert (await here.send(without)).status_code < 300
    assert (await here.send(without | {"channelData": {}})).status_code == 403
    assert (await here.send(activity | {"channelData": {}})).status_code < 300


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"\xff", b'"a"', b"[" * 100_000])
async def test_what_is_not_an_activity_is_refused_without_an_error(here: World, body: bytes) -> None:
    header = {"authorization": f"Bearer {here.issuer.token(here.url)}"}
    assert (await here.client.post("/msteams/messages", content=body, headers=header)).status_code == 400


async def test_a_huge_body_is_not_read_to_its_end(here: World) -> None:
    header = {"authorization": f"Bearer {here.issuer.token(here.url)}"}
    assert (await here.client.post("/msteams/messages", content=b" " * (1024 * 1024 + 1), headers=header)).status_code == 413


@pytest.mark.parametrize(
    "change",
    [
        {"from": None}, {"from": "ana"}, {"from": {"id": 7}}, {"conversation": None}, {"conversation": []}, {"channelData": "x"},
        {"channelData": {"team": 7}}, {"channelData": {"tenant": []}}, {"value": None}, {"value": []}, {"value": {"action": 7}},
        {"recipient": None}, {"id": 7}, {"type": 7}, {"type": None}, {"name": None}, {"membersAdded": "all"}, {"text": 7}, {"entities": 7},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("type", ["invoke", "message", "conversationUpdate", "installationUpdate"])
async def test_no_shape_of_a_signed_activity_is_an_error_of_ours(here: World, type: str, change: dict[str, Any]) -> None:
    activity = here.activity(type, name="adaptiveCard/action", value={"action": {"verb": "claim", "data": {"target": 1}}}) | change
    assert (await here.send(activity)).status_code < 500 or activity.get("name") is None


async def test_a_key_published_later_is_accepted_at_once_and_the_withdrawn_one_no_longer(here: World) -> None:
    here.issuer.published = [1]
    fresh = f"Bearer {here.issuer.token(f'{here.url}/', key=1)}"
    assert (await here.send(here.press({"verb": "claim", "target": 1}), fresh)).status_code == 200
    assert (await here.send(here.press({"verb": "claim", "target": 1}))).status_code == 401


async def test_forged_keys_cause_one_fetch_a_minute_and_a_new_key_is_accepted_after_it(here: World) -> None:
    fetches, clock = 0, 1000.0

    def document(request: httpx.Request) -> httpx.Response:
        nonlocal fetches
        fetches += request.url.path == "/openid"
        said = {"jwks_uri": "http://127.0.0.1/keys"} if request.url.path == "/openid" else {"keys": [published]}
        return httpx.Response(200, json=said)

    published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(made(0).public_key())) | {"kid": "old"}
    async with httpx.AsyncClient(transport=httpx.MockTransport(document)) as client:
        keys = Keys("http://127.0.0.1/openid", lambda: client, lambda: clock)
        assert await keys.get("old")
        for n in range(500):
            clock += 1
            with pytest.raises(UnknownKey):
                await keys.get(f"forged-{n}")
        assert fetches <= 1 + 500 / REFETCH + 1
        published["kid"] = "new"
        clock += REFETCH
        assert await keys.get("new")
        with pytest.raises(UnknownKey):
            await keys.get("old")


async def test_first_deliveries_that_arrive_together_share_one_fetch(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.chats.msteams.keys.WAIT", 30.0)  # however slow this machine is
    async with world(store) as here:
        here.issuer.fetches, here.issuer.slow = 0, 0.1
        here.chat._keys._keys = {}  # as if nothing had been fetched yet
        answers: list[int] = []

        async def one() -> None:
            answers.append((await here.send(here.press({"verb": "claim", "target": 1}))).status_code)

        here.chat._keys._asked_at = -1e9
        async with anyio.create_task_group() as together:
            for _ in range(50):
                together.start_soon(one)
        assert answers == [200] * 50
        assert here.issuer.fetches == 1


async def test_while_the_keys_cannot_be_fetched_everybody_is_refused_and_nobody_waits_for_ever(store: Store) -> None:
    async with world(store) as here:
        here.chat._keys._keys, here.issuer.away, here.issuer.fetches = {}, True, 0
        here.chat._keys._asked_at = -1e9
        for _ in range(20):
            assert (await here.send(here.press({"verb": "claim", "target": 1}))).status_code == 401
        assert here.issuer.fetches == 1


@pytest.mark.parametrize(
    "change",
    [
        {"app_id": ""}, {"app_id": "  "}, {"app_secret": " "}, {"tenant": ""}, {"service_urls": []},
        {"tenant": "northwind.onmicrosoft.com"}, {"tenant": "northwind"}, {"tenant": f"{TENANT}/x"},
        {"service_urls": ["http://smba.trafficmanager.net/"]}, {"openid_url": "http://login.example/openid"}, {"login_url": "ftp://x/"},
    ],
    ids=str,
)  # fmt: skip
def test_without_an_app_id_or_with_an_unsafe_address_the_chat_refuses_to_start(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Options.model_validate({"app_id": APP, "app_secret": "very-s3cret", "tenant": TENANT, **change})
    assert "very-s3cret" not in str(refused.value)


@given(st.text(max_size=60))
def test_no_text_is_taken_for_an_allowed_address_unless_its_host_is(text: str) -> None:
    allowed = ["https://smba.trafficmanager.net/"]
    for url in (text, f"https://{text}", f"https://smba.trafficmanager.net{text}"):
        if addresses.allowed(url, allowed):
            assert httpx.URL(url).host == "smba.trafficmanager.net"
            assert httpx.URL(url).userinfo == b""


@pytest.mark.parametrize("url", ["https://SMBA.trafficmanager.net:443/amer/", "https://smba.trafficmanager.net/emea/"])
def test_scheme_host_and_port_count_and_the_path_does_not(url: str) -> None:
    assert addresses.allowed(url, ["https://smba.trafficmanager.net/"])


def test_naming_the_chat_loads_nothing_of_the_bot_builder() -> None:
    code = "import sys, bot.chats.msteams; print(*[m for m in sys.modules if m.startswith(('botb', 'botf', 'msrest', 'httpx'))])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
