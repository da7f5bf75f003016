"""The Microsoft Teams emulator's connector, login and issuer: what they accept, what they refuse and why, rates and faults."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulators.msteams import FORGERIES, Message, MsTeams
from tests.emulators.msteams.cards import MOST, check_card
from tests.emulators.msteams.errors import CODES
from tests.emulators.msteams.rates import READS, SENDS, TENANT, Meter
from tests.emulators.process import ended, started

Json = dict[str, Any]
UNHURRIED = 10.0
"""Real seconds per platform second, large enough that even a busy machine exceeds the limits."""
CARD = "application/vnd.microsoft.card.adaptive"


@pytest.fixture
def teams() -> Iterator[MsTeams]:
    """The bot is in a team with a channel, without rate limits."""
    with MsTeams(limits=False) as emulated:
        emulated.channel("Oak Street")
        emulated.team().installed = True
        emulated.user("ana", name="Ana Sæther", email="ana@northwind.example")
        yield emulated


def oak(teams: MsTeams) -> str:
    return teams.channel("Oak Street").id


def call(
    teams: MsTeams, verb: str, path: str, body: Any = None, *, token: str | None = None, within: float = 30.0, **query: str
) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or teams.issuer.token()}"} if token != "" else {}
    return httpx.request(
        verb,
        f"{teams.service_url}v3/{path}",
        json=body,
        params=query,
        headers=headers,
        timeout=within,
        trust_env=False,
        verify=False,
    )


def send(teams: MsTeams, activity: Json, conversation: str | None = None, **more: Any) -> httpx.Response:
    return call(teams, "POST", f"conversations/{conversation or oak(teams)}/activities", activity, **more)


def refusal(answer: httpx.Response) -> tuple[int, str, str]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


def card(*body: Json, actions: list[Json] | None = None, **more: Any) -> Json:
    said = {"type": "AdaptiveCard", "version": "1.5", "fallbackText": "New", "speak": "New", "body": list(body) or [text("Hello")]}
    return said | ({"actions": actions} if actions else {}) | more


def text(words: str = "x", **more: Any) -> Json:
    return {"type": "TextBlock", "text": words, "wrap": True, **more}


def button(title: str = "Claim", verb: str = "claim", **more: Any) -> Json:
    fallback = {"type": "Action.Submit", "title": title, "data": {"verb": verb}}
    return {"type": "Action.Execute", "title": title, "verb": verb, "data": {"target": 42}, "fallback": fallback, **more}


def asking(id: str = "why", **more: Any) -> Json:
    return {"type": "Input.Text", "id": id, "label": "Why?", **more}


def message(content: Json | None = None, **more: Any) -> Json:
    return {"type": "message", "summary": "New", "attachments": [{"contentType": CARD, "content": content or card()}], **more}


# Accepted messages, and how people read them


def test_a_card_is_read_as_people_read_it(teams: MsTeams) -> None:
    said = card(text("New · 3 of 10"), text("[bank](https://x.example)"), actions=[button(), button("Dismiss…", "dismiss")])
    assert send(teams, message(said)).status_code == 201
    [shown] = teams.channel("Oak Street").messages
    assert "[ Claim ] [ Dismiss… ]" in str(shown)
    assert (shown.plain, shown.buttons) == ("New", ["Claim", "Dismiss…"])
    assert shown.live_markup(), "Markdown of a TextBlock is live"
    assert not teams.rejections


def test_words_in_text_runs_and_plain_texts_are_never_live(teams: MsTeams) -> None:
    run = {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": "[bank](https://x.example)"}]}
    assert send(teams, message(card(run))).status_code == 201
    assert send(teams, {"type": "message", "text": "**x** [a](https://b.example)", "textFormat": "plain"}).status_code == 201
    assert [shown.live_markup() for shown in teams.posts()] == [[], []]


def test_a_thread_is_begun_answered_edited_and_taken_away(teams: MsTeams) -> None:
    begun = call(
        teams, "POST", "conversations", {"isGroup": True, "channelData": {"channel": {"id": oak(teams)}}, "activity": message()}
    ).json()
    assert begun["id"] == f"{oak(teams)};messageid={begun['activityId']}"
    send(teams, {"type": "message", "text": "Ana took it."}, begun["id"])
    [root] = teams.channel("Oak Street").messages
    assert [str(reply) for reply in root.replies] == ["Ana took it."]
    path = f"conversations/{oak(teams)}/activities/{begun['activityId']}"
    assert call(teams, "PUT", path, message(card(text("Closed")))).status_code == 200
    assert (root.edits, "Closed" in str(root), len(root.versions)) == (1, True, 2)
    assert call(teams, "DELETE", path).status_code == 200
    assert root.deleted
    assert refusal(call(teams, "PUT", path, message()))[:2] == (404, "ActivityNotFoundInConversation")


def test_a_private_chat_is_the_same_one_however_often_it_is_opened(teams: MsTeams) -> None:
    asked = {"isGroup": False, "members": [{"id": "29:ana"}], "tenantId": teams.tenant}
    first, second = (call(teams, "POST", "conversations", asked).json()["id"] for _ in range(2))
    assert first == second == teams.dm("ana").id
    send(teams, {"type": "message", "text": "Dana: +47 400 00 000"}, first)
    assert [str(said) for said in teams.dm("ana").messages] == ["Dana: +47 400 00 000"]
    assert teams.channel("Oak Street").messages == []


def test_members_come_in_pages_and_channels_with_names_but_for_general(teams: MsTeams) -> None:
    for n in range(130):
        teams.user(f"p{n}")
    token, seen = "", []
    while True:
        query = {"pageSize": "60", **({"continuationToken": token} if token else {})}
        page = call(teams, "GET", f"conversations/{oak(teams)}/pagedmembers", **query).json()
        seen += [who["id"] for who in page["members"]]
        if not (token := page.get("continuationToken", "")):
            break
    assert len(seen) == len(set(seen)) == 131
    assert call(teams, "GET", f"conversations/{oak(teams)}/members/29:ana").json()["email"] == "ana@northwind.example"
    listed = call(teams, "GET", f"teams/{teams.team().id}/conversations").json()["conversations"]
    assert {each["name"] for each in listed} == {None, "Oak Street"}


# Refused messages


@pytest.mark.parametrize(
    ("why", "content"),
    [
        ("version 1.5", card(version="1.4")),
        ("fallbackText is missing", {k: v for k, v in card().items() if k != "fallbackText"}),
        ("speak is missing", card(speak=" ")),
        ("'Imagined'", card({"type": "Imagined"})),
        ("'text' is a required property", card({"type": "TextBlock"})),
        ("'colour' was unexpected", card(text(colour="red"))),
        ("wrap is not set", card({"type": "TextBlock", "text": "x" * 40})),
        ("used twice", card(asking(), asking())),
        ("has no label", card({"type": "Input.Text", "id": "why"})),
        ("required without an errorMessage", card(asking(isRequired=True))),
        ("at most 24", card(actions=[button("x" * 25)])),
        ("styles no buttons", card(actions=[button(style="positive")])),
        ("needs a fallback Action.Submit", card(actions=[{k: v for k, v in button().items() if k != "fallback"}])),
        ("the fallback has another title", card(actions=[button() | {"title": "Take"}])),
        ("has no verb", card(actions=[button(verb=" ")])),
        ("at most 6 buttons", card(actions=[button(f"Do {n}") for n in range(7)])),
        ("must be https", card({"type": "Image", "url": "http://x.example/a.png", "altText": "a"})),
        ("must be https", card({"type": "Image", "url": "data:image/png;base64,AAAA", "altText": "a"})),
        ("has no altText", card({"type": "Image", "url": "https://x.example/a.png"})),
        ("no media", card({"type": "Media", "sources": [{"mimeType": "video/mp4", "url": "https://x.example/a.mp4"}]})),
        ("a value with a comma", card({**asking(), "type": "Input.ChoiceSet", "choices": [{"title": "a", "value": "a,b"}]})),
        ("offers nothing", card({**asking(), "type": "Input.ChoiceSet", "choices": []})),
        ("is no choice", card({**asking(value="c"), "type": "Input.ChoiceSet", "choices": [{"title": "a", "value": "a"}]})),
        ("dialogs are not emulated", card(actions=[button(data={"msteams": {"type": "task/fetch"}})])),
        (f"must be under {MOST}", card(*(text("x" * 1000) for _ in range(28)))),
        ("1 to 60 userIds", card(refresh={"action": button(), "userIds": [f"29:{n}" for n in range(61)]})),
    ],
)
def test_a_card_teams_would_not_show_as_meant_is_refused_with_the_reason(teams: MsTeams, why: str, content: Json) -> None:
    status, code, told = refusal(send(teams, message(content)))
    assert (status, code) == (400, "BadArgument")
    assert why in told
    assert [rejected.method for rejected in teams.rejections] == ["send"]
    assert teams.posts() == []


def test_a_card_just_under_the_limit_is_taken(teams: MsTeams) -> None:
    content = card(*(text("x" * 1000) for _ in range(25)))
    assert check_card(content) == []
    assert send(teams, message(content)).status_code == 201
    assert 20_000 < teams.largest_card < MOST


@pytest.mark.parametrize(
    ("why", "activity"),
    [
        ("text beside a card", message(text="New")),
        ("a card without summary", {**message(), "summary": ""}),
        ("neither text nor attachments", {"type": "message", "summary": "x"}),
        ("type must be message", {"type": "typing"}),
        ("unknown field: colour", message(colour="red")),
        ("an attachment must be of", {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.hero"}]}),
        ("has no mention entity", {"type": "message", "text": "<at>Ana</at> look"}),
        (
            "nobody has the mentioned id",
            {
                "type": "message",
                "text": "<at>Eve</at>",
                "entities": [{"type": "mention", "text": "<at>Eve</at>", "mentioned": {"id": "29:eve"}}],
            },
        ),
        ("a new message has no id yet", message(id="1")),
        ("from must be the bot", message() | {"from": {"id": "29:ana"}}),
        ("conversation.id is another", message(conversation={"id": "19:elsewhere@thread.tacv2"})),
    ],
)
def test_a_message_teams_would_split_or_drop_is_refused_with_the_reason(teams: MsTeams, why: str, activity: Json) -> None:
    status, code, told = refusal(send(teams, activity))
    assert (status, code) == (400, "BadArgument")
    assert why in told
    assert teams.posts() == []


def test_a_message_over_a_hundred_kilobytes_is_too_big_counted_as_teams_counts(teams: MsTeams) -> None:
    assert refusal(send(teams, {"type": "message", "text": "x" * 52_000}))[:2] == (413, "MessageSizeTooBig")
    assert send(teams, {"type": "message", "text": "x" * 50_000}).status_code == 201


@pytest.mark.parametrize(
    ("body", "kind", "refused"),
    [
        (b"{", "application/json", (400, "BadSyntax")),
        (b"[]", "application/json", (400, "BadSyntax")),
        (b"type=message", "application/x-www-form-urlencoded", (415, "UnsupportedMediaType")),
    ],
)
def test_a_body_that_is_no_activity_is_refused(teams: MsTeams, body: bytes, kind: str, refused: tuple[int, str]) -> None:
    headers = {"Authorization": f"Bearer {teams.issuer.token()}", "Content-Type": kind}
    url = f"{teams.service_url}v3/conversations/{oak(teams)}/activities"
    assert refusal(httpx.post(url, content=body, headers=headers, trust_env=False, verify=False))[:2] == refused


def test_without_a_live_token_nothing_is_done(teams: MsTeams) -> None:
    token = teams.issuer.token()
    assert send(teams, message(), token=token).status_code == 201
    teams.issuer.expire_tokens()
    for bearer in ("", token, "made-up"):
        assert refusal(send(teams, message(), token=bearer))[:2] == (401, "BotNotRegistered")
    assert len(teams.posts()) == 1
    assert len(teams.rejections) == 1, "a token that ended is nobody's mistake; none at all, or one never given, is"


def test_what_the_bot_cannot_reach_is_unknown_or_forbidden(teams: MsTeams) -> None:
    ana, elm = teams.user("ana"), teams.channel("Elm", private=True)
    assert refusal(send(teams, message(), "19:nowhere@thread.tacv2"))[:2] == (404, "ConversationNotFound")
    assert refusal(send(teams, message(), f"{oak(teams)};messageid=7"))[:2] == (404, "ConversationNotFound")
    assert refusal(send(teams, message(), elm.id))[:2] == (403, "BotNotInConversationRoster")
    ana.blocked = True
    assert refusal(send(teams, message(), teams.dm("ana").id))[:2] == (403, "ConversationBlockedByUser")
    teams.channel("Oak Street").deleted = True
    assert refusal(send(teams, message()))[:2] == (404, "ConversationNotFound")
    teams.disabled = True
    assert refusal(send(teams, message(), elm.id))[:2] == (403, "BotDisabledByAdmin")
    teams.disabled, teams.team().installed = False, False
    assert refusal(send(teams, message(), teams.team().id))[:2] == (403, "BotNotInConversationRoster")
    assert teams.rejections == [], "none of these is the bot's mistake"


def test_the_words_of_others_are_not_the_bots_to_change(teams: MsTeams) -> None:
    said = Message(conversation=oak(teams), id="77", author="29:ana", text="hello")
    teams.channel("Oak Street").add(said)
    path = f"conversations/{oak(teams)}/activities/77"
    assert refusal(call(teams, "PUT", path, message()))[:2] == (403, "ForbiddenOperation")
    assert refusal(call(teams, "DELETE", path))[:2] == (403, "ForbiddenOperation")


@pytest.mark.parametrize(
    ("why", "asked"),
    [
        ("unknown field: colour", {"colour": "red"}),
        ("Invalid tenant id", {"isGroup": False, "members": [{"id": "29:ana"}], "tenantId": "other"}),
        ("exactly one member", {"isGroup": False, "members": [], "tenantId": "TENANT"}),
        ("Failed to decrypt pairwise id", {"isGroup": False, "members": [{"id": "29:eve"}], "tenantId": "TENANT"}),
        ("needs the tenant id", {"isGroup": False, "members": [{"id": "29:ana"}]}),
        ("send it afterwards", {"isGroup": False, "members": [{"id": "29:ana"}], "tenantId": "TENANT", "activity": message()}),
        ("isGroup must be true", {"channelData": {"channel": {"id": "OAK"}}, "activity": message()}),
        ("needs its first activity", {"isGroup": True, "channelData": {"channel": {"id": "OAK"}}}),
        ("not a thread", {"isGroup": True, "channelData": {"channel": {"id": "OAK;messageid=1"}}, "activity": message()}),
    ],
)
def test_a_conversation_that_cannot_be_made_is_refused_with_the_reason(teams: MsTeams, why: str, asked: Json) -> None:
    asked = json.loads(json.dumps(asked).replace("TENANT", teams.tenant).replace("OAK", oak(teams)))
    status, _, told = refusal(call(teams, "POST", "conversations", asked))
    assert (status, why in told) == (400, True), told


def test_an_address_nobody_has_is_told_and_kept(teams: MsTeams) -> None:
    assert call(teams, "GET", "nothing").status_code == 404
    assert [rejected.method for rejected in teams.rejections] == ["stray"]


# Login and keys


def login(teams: MsTeams, tenant: str | None = None, **more: str) -> httpx.Response:
    asked = {"grant_type": "client_credentials", "client_id": teams.app_id, "client_secret": teams.app_secret}
    asked |= {"scope": "https://api.botframework.com/.default", **more}
    url = f"{teams.login_url}/{tenant or teams.tenant}/oauth2/v2.0/token"
    return httpx.post(url, data={name: value for name, value in asked.items() if value}, trust_env=False, verify=False)


def test_the_login_gives_a_token_that_the_connector_takes(teams: MsTeams) -> None:
    granted = login(teams).json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 3599)
    assert send(teams, message(), token=granted["access_token"]).status_code == 201
    assert teams.issuer.fetches["token"] == 1


def test_a_token_ends_when_its_life_is_over() -> None:
    with MsTeams(token_life=0.05, limits=False) as teams:
        teams.channel("Oak Street")
        teams.team().installed = True
        token = login(teams).json()["access_token"]
        assert teams.eventually(lambda: not teams.issuer.is_live(token)).wait()
        assert send(teams, message(), token=token).status_code == 401


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_secret": "guessed"}, "invalid_client"),
        ({"client_id": "another"}, "unauthorized_client"),
        ({"scope": "https://graph.microsoft.com/.default"}, "invalid_scope"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_secret": ""}, "invalid_request"),
        ({"tenant": "botframework.com"}, "invalid_request"),
    ],
)
def test_the_login_says_no_to_anybody_else(teams: MsTeams, wrong: dict[str, str], error: str) -> None:
    answer = login(teams, **wrong)
    assert answer.status_code in (400, 401)
    assert answer.json()["error"] == error
    [code] = answer.json()["error_codes"]
    assert answer.json()["error_description"].startswith(f"AADSTS{code}: ")
    assert [rejected.method for rejected in teams.rejections] == ["token"]


def claims(teams: MsTeams, header: str | None, **options: Any) -> Json:
    """Returns a token's claims, verified as any receiver would: with the published keys alone."""
    assert header is not None
    scheme, _, token = header.partition(" ")
    assert scheme == "Bearer"
    document = httpx.get(teams.openid_url, trust_env=False, verify=False).json()
    keys = httpx.get(document["jwks_uri"], trust_env=False, verify=False).json()["keys"]
    kid = jwt.get_unverified_header(token).get("kid")
    known = next((key for key in keys if key["kid"] == kid), None)
    if known is None:
        raise jwt.InvalidKeyError(str(kid))
    if "msteams" not in known["endorsements"]:
        raise jwt.InvalidKeyError("not endorsed")
    said: Json = jwt.decode(
        token, jwt.PyJWK(known).key, ["RS256"], audience=teams.app_id, issuer=document["issuer"], leeway=300,
        options={"require": ["exp", "nbf", "aud", "iss", "serviceurl"]},
    )  # fmt: skip
    if said["serviceurl"] != teams.service_url:
        raise jwt.InvalidTokenError("for another service")
    return said


