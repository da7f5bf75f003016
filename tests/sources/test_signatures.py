"""Each way of signing accepts what was truly signed and turns everything else away with one kind of error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot import listening, sources
from bot.listening import BadSignature, Sent, signatures
from bot.listening.signatures import SCHEMES, Signature

AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
BODY = b'{"id":"1"}'
KEY = "sample-key"
STANDARD_KEY = "whsec_c2FtcGxlLXNlY3JldC1vZi0yNC1ieXRlcw=="

# Computed with `openssl dgst -hmac`, by hand; the last scheme's second vector is the one its specification prints.
HEX_256 = "e5d0596194197f511ac49ebfd104dbadfde4b699ea285f62813d034d7a707eb5"
BASE64_256 = "5dBZYZQZf1EaxJ6/0QTbrf3ktpnqKF9igT0DTXpwfrU="
HEX_1 = "47588c6efe289888ad1f7ecc16a34546ca7c7dd7"
STAMP = "2026-11-20T10:00:00Z"
TIMESTAMPED = "0YP2/A8A3Y4cxEF3a+1XcXw/qmn3XP9qMVcwOkdWQyA="
STANDARD = {
    "webhook-id": "msg_1",
    "webhook-timestamp": "1795168800",
    "webhook-signature": "v1,fK49tDdRhDw9zLR0JV30nScVHaWpJsihzmIeb3Ipw/4=",
}

SIGNED: dict[str, tuple[dict[str, str], str]] = {
    "hmac-sha256-hex": ({"x-signature": HEX_256}, KEY),
    "hmac-sha256-base64": ({"x-signature": BASE64_256}, KEY),
    "hmac-sha256-base64-timestamp": ({"x-signature": TIMESTAMPED, "x-time": STAMP}, KEY),
    "hmac-sha1-hex": ({"x-signature": HEX_1}, KEY),
    "hmac-sha1-base64": ({"x-signature": "O2ieFZUJsZVuF1mH4A306/A7FkA="}, "client-id&sample-key"),
    "standard-webhooks": (STANDARD, STANDARD_KEY),
    "header": ({"x-signature": KEY}, KEY),
}
each_scheme = pytest.mark.parametrize("scheme", SIGNED)


def signature(scheme: str) -> Signature:
    told = {"scheme": scheme, "header": "X-Signature", "timestamp": "X-Time"}
    if scheme in ("standard-webhooks", "url", "hmac-sha512-form"):
        del told["header"]
    if scheme != "hmac-sha256-base64-timestamp":
        del told["timestamp"]
    return Signature.model_validate(told)


def verify(
    scheme: str, headers: dict[str, str], secret: Any, *, body: bytes = BODY, query: dict[str, str] | None = None, at: datetime = AT
) -> None:
    signatures.verify(signature(scheme), Sent(headers, body, query or {}, at), listening.Options(secret=secret))


def test_every_scheme_has_a_vector() -> None:
    assert set(SCHEMES) == {*SIGNED, "url", "hmac-sha512-form"}


@each_scheme
def test_what_was_truly_signed_is_accepted(scheme: str) -> None:
    verify(scheme, *SIGNED[scheme])


@each_scheme
def test_while_a_secret_is_replaced_both_are_good(scheme: str) -> None:
    headers, secret = SIGNED[scheme]
    other = "whsec_b3RoZXI="
    verify(scheme, headers, [other, secret])
    verify(scheme, headers, [secret, other])
    with pytest.raises(BadSignature):
        verify(scheme, headers, [other, other])


@each_scheme
def test_a_missing_or_empty_header_is_a_bad_signature(scheme: str) -> None:
    headers, secret = SIGNED[scheme]
    for name in headers:
        for less in ({k: v for k, v in headers.items() if k != name}, headers | {name: ""}):
            with pytest.raises(BadSignature):
                verify(scheme, less, secret)


@pytest.mark.parametrize("scheme", [scheme for scheme in SIGNED if scheme != "header"])
def test_a_changed_body_is_a_bad_signature_wherever_the_body_is_signed(scheme: str) -> None:
    with pytest.raises(BadSignature):
        verify(scheme, *SIGNED[scheme], body=BODY + b" ")


@each_scheme
@given(st.data())
def test_whatever_stands_in_the_headers_nothing_but_a_bad_signature_comes_of_it(scheme: str, data: st.DataObject) -> None:
    headers, secret = SIGNED[scheme]
    name = data.draw(st.sampled_from(sorted(headers)))
    value = data.draw(
        st.one_of(
            st.text(),
            st.sampled_from(
                ["é", "\ud800", "v1,", "v1", ",", "v1,é= v1,", "1e9", "nan", "-1", "٣" * 10, "9" * 30, "0001-01-01T00:00:00+23:59"]
            ),
        )
    )
    if value.strip() in (headers[name], f"Bearer {headers[name]}"):
        return
    with pytest.raises(BadSignature):
        verify(scheme, headers | {name: value}, secret)


def test_the_prefix_before_a_digest_may_be_there_or_not_and_hex_may_be_in_capitals() -> None:
    verify("hmac-sha256-hex", {"x-signature": f"sha256={HEX_256}"}, KEY)
    verify("hmac-sha256-hex", {"x-signature": HEX_256.upper()}, KEY)
    verify("hmac-sha256-base64", {"x-signature": f"sha256={BASE64_256}"}, KEY)
    verify("hmac-sha1-hex", {"x-signature": f"sha1={HEX_1}"}, KEY)
    verify("header", {"x-signature": f"Bearer {KEY}"}, KEY)


def test_the_vector_that_the_standard_webhooks_specification_prints_is_accepted() -> None:
    headers = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,bm9ldHUjKzFob2VudXRob2VodWUzMjRvdWVvdW9ldQo= v2,MzJsNDk4MzI0K2VvdSMjMTEjQEBAQDEyMzMzMzEyMwo= "
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    at = datetime.fromtimestamp(1614265330, UTC)
    verify("standard-webhooks", headers, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", body=b'{"test": 2432232314}', at=at)


@pytest.mark.parametrize("scheme", ["standard-webhooks", "hmac-sha256-base64-timestamp"])
def test_a_timestamp_may_be_five_minutes_off_and_not_a_second_more(scheme: str) -> None:
    headers, secret = SIGNED[scheme]
    for seconds in (-300, 300):
        verify(scheme, headers, secret, at=AT + timedelta(seconds=seconds))
    for seconds in (-301, 301):
        with pytest.raises(BadSignature, match="5 minutes"):
            verify(scheme, headers, secret, at=AT + timedelta(seconds=seconds))


def test_a_timestamp_that_is_no_number_is_a_bad_signature() -> None:
    with pytest.raises(BadSignature, match="webhook-timestamp"):
        verify("standard-webhooks", STANDARD | {"webhook-timestamp": "soon"}, STANDARD_KEY)


def test_a_body_that_is_not_utf_8_can_be_signed() -> None:
    with pytest.raises(BadSignature, match="does not fit"):
        verify("standard-webhooks", STANDARD, STANDARD_KEY, body=b"\xff\xfe")


def test_the_secret_in_the_address_is_compared_whole() -> None:
    verify("url", {}, KEY, query={"key": KEY})
    for query in ({}, {"key": ""}, {"key": KEY + "x"}, {"key": "é\ud800"}, {"Key": KEY}):
        with pytest.raises(BadSignature):
            verify("url", {}, KEY, query=query)


MSG = '{"Status":"Complete","SurveyID":"SV_1","ResponseID":"R_1"}'
HEX_512 = (
    "b2c03c7a49478486f7c5f4efb94510990878dad93e6df6ea50bc1d5857085b7e"
    "cade09866e005aa71430dda21f7e998aea20477548d690aff19cd565fdaf5c23"
)  # openssl dgst -sha512 -hmac sample-key


def form(**fields: str) -> bytes:
    return urlencode({"Topic": "surveyengine.completedResponse.SV_1", **fields}).encode()


def test_a_signature_inside_a_form_covers_the_message_beside_it() -> None:
    for digest in (HEX_512, HEX_512.upper()):
        verify("hmac-sha512-form", {}, KEY, body=form(MSG=MSG, HMAC=digest))
        verify("hmac-sha512-form", {}, ["other", KEY], body=form(MSG=MSG, HMAC=digest))
    signed = form(MSG=MSG, HMAC=HEX_512)
    for body in (
        form(MSG=MSG + " ", HMAC=HEX_512), form(MSG=MSG), form(HMAC=HEX_512), form(MSG=MSG, HMAC="é"),
        signed + b"&MSG=other", signed + b"&HMAC=" + HEX_512.encode(), b"", b"\xff", BODY, b"&" * 1000 + signed + b"&a=1" * 100,
    ):  # fmt: skip
        with pytest.raises(BadSignature):
            verify("hmac-sha512-form", {}, KEY, body=body)


def test_a_secret_is_read_without_the_newline_that_a_file_left_behind_it() -> None:
    verify("hmac-sha256-hex", {"x-signature": HEX_256}, KEY + "\n")


def test_a_secret_of_standard_webhooks_that_holds_no_key_is_refused_when_the_configuration_is_read() -> None:
    for secret in ("whsec_", "whsec_%%%", "not base64!"):
        with pytest.raises(ValidationError, match="whsec_ followed by base64"):
            sources.load("plain").Options(secret=secret)


def test_a_source_says_its_secret_or_that_it_is_unsigned_and_never_both() -> None:
    for kind in ("plain", "delighted"):
        options = sources.load(kind).Options
        with pytest.raises(ValidationError, match="a source without secret must say unsigned: true"):
            options()
        with pytest.raises(ValidationError, match="remove one of the two"):
            options(secret=STANDARD_KEY, unsigned=True)
        with pytest.raises(ValidationError):
            options(secret="")
        with pytest.raises(ValidationError):
            options(secret=[STANDARD_KEY] * 3)
        assert options(unsigned=True).keys == ()


def test_no_secret_shows_in_what_is_printed_of_the_options_or_of_a_mistake_in_them() -> None:
    canary = "whsec_Y2FuYXJ5Y2FuYXJ5"
    options = sources.load("plain").Options(secret=[canary, canary])
    assert options.keys
    assert "Y2FuYXJ5" not in f"{options!r} {options} {options.model_dump()}"
    with pytest.raises(ValidationError) as refused:
        sources.load("plain").Options(secret=[canary, "whsec_%"], limit="many")
    assert "Y2FuYXJ5" not in str(refused.value)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"scheme": "md5", "header": "X"}, "is not a signature scheme; there are hmac-sha256-hex"),
        ({"scheme": "hmac-sha256-hex"}, "needs `header`"),
        ({"scheme": "hmac-sha256-base64-timestamp", "header": "X"}, "needs `timestamp`"),
        ({"scheme": "url", "header": "X"}, "has no `header`"),
        ({"scheme": "hmac-sha256-hex", "header": "X", "timestamp": "Y"}, "has no `timestamp`"),
    ],
)
def test_a_signature_that_is_told_wrongly_says_what_to_change(told: dict[str, str], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Signature.model_validate(told)


MAPPED: dict[str, Any] = {
    "metric": "csat",
    "scale": [1, 5],
    "secret": "s",
    "signature": {"scheme": "hmac-sha256-hex", "header": "X"},
    "fields": {"id": "a", "score": "b"},
}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"fields": {"id": "a", "score": "answers[", "comment": "c"}}, r"'answers\[' is not a JMESPath"),
        ({"fields": {"id": "a", "score": "no_such(a)("}}, "is not a JMESPath"),
        ({"fields": {"id": "a"}}, "fields needs `score`"),
        ({"fields": {"score": "a"}}, "fields needs `id`"),
        ({"fields": {"id": "a", "score": "b", "shoe": "c"}}, "Input should be 'id'"),
        ({"scale": [5, 5]}, "scale is"),
        ({"metric": "nps"}, r"that of nps is \[0, 10\]"),
        ({"answers": {"good": 9}}, "outside the scale"),
        ({"signature": None}, "says its signature"),
        ({"secret": None, "unsigned": True}, "needs no signature"),
        ({"limit": "lots"}, "600/m"),
        ({"metric": "comment"}, "fields needs `comment`"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_when_the_configuration_is_read(change: dict[str, Any], why: str) -> None:
    options = sources.load("mapped").Options
    assert options.model_validate(MAPPED)
    with pytest.raises(ValidationError, match=why):
        options.model_validate(MAPPED | change)


def test_an_unknown_kind_of_source_names_those_there_are() -> None:
    assert {"plain", "mapped", "delighted"} <= set(sources.kinds())
    for kind in ("fax", "signatures", "..chats.slack", ""):
        with pytest.raises(ModuleNotFoundError, match=r"delighted, .*mapped, .*plain"):
            sources.load(kind)


class Recorder:
    """Asks nobody, and keeps with which headers it would have asked."""

    def __init__(self) -> None:
        self.headers: list[Any] = []

    async def get(self, _path: str, *, params: Any = None, headers: Any = None) -> Any:
        self.headers.append(headers)
        return {"data": []}


@pytest.mark.anyio
async def test_a_key_of_the_app_store_signs_as_systemd_hands_it_over() -> None:
    """As docs/sources/app-store.md says to write it: hero reads \\n in double quotes as a line end, and systemd as two characters."""
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    folder, ask = sources.load("app_store"), Recorder()
    for key in (pem, pem.replace("\n", "\\n")):
        options = folder.Options(token=key, app="7", key="K1", issuer="issuer-1")
        await folder.poll(folder.begin(datetime.now(UTC), options), options, ask)  # type: ignore[attr-defined]
    for headers in ask.headers:
        token = headers["Authorization"].removeprefix("Bearer ")
        assert jwt.decode(token, made.public_key(), ["ES256"], audience="appstoreconnect-v1")["iss"] == "issuer-1"
    assert len(ask.headers) == 2
