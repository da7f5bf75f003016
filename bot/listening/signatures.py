"""How survey tools sign what they send: one small function per scheme, looked up by its name in app.yaml."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator, model_validator

from bot.listening import BadSignature, Options, Sent, payload

TOLERANCE = timedelta(minutes=5)
"""How far a signed timestamp may be from our clock, in either direction."""

PREFIX = "whsec_"
NO_KEY = "is not a Standard Webhooks secret; write whsec_ followed by base64"


class Signature(BaseModel):
    """How a sender signs: the scheme, the header with the signature, and the header with the timestamp if that is signed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scheme: str
    header: str | None = None
    timestamp: str | None = None

    @field_validator("scheme")
    @classmethod
    def _known(cls, scheme: str) -> str:
        if scheme not in SCHEMES:
            raise ValueError(f"is not a signature scheme; there are {', '.join(SCHEMES)}")
        return scheme

    @field_validator("header", "timestamp")
    @classmethod
    def _as_delivered(cls, name: str | None) -> str | None:
        return name.strip().lower() if name else None

    @model_validator(mode="after")
    def _says_what_its_scheme_needs(self) -> Signature:
        for name, needs in (("header", self.scheme not in HEADERLESS), ("timestamp", self.scheme == TIMESTAMPED)):
            if needs and getattr(self, name) is None:
                raise ValueError(f"the scheme {self.scheme} needs `{name}`, the name of a header")
            if not needs and getattr(self, name) is not None:
                raise ValueError(f"the scheme {self.scheme} has no `{name}`; remove it")
        return self


def verify(signature: Signature, sent: Sent, options: Options) -> bytes:
    """Raise BadSignature unless one of the source's secrets signed the request; an unsigned source accepts anything. Returns what
    no other request has, for a scheme that signs the time of each; else nothing."""
    return b"" if options.unsigned else SCHEMES[signature.scheme](sent, options.keys, signature)


def by(signature: Signature) -> Callable[[Sent, Options], bytes]:
    """Returns the `verify` of a tool that signs like this."""
    return partial(verify, signature)


def check_secrets(scheme: str, secrets: Sequence[SecretStr]) -> None:
    """Raise ValueError for a secret that the scheme cannot use. A ${NAME} that is not filled in yet is accepted."""
    for secret in secrets if scheme == STANDARD else ():
        text = secret.get_secret_value().strip()
        if text.startswith("${"):
            continue
        if not text.startswith(PREFIX):  # many a password is valid base64 by chance, but its owner signs with the text itself
            raise ValueError(NO_KEY)
        standard_key(text.encode())


def standard_key(secret: bytes) -> bytes:
    """Returns the key inside `whsec_<base64>`. Raises ValueError if there is none."""
    text = secret.removeprefix(PREFIX.encode()).rstrip(b"=")
    try:
        key = b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError(NO_KEY)
    return key


def _hmac(algorithm: str, encode: Callable[[bytes], bytes]) -> Scheme:
    def scheme(sent: Sent, keys: Sequence[bytes], signature: Signature) -> bytes:
        given = _header(sent, signature.header).removeprefix(b"%b=" % algorithm.encode())
        given = given.lower() if encode is binascii.hexlify else given
        _refuse_unless_one_fits([given], [encode(hmac.digest(key, sent.body, algorithm)) for key in keys])
        return b""

    return scheme


def _timestamped(sent: Sent, keys: Sequence[bytes], signature: Signature) -> bytes:
    given = _header(sent, signature.header).removeprefix(b"sha256=")
    at = _header(sent, signature.timestamp)
    _refuse_stale(sent.at, at)
    signed = at + sent.body
    _refuse_unless_one_fits([given], [b64encode(hmac.digest(key, signed, "sha256")) for key in keys])
    return hashlib.sha256(signed).digest()