def test_what_teams_sends_is_signed_as_its_own_documents_say(teams: MsTeams) -> None:
    said = claims(teams, teams.issuer.authorization(teams.service_url))
    assert said["exp"] - time.time() > 3000
    assert dict(teams.issuer.fetches) == {"metadata": 1, "keys": 1}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_forgery_passes_for_a_token(teams: MsTeams, forgery: str) -> None:
    with pytest.raises((jwt.PyJWTError, AssertionError)):
        claims(teams, teams.issuer.authorization(teams.service_url, forgery))


def test_keys_roll_at_once_or_are_published_later_and_old_ones_retire(teams: MsTeams) -> None:
    before = teams.issuer.authorization(teams.service_url)
    teams.issuer.roll_keys(publish=False)
    after = teams.issuer.authorization(teams.service_url)
    with pytest.raises(jwt.InvalidKeyError):
        claims(teams, after)
    teams.issuer.publish_keys()
    assert claims(teams, after) == claims(teams, before) | {name: claims(teams, after)[name] for name in ("nbf", "exp")}
    teams.issuer.roll_keys(retire=True)
    for header in (before, after):
        with pytest.raises(jwt.InvalidKeyError):
            claims(teams, header)
    assert claims(teams, teams.issuer.authorization(teams.service_url))


