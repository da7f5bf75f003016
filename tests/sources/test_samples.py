"""Every sample of every source is read as it says, and answered so over HTTP. A new source needs no test code."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import sources
from bot.doors import intake
from bot.listening import Ignored
from bot.listening.payload import Unreadable
from handlers.feedback import Customer, Feedback, FieldError
from tests.sources.house import House
from tests.sources.samples import Sample, every_sample
from tests.sources.signing import Signed, sign

NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
WITH_A_TIME = ("standard-webhooks", "hmac-sha256-base64-timestamp")
SAMPLES = every_sample()
SENT = [sample for sample in SAMPLES if sample.sent]
each_that_is_sent = pytest.mark.parametrize("sample", SENT, ids=lambda sample: f"{sample.kind}-{sample.name}")
each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: f"{sample.kind}-{sample.name}")


@each_sample
def test_a_sample_is_read_as_it_says(sample: Sample) -> None:
    if isinstance(sample.expect, list):
        pieces = understood(sample, sample.payload)
        assert len(pieces) == len(sample.expect)
        for piece, expected in zip(pieces, sample.expect, strict=True):
            assert_holds(piece.model_dump(mode="json"), expected)
    elif "customers" in sample.expect:
        found = [each.model_dump(mode="json") for each in understood(sample, sample.payload)]
        for customer, expected in zip(found, sample.expect["customers"], strict=True):
            assert_holds(customer, expected)
    elif "named" in sample.expect:
        assert list(understood(sample, sample.payload)) == sample.expect["named"]
    elif "ignored" in sample.expect:
        with pytest.raises(Ignored):
            understood(sample, sample.payload)
    else:
        with pytest.raises(FieldError) as refused:
            understood(sample, sample.payload)
        assert refused.value.field == sample.expect["error"]["field"]


@each_that_is_sent
def test_a_sample_sent_with_a_true_signature_is_answered_as_it_says(house: House, sample: Sample) -> None:
    body = sample.body(sample.payload)
    answer, stored = post(house, sample, body, true_signature(sample, body))
    if isinstance(sample.expect, list):
        assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "id": stored[0].id})
        assert len(stored) == len(sample.expect)
    elif "customers" in sample.expect:
        assert (answer.status_code in (200, 202), answer.json()["id"] > 0, stored) == (True, True, [])
        again, _ = post(house, sample, body, true_signature(sample, body))
        assert (again.status_code, again.json()) == (200, {"status": "duplicate", "id": answer.json()["id"]})
    elif "named" in sample.expect:
        assert (answer.status_code, answer.json(), stored) == (202, {"status": "accepted", "id": None}, [])
        assert house.named() == sample.expect["named"]
    elif "ignored" in sample.expect:
        assert (answer.status_code, answer.json(), stored) == (200, {"status": "ignored", "id": None}, [])
    else:
        assert (answer.status_code, answer.json()["field"], stored) == (422, sample.expect["error"]["field"], [])


@pytest.mark.parametrize(
    "sample", [sample for sample in SENT if isinstance(sample.expect, list)], ids=lambda sample: f"{sample.kind}-{sample.name}"
)
def test_a_sample_that_is_sent_again_makes_no_second_card_and_is_turned_away_once_its_time_is_over(
    house: House, sample: Sample
) -> None:
    body = sample.body(sample.payload)
    signed = true_signature(sample, body)
    _, stored = post(house, sample, body, signed)
    again, still = post(house, sample, body, signed, at=NOW + timedelta(minutes=4))
    assert (again.status_code, again.json()) == (200, {"status": "duplicate", "id": stored[0].id})
    late, still_later = post(house, sample, body, signed, at=NOW + timedelta(minutes=6))
    assert late.status_code == (401 if (sample.signed or {}).get("scheme") in WITH_A_TIME else 200)
    assert stored == still == still_later


@pytest.mark.parametrize("sample", [sample for sample in SENT if sample.signed], ids=lambda sample: f"{sample.kind}-{sample.name}")
def test_a_sample_with_a_false_signature_is_turned_away(house: House, sample: Sample) -> None:
    body = sample.body(sample.payload)
    forged = sign(sample.signed or {}, "whsec_b3RoZXI=", body, NOW)
    for false in (forged, Signed()):
        answer, stored = post(house, sample, body, false)
        assert (answer.status_code, answer.json()["field"], stored) == (401, None, [])


@each_that_is_sent
def test_a_sample_whose_body_was_mangled_on_its_way_is_turned_away(house: House, sample: Sample) -> None:
    body = sample.body(sample.payload)
    signed = true_signature(sample, body)
    mangled = replace(signed, body=signed.body.replace(b"2026-11-20", b"2026-11-21")) if signed.body else signed
    answer, stored = post(house, sample, b"%zz&" + body if sample.form else body[:-1], mangled)
    signs_the_body = sample.signed is not None and sample.signed["scheme"] not in ("header", "url")
    assert answer.status_code == (401 if signs_the_body else 400)
    assert stored == []


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_dropped_or_replaced_in_a_sample_it_is_read_ignored_or_refused_by_field(data: st.DataObject) -> None:
    sample = data.draw(st.sampled_from(SAMPLES))
    payload = mutated(data, sample.payload)
    pieces: Sequence[Feedback | Customer | str] = ()
    with contextlib.suppress(Ignored, FieldError, Unreadable):
        pieces = understood(sample, payload)
    for piece in pieces:
        if isinstance(piece, Feedback):
            assert_can_be_stored(piece)
        elif isinstance(piece, Customer):
            assert piece.identity
        else:
            assert re.fullmatch(r"[A-Za-z0-9_]{1,64}", piece), "a name is safe in an address"


@pytest.mark.parametrize("kind", sorted({sample.kind for sample in SENT}))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_dropped_or_replaced_in_a_sample_we_never_break_and_never_store_half(
    house: House, kind: str, data: st.DataObject
) -> None:
    sample = data.draw(st.sampled_from([sample for sample in SENT if sample.kind == kind]))
    body = sample.body(mutated(data, sample.payload))
    house.begin()
    answer, stored = post(house, sample, body, true_signature(sample, body))
    assert answer.status_code in {200, 202, 400, 422} | (
        {401} if sample.form else set()
    )  # a form that lost its MSG cannot be signed
    if answer.status_code != 202:
        assert stored == []
    if answer.status_code >= 400:
        assert set(answer.json()) == {"error", "field"}
    for piece in stored:
        assert piece.cards == piece.beginnings == 1


def test_every_source_has_a_sample_of_something_read_and_of_something_refused() -> None:
    for kind in sources.kinds():
        expectations = [sample.expect for sample in SAMPLES if sample.kind == kind]
        assert any(isinstance(expect, list) or "customers" in expect for expect in expectations), kind
        assert any(isinstance(expect, dict) and "error" in expect for expect in expectations), kind


def understood(sample: Sample, payload: Any) -> Sequence[Any]:
    """What the folder of its source makes of a payload: feedback, customers, or the names of responses to be fetched."""
    loaded = sample.loaded()
    if loaded.tells_of_customers:
        return loaded.customers(payload)
    if not loaded.names or sample.fetched:
        return loaded.parse(payload)
    said = loaded.source.read(sample.body(payload)) if sample.form else payload
    named: Sequence[str] = loaded.source.notice(said, loaded.options)
    return named


def true_signature(sample: Sample, body: bytes) -> Signed:
    return Signed() if sample.signed is None else sign(sample.signed, sample.secret, body, NOW)


def post(house: House, sample: Sample, body: bytes, signed: Signed, *, at: datetime = NOW) -> tuple[httpx.Response, list[Any]]:
    """Send it to a house of its own name; answers what the sender was told, and the feedback that is stored of that source."""

    async def send() -> httpx.Response:
        named = {house.name: sample.loaded(house.name)}
        app = intake.door(intake.IntakeServices(named, house.receive, lambda: at, house.notice, know=house.know))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hero.example") as client:
            headers = {**sample.headers, **signed.headers}
            return await client.post(f"/feedback/{house.name}{signed.query}", content=signed.body or body, headers=headers)

    return anyio.run(send), house.stored()


def assert_holds(found: Any, expected: Any) -> None:
    """`expected` names the parts that matter; what it does not name may be anything."""
    if isinstance(expected, dict):
        for key, value in expected.items():
            assert_holds(found[key], value)
    else:
        assert found == expected


def assert_can_be_stored(piece: Feedback) -> None:
    assert piece.fingerprint
    assert piece.occurred_at is None or piece.occurred_at.tzinfo is UTC
    customer = piece.customer.model_dump().values()
    texts = [
        piece.id,
        piece.comment,
        piece.touchpoint,
        piece.link,
        *piece.tags,
        *(part for part in customer if isinstance(part, str)),
    ]
    for text in texts:
        assert "\x00" not in (text or "")
        (text or "").encode()


PLACES = st.integers(0, 10_000)
HOSTILE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 12),
    st.sampled_from([10**400, -(10**400), 1e308, -0.0, 10**18, 1795168800, 1795168800000, "0", "3", "-1", "1e3", "9" * 400, "NaN"]),
    st.sampled_from(["", " ", "\x00", "a\x00b", "\ud800", "\u202e", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]),
    st.sampled_from(["x" * 30_000, "javascript:alert(1)", "https://a\nb", [], {}, [[]], [None], ["a", 3], {"id": 1}, ["x"] * 60]),
    st.text(max_size=40),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.text(max_size=5), max_size=4),
)


def mutated(data: st.DataObject, payload: Any) -> Any:
    """The payload with a few of its values dropped, replaced or given another type."""
    payload = copy.deepcopy(payload)
    for _ in range(data.draw(st.integers(1, 3))):
        places = list(places_in(payload))
        holder, key = places[data.draw(PLACES) % len(places)]
        if data.draw(st.booleans()) and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = copy.deepcopy(data.draw(HOSTILE))
        if not list(places_in(payload)):
            break
    return payload


def places_in(value: Any) -> Any:
    """Every (holder, key) inside a JSON value."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places_in(value[key])