def _standard_webhooks(sent: Sent, keys: Sequence[bytes], _signature: Signature) -> bytes:
    """Done by hand, because the standardwebhooks library uses the machine's clock and fails on bytes that are not UTF-8."""
    given, id_, at = (_header(sent, f"webhook-{part}") for part in ("signature", "id", "timestamp"))
    if not at.isdigit():
        raise BadSignature("The header webhook-timestamp is not a number of seconds")
    _refuse_stale(sent.at, at)
    signed = b"%b.%b.%b" % (id_, at, sent.body)
    try:
        wanted = [b"v1," + b64encode(hmac.digest(standard_key(key), signed, "sha256")) for key in keys]
    except ValueError as error:
        raise BadSignature("The secret of this source is not a Standard Webhooks secret") from error
    _refuse_unless_one_fits(given.split(b" ")[:8], wanted)
    return hashlib.sha256(signed).digest()


def _form_field(sent: Sent, keys: Sequence[bytes], _signature: Signature) -> bytes:
    """Qualtrics puts two fields into the form: MSG, a JSON text, and HMAC, the hex digest of it."""
    try:
        form = payload.read_form(sent.body)
        given, signed = form["HMAC"], form["MSG"]
    except (payload.Unreadable, KeyError):
        raise BadSignature("The form lacks its fields MSG and HMAC, or holds one of them twice") from None
    text = signed.encode("utf-8", "replace")
    wanted = [hmac.digest(key, text, "sha512").hex().encode() for key in keys]
    _refuse_unless_one_fits([given.lower().encode("utf-8", "replace")], wanted)
    return b""


def _static_header(sent: Sent, keys: Sequence[bytes], signature: Signature) -> bytes:
    given = _header(sent, signature.header).removeprefix(b"Bearer ")
    _refuse_unless_one_fits([given], [key.removeprefix(b"Bearer ") for key in keys])
    return b""


def _secret_in_url(sent: Sent, keys: Sequence[bytes], _signature: Signature) -> bytes:
    given = sent.query.get("key")
    if not given:
        raise BadSignature("The address lacks its secret: it ends in ?key=…")
    _refuse_unless_one_fits([given.encode("utf-8", "replace")], keys)
    return b""


Scheme = Callable[[Sent, Sequence[bytes], Signature], bytes]
"""Raises BadSignature; returns what `verify` does."""

STANDARD = "standard-webhooks"
TIMESTAMPED = "hmac-sha256-base64-timestamp"
FORM = "hmac-sha512-form"
HEADERLESS = (STANDARD, "url", FORM)

SCHEMES: Mapping[str, Scheme] = {
    "hmac-sha256-hex": _hmac("sha256", binascii.hexlify),
    "hmac-sha256-base64": _hmac("sha256", b64encode),
    TIMESTAMPED: _timestamped,
    "hmac-sha1-hex": _hmac("sha1", binascii.hexlify),
    "hmac-sha1-base64": _hmac("sha1", b64encode),
    STANDARD: _standard_webhooks,
    FORM: _form_field,
    "header": _static_header,
    "url": _secret_in_url,
}


def _header(sent: Sent, name: str | None) -> bytes:
    """Returns the header's raw bytes as sent. Raises BadSignature if it is missing or empty."""
    value = sent.headers.get(name or "")
    if not value:
        raise BadSignature(f"The header {name} is missing")
    try:
        return value.strip().encode("latin-1")
    except UnicodeEncodeError:
        return value.strip().encode("utf-8", "replace")


def _refuse_unless_one_fits(given: Iterable[bytes], wanted: Collection[bytes]) -> None:
    # All are compared, so that the time taken does not reveal which of two secrets is in use.
    if not any([hmac.compare_digest(one, another) for one in given for another in wanted]):  # noqa: C419
        raise BadSignature("The signature does not fit: the secret differs, or the body was changed on its way")


def _refuse_stale(now: datetime, text: bytes) -> None:
    """Raise BadSignature unless the time, in Unix seconds, milliseconds or ISO 8601 with an offset, is within TOLERANCE."""
    try:
        seconds = float(text) / (1000 if len(text) > 11 else 1) if text.isdigit() else _iso_seconds(text.decode("ascii"))
    except (ValueError, OverflowError) as error:
        raise BadSignature("The signed timestamp is neither Unix seconds nor ISO 8601 with an offset") from error
    if not abs(now.timestamp() - seconds) <= TOLERANCE.total_seconds():
        raise BadSignature("The signed timestamp is more than 5 minutes off; check the sender's clock and ours")


def _iso_seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("no offset")
    return moment.timestamp()