# Rate limits


def test_the_eighth_message_within_a_second_is_throttled_and_counted() -> None:
    with MsTeams(time_scale=UNHURRIED) as teams:
        teams.channel("Oak Street")
        teams.channel("Elm")
        teams.team().installed = True
        token = teams.issuer.token()
        assert [send(teams, message(), token=token).status_code for _ in range(7)] == [201] * 7
        refused = send(teams, message(), token=token)
        assert refusal(refused)[:2] == (429, "Throttled")
        assert int(refused.headers["Retry-After"]) >= 1
        assert send(teams, message(), teams.channel("Elm").id, token=token).status_code == 201, (
            "another conversation is another pace"
        )
        [violation] = teams.violations
        assert (violation.method, violation.key) == ("send", f"sends:{oak(teams)}")
        assert 0 < violation.early <= UNHURRIED
        assert len(teams.posts("Oak Street")) == 7


def test_the_pace_is_that_of_the_conversation_with_all_its_threads_and_edits() -> None:
    with MsTeams(time_scale=UNHURRIED) as teams:
        teams.channel("Oak Street")
        teams.team().installed = True
        token = teams.issuer.token()
        first = send(teams, message(), token=token).json()["id"]
        thread, path = f"{oak(teams)};messageid={first}", f"conversations/{oak(teams)}/activities/{first}"
        for _ in range(3):
            assert send(teams, {"type": "message", "text": "x"}, thread, token=token).status_code == 201
            assert call(teams, "PUT", path, message(), token=token).status_code == 200
        assert call(teams, "PUT", path, message(), token=token).status_code == 429


