"""What became of a call to Microsoft Teams: told apart by status and body, in JSON and in HTML, and what delivery makes of each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import metrics
from bot.chats import Refused, Throttled, Unknown, Unreachable
from bot.chats.msteams import Options
from bot.chats.msteams.budget import KEPT, Budget
from bot.chats.msteams.outcome import RefusedByCode, answered, failed, seconds
from bot.chats.msteams.token import Token
from storage import delivery_log, messages
from tests.chats.teams_world import TENANT
from tests.conftest import FRIDAY
from tests.emulators.msteams import Message
from tests.running import eventually
from tests.stages import OAK_STREET, OnMsTeams, on_msteams

HTML = "<!DOCTYPE html><html><body><h2>Our services aren't available right now</h2></body></html>"

ANSWERS: dict[str, tuple[int, Any, type[Exception]]] = {
    "too many, JSON": (429, {"error": {"code": "Throttled"}}, Throttled),
    "too many, HTML": (429, HTML, Throttled),
    "somebody wrote at the same moment": (412, {"error": {"code": "PreconditionFailed"}}, Throttled),
    "our token is not taken": (401, {"error": {"code": "BotNotRegistered"}}, Unreachable),
    "a proxy sends us elsewhere": (302, HTML, Unreachable),
    "a proxy answers what nobody has heard of": (399, HTML, Unreachable),
    "malformed": (400, {"error": {"code": "BadArgument"}}, RefusedByCode),
    "not in the team": (403, {"error": {"code": "BotNotInConversationRoster"}}, RefusedByCode),
    "forbidden by something in between": (403, HTML, RefusedByCode),
    "no such conversation": (404, {"error": {"code": "ConversationNotFound"}}, RefusedByCode),
    "too large, HTML": (413, HTML, RefusedByCode),
    "gave up in between": (499, HTML, RefusedByCode),
    "waited for us too long": (408, HTML, Unknown),
    "broken inside": (500, {"error": {"code": "ServiceError"}}, Unknown),
    "a gateway": (502, HTML, Unknown),
    "away": (503, HTML, Unknown),
    "a gateway that waited": (504, HTML, Unknown),
    "an error that is no object": (500, {"error": ["odd"]}, Unknown),
    "an error that is a list": (400, ["odd"], RefusedByCode),
}


@pytest.mark.parametrize(("status", "body", "kind"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_is_one_of_four_words_and_says_what_to_do(status: int, body: Any, kind: type[Exception]) -> None:
    said = {"text": body} if isinstance(body, str) else {"json": body}
    with pytest.raises(kind) as error:
        answered(httpx.Response(status, **said))
    assert isinstance(error.value, Throttled | Unreachable | Refused | Unknown)
    assert len(str(error.value).split()) > 3


@pytest.mark.parametrize(
    ("body", "reason"), [({"text": HTML}, "without a reason"), ({"json": {"error": {"code": "Busy"}}}, "Busy")]
)
def test_an_answer_that_leaves_doubt_is_told_with_its_code_if_it_has_one(body: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unknown, match=f"^Microsoft Teams answered 503 {reason}$"):
        answered(httpx.Response(503, **body))


@pytest.mark.parametrize(
    ("error", "kind", "why"),
    [
        (httpx.ConnectError("connection refused"), Unreachable, "Microsoft Teams cannot be reached: connection refused"),
        (httpx.ConnectTimeout(""), Unreachable, "Microsoft Teams cannot be reached: ConnectTimeout"),
        (httpx.UnsupportedProtocol("no scheme"), Refused, "The address of Microsoft Teams cannot be used (no scheme): check service_urls, then replay"),
        (httpx.ReadTimeout(""), Unknown, "no readable answer from Microsoft Teams: ReadTimeout"),
    ],
)  # fmt: skip
def test_what_was_never_sent_is_told_apart_from_what_may_have_arrived(error: Exception, kind: type[Exception], why: str) -> None:
    told = failed(error)
    assert (type(told), str(told)) == (kind, why)


@pytest.mark.parametrize("body", ["", HTML, "[1]", '{"id": "1'])
def test_a_good_answer_that_cannot_be_read_holds_nothing(body: str) -> None:
    assert answered(httpx.Response(201, text=body)) == {}


@pytest.mark.parametrize(
    ("status", "code", "begins"),
    [
        (400, "", "Microsoft Teams found the message malformed: please report this"),
        (400, "MessageSizeTooBig", "Microsoft Teams found the message too large: please report this"),
        (404, "", "Microsoft Teams knows no such conversation or message: check the channel"),
        (404, "ActivityNotFound", "The message was deleted in Microsoft Teams"),
        (410, "", "Microsoft Teams refused with 410 without a reason: look it up"),
        (410, "Gone", "Microsoft Teams refused with 410 Gone: look it up"),
        (413, "", "Microsoft Teams found the message too large: please report this"),
        (414, "", "Microsoft Teams refused with 414 without a reason: look it up"),
    ],
)
def test_a_refusal_says_what_to_do_about_it(status: int, code: str, begins: str) -> None:
    with pytest.raises(RefusedByCode) as refused:
        answered(httpx.Response(status, json={"error": {"code": code}}))
    assert (refused.value.status, refused.value.code) == (status, code)
    assert str(refused.value).startswith(begins)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("error", "why"), [(httpx.ConnectTimeout(""), "ConnectTimeout"), (httpx.ConnectError("refused"), "refused")]
)
async def test_a_sign_in_that_cannot_be_reached_is_told_with_what_happened(error: Exception, why: str) -> None:
    def fail(_request: httpx.Request) -> httpx.Response:
        raise error

    options = Options(app_id="a", app_secret="s", tenant=TENANT)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.MockTransport(fail)) as client:
        with pytest.raises(Unreachable, match=f"^The sign-in of Microsoft cannot be reached: {why}$"):
            await Token(options, lambda: client).get()


def test_only_what_closes_the_place_counts_as_of_the_place() -> None:
    assert RefusedByCode(403, "", "").is_of_the_place
    assert RefusedByCode(404, "ConversationNotFound", "").is_of_the_place
    assert not RefusedByCode(404, "ActivityNotFoundInConversation", "").is_of_the_place
    assert not RefusedByCode(400, "BadArgument", "").is_of_the_place


@pytest.mark.parametrize(
    ("header", "wait"), [("7", 7), ("0.5", 0.5), (None, 15), ("soon", 15), ("99999", 3600), ("Thu, 01 Jan 1970 00:00:00 GMT", 1)]
)
def test_the_wait_that_is_asked_for_is_read_in_either_form(header: str | None, wait: float) -> None:
    assert seconds(header) == wait


def test_a_connection_that_was_never_made_is_told_from_one_that_broke() -> None:
    assert isinstance(failed(httpx.ConnectError("refused")), Unreachable)
    assert isinstance(failed(httpx.ReadError("reset")), Unknown)
    assert isinstance(failed(httpx.RemoteProtocolError("hung up")), Unknown)


def test_no_more_is_said_in_one_place_than_teams_allows_in_any_of_its_windows() -> None:
    now = [0.0]
    budget, spent = Budget(lambda: now[0]), []
    while len(spent) < 2_000:
        wait = budget.take("sends", "19:a", "t")
        if wait:
            now[0] += wait
        else:
            spent.append(now[0])
    for most, per in ((7, 1), (8, 2), (60, 30), (1800, 3600)):
        assert all(later - earlier > per for earlier, later in zip(spent, spent[most:], strict=False))


def test_all_places_together_keep_to_what_the_tenant_may() -> None:
    budget = Budget(lambda: 0.0)
    assert [budget.take("sends", f"19:{n}", "t") > 0 for n in range(51)] == [False] * 50 + [True]


def test_a_place_that_asked_for_patience_is_left_alone_and_others_are_not() -> None:
    budget = Budget(lambda: 0.0)
    budget.close("19:a", 20)
    assert budget.take("sends", "19:a", "t") == 20
    assert budget.take("sends", "19:b", "t") == 0


def test_who_is_half_a_second_too_early_waits_for_half_a_second() -> None:
    at = 1000.0
    budget = Budget(lambda: at)
    assert [budget.take("sends", "a", "t") for _ in range(7)] == [0.0] * 7
    at += 0.5
    assert budget.take("sends", "a", "t") == pytest.approx(0.52)
    at += 0.52
    assert budget.take("sends", "a", "t") == 0.0


def test_each_place_that_asked_for_patience_is_left_alone_for_as_long_as_it_asked() -> None:
    at = 1000.0
    budget = Budget(lambda: at)
    budget.close("a", 60)
    budget.close("b", 30)
    assert [budget.take("sends", place, "t") for place in ("a", "b", "c")] == [60, 30, 0]
    at += 30
    budget.close("c", 1)
    assert [budget.take("sends", place, "t") for place in ("a", "b", "c")] == [30, 0, 1]


def test_of_very_many_places_those_are_forgotten_that_were_silent_for_the_longest_time() -> None:
    budget = Budget(lambda: 1000.0)

    def others(name: str, number: int) -> None:
        assert not any(budget.take("sends", f"{name}-{n}", f"tenant of {name}-{n}") for n in range(number))

    assert not any(budget.take("sends", "busy", "t") for _ in range(6))
    others("early", KEPT // 2 - 1)
    assert budget.take("sends", "busy", "t") == 0.0
    others("late", KEPT // 4)
    assert budget.take("sends", "busy", "t") > 0.0, "it spoke not long ago"
    others("later", KEPT)
    assert budget.take("sends", "busy", "t") == 0.0, "by now it has its budget back"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[OnMsTeams]:
    async with on_msteams(tmp_path, FRIDAY) as stage:
        yield stage


def cards(stage: OnMsTeams) -> list[Message]:
    return [message for message in stage.teams.posts(OAK_STREET) if message.root is None]


def doubled() -> float:
    return metrics.perhaps_doubled.labels("msteams")._value.get()


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["429", "429html", "412", "BotNotRegistered"])
async def test_what_was_refused_is_said_once_after_the_wait_and_never_doubled(stage: OnMsTeams, kind: str) -> None:
    before = doubled()
    stage.teams.fail_next("create", kind)
    await stage.here.hears(id="r-1", score=3, comment="Slow.")
    await eventually(lambda: cards(stage))
    assert len(cards(stage)) == 1
    assert doubled() == before


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["413html", "BadArgument"])
async def test_what_teams_will_never_take_is_parked_and_does_not_hold_up_the_next(stage: OnMsTeams, kind: str) -> None:
    stage.teams.fail_next("create", kind)
    await stage.here.hears(id="r-1", score=3, comment="Slow.")
    await stage.here.hears(id="r-2", score=3, comment="Cold.")
    [card] = await eventually(lambda: cards(stage))
    assert "Cold." in str(card)
    await eventually(lambda: _shown(stage, "card:2"))
    [parked] = await stage.here.house.store.read(delivery_log.unfinished, 10)
    assert (parked.state, parked.key) == ("parked", "card:1")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "arrived"), [("502", 1), ("504", 1), ("reset", 1), ("hang", 1), ("drop", 2), ("504late", 2), ("html", 2)]
)
async def test_a_post_in_doubt_is_sent_again_after_the_settle_time_and_counted_as_perhaps_doubled(
    stage: OnMsTeams, kind: str, arrived: int
) -> None:
    before = doubled()
    stage.teams.fail_next("create", kind)
    await stage.here.hears(id="r-1", score=3, comment="Slow.")
    await eventually(lambda: len(cards(stage)) == arrived)
    await eventually(lambda: _shown(stage, "card:1"))
    assert doubled() == before + 1
    row = await stage.here.house.store.read(messages.by_key, "card:1")
    assert row.doubts == 1


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["502", "drop", "504late", "412", "429html", "broken"])
async def test_an_edit_in_doubt_is_simply_repeated_and_costs_no_second_card(stage: OnMsTeams, kind: str) -> None:
    await stage.here.hears(id="r-1", score=3, comment="Slow.")
    await eventually(lambda: cards(stage))
    before = doubled()
    stage.teams.fail_next("update", kind)
    await stage.press("ana", "I'll reply")
    await eventually(lambda: "Ana is replying" in str(cards(stage)[0]))
    assert len(cards(stage)) == 1
    assert doubled() == before


@pytest.mark.anyio
async def test_a_private_chat_whose_opening_is_in_doubt_is_opened_again_and_told_once(stage: OnMsTeams) -> None:
    await stage.here.hears(id="r-1", score=3, comment="Slow.")
    await eventually(lambda: cards(stage))
    before = doubled()
    stage.teams.fail_next("create", "504late")
    await stage.press("ana", "I'll reply")
    assert len(await eventually(lambda: stage.private("ana"))) == 1
    assert doubled() == before


@pytest.mark.anyio
async def test_a_token_that_ended_early_is_fetched_anew(stage: OnMsTeams) -> None:
    stage.teams.issuer.expire_tokens()
    await stage.here.hears(id="r-1", score=3, comment="Slow.")
    assert await eventually(lambda: cards(stage))
    assert stage.teams.issuer.fetches["token"] == 2


@pytest.mark.anyio
async def test_one_token_serves_many_calls(stage: OnMsTeams) -> None:
    for n in range(5):
        await stage.here.hears(id=f"r-{n}", score=3, comment="Slow.")
    await eventually(lambda: len(cards(stage)) == 5)
    assert stage.teams.issuer.fetches["token"] == 1


@pytest.mark.anyio
async def test_while_the_sign_in_is_away_nothing_is_in_doubt(stage: OnMsTeams) -> None:
    before = doubled()
    stage.teams.issuer.expire_tokens()
    stage.teams.fail_next("token", "502")
    await stage.here.hears(id="r-1", score=3, comment="Slow.")
    assert await eventually(lambda: cards(stage))
    assert doubled() == before


async def _shown(stage: OnMsTeams, key: str) -> bool:
    row = await stage.here.house.store.read(messages.by_key, key)
    return bool(row.state == "shown")