def test_too_many_calls_may_be_answered_by_a_page_of_html() -> None:
    with MsTeams(html_errors=True, time_scale=UNHURRIED / 4) as teams:
        teams.channel("Oak Street")
        teams.team().installed = True
        token = teams.issuer.token()
        refused = [answer for answer in (send(teams, message(), token=token) for _ in range(20)) if answer.status_code == 429]
        assert {answer.headers["Content-Type"] for answer in refused} == {"text/html; charset=utf-8"}
        assert float(refused[0].headers["Retry-After"]) > 0


@pytest.mark.parametrize(("windows", "kind"), [(SENDS, "sends"), (READS, "reads"), (TENANT, "tenant")])
def test_each_window_allows_its_number_and_not_one_more(windows: Any, kind: str) -> None:
    for window in windows:
        meter = Meter({kind: (window,)}, 1.0, 0.0)
        assert all(meter.early([(kind, "a")], 100.0) is None for _ in range(window.count))
        assert meter.early([(kind, "b")], 100.0) is None, "another conversation"
        early = meter.early([(kind, "a")], 100.0)
        assert early is not None
        assert early[0] == pytest.approx(window.per)
        assert meter.early([(kind, "a")], 100.0 + 2 * window.per + 1) is None


def test_calling_again_before_retry_after_is_a_violation() -> None:
    with MsTeams(limits=False, time_scale=UNHURRIED) as teams:
        teams.channel("Oak Street")
        teams.team().installed = True
        teams.fail_next("send", "429")
        assert send(teams, message()).headers["Retry-After"] == "10"
        assert teams.violations == []
        assert send(teams, message()).status_code == 429
        assert len(teams.violations) == 1


# Faults on request


@pytest.mark.parametrize(
    ("fault", "status", "html", "accepted"),
    [
        ("500", 500, False, 0), ("502", 502, True, 0), ("503", 503, True, 0), ("504", 504, True, 0), ("412", 412, False, 0),
        ("429", 429, False, 0), ("429html", 429, True, 0), ("413html", 413, True, 0), ("504late", 504, True, 1),
        ("html", 200, True, 1), ("broken", 201, False, 1), ("BotDisabledByAdmin", 403, False, 0),
    ],
)  # fmt: skip
def test_a_call_is_answered_wrongly_on_request(teams: MsTeams, fault: str, status: int, html: bool, accepted: int) -> None:
    teams.fail_next("send", fault)
    answer = send(teams, message())
    assert (answer.status_code, len(teams.posts())) == (status, accepted)
    assert answer.headers["Content-Type"].startswith("text/html" if html else "application/json")
    if html or fault == "broken":
        with pytest.raises(json.JSONDecodeError):
            answer.json()
    elif fault in CODES:
        assert answer.json()["error"]["code"] == fault
    assert teams.calls[-1].outcome == {"500": "ServiceError", "412": "PreconditionFailed"}.get(fault, fault)
    assert teams.rejections == []


@pytest.mark.parametrize(
    ("fault", "accepted", "raises"),
    [
        ("drop", 1, httpx.RemoteProtocolError),
        ("late", 1, httpx.ReadTimeout),
        ("reset", 0, httpx.RemoteProtocolError),
        ("hang", 0, httpx.ReadTimeout),
    ],
)
def test_a_call_without_an_answer_was_accepted_or_not(teams: MsTeams, fault: str, accepted: int, raises: type[Exception]) -> None:
    teams.fail_next("send", fault)
    with pytest.raises(raises):
        send(teams, message(), within=1.0 if raises is httpx.ReadTimeout else 10.0)
    assert teams.eventually(lambda: teams.calls, within=10).wait()
    assert len(teams.posts()) == accepted
    assert send(teams, message()).status_code == 201, "the next one is fine"


@pytest.mark.parametrize("method", ["token", "metadata", "keys"])
def test_login_and_issuer_fail_on_request_too(teams: MsTeams, method: str) -> None:
    teams.fail_next(method, "502")
    ask = {"token": lambda: login(teams), "metadata": lambda: httpx.get(teams.openid_url, trust_env=False, verify=False)}
    keys = teams.openid_url.replace("openidconfiguration", "keys")
    asked = ask.get(method, lambda: httpx.get(keys, trust_env=False, verify=False))
    assert asked().status_code == 502
    assert asked().status_code == 200


def test_the_same_seed_strikes_the_same_calls() -> None:
    def struck(seed: int) -> list[str]:
        with MsTeams(limits=False, seed=seed, chances={"502": 0.3, "drop": 0.3}) as teams:
            teams.channel("Oak Street")
            teams.team().installed = True
            for _ in range(20):
                with contextlib.suppress(httpx.RemoteProtocolError):
                    send(teams, message())
            assert teams.eventually(lambda: len(teams.calls) == 20).wait()
            return [each.outcome for each in teams.calls]

    assert struck(1) == struck(1) != struck(2)
    assert {"502", "drop", "ok"} <= set(struck(1))


# Random input


KINDS = [
    "AdaptiveCard",
    "TextBlock",
    "Container",
    "ActionSet",
    "Input.Text",
    "Input.ChoiceSet",
    "Action.Execute",
    "Action.ShowCard",
]
KEYS = [
    "type",
    "version",
    "body",
    "actions",
    "items",
    "card",
    "title",
    "data",
    "fallback",
    "id",
    "label",
    "choices",
    "value",
    "text",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9999) | st.sampled_from([*KINDS, "1.5", ""]),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(KEYS), part, max_size=5),
    max_leaves=25,
)


@settings(deadline=None)
@given(JSON)
def test_no_json_whatever_confuses_the_checks(payload: Any) -> None:
    check_card(payload)
    if isinstance(payload, dict):
        check_card(card(*({**payload, "type": kind} for kind in KINDS)))


def test_it_runs_as_a_process_and_logs_what_it_accepted(tmp_path: Path) -> None:
    log, channel = tmp_path / "posts.jsonl", "19:oak@thread.tacv2"
    words = ("--channel", channel, "--user", "ana=Ana", "--log", str(log))
    with started("tests.emulators.msteams", *words) as (process, told, client):
        options = json.loads(told)
        asked = {"grant_type": "client_credentials", "client_id": options["app_id"], "client_secret": options["app_secret"]}
        asked["scope"] = "https://api.botframework.com/.default"
        url = f"{options['login_url']}/{options['tenant']}/oauth2/v2.0/token"
        headers = {"Authorization": f"Bearer {client.post(url, data=asked).json()['access_token']}"}
        [service] = options["service_urls"]
        for _ in range(2):
            said = client.post(f"{service}v3/conversations/{channel}/activities", json=message(), headers=headers)
            assert said.status_code == 201
        served = client.get(service.replace("/emea/", "/_log")).json()
        ended(process)
    assert [post["channel"] for post in served["posts"]] == [channel] * 2
    assert (served["violations"], served["rejections"], served["calls"]["send"]) == ([], [], 2)
    assert [json.loads(line)["what"] for line in log.read_text().splitlines()] == ["post", "post"]
