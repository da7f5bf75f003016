"""The door for feedback: POST /feedback/{source} is limited, verified, parsed, stored, and answered after the commit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from bot import metrics
from bot.doors import bounded, entries
from bot.doors.bounded import HungUp, NotTaken
from bot.doors.machine_door import JSON, Answered, answer, refused
from bot.doors.repeats import Repeats
from bot.doors.second_look import SecondLook
from bot.listening import BadSignature, Ignored, Sent, payload
from bot.listening.limit import Bucket, Limit
from bot.logs import broken
from bot.sources import LoadedSource
from handlers.arrivals.arrival import Arrival
from handlers.arrivals.replay import KeptPayload
from handlers.feedback import Customer, Feedback, FieldError
from handlers.receive import IGNORED, Answer, Receipt
from storage.database import Unavailable

MOST_KEPT = 256 * 1024

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IntakeServices:
    """What the door works with. Its calls raise storage's Unavailable."""

    sources: Mapping[str, LoadedSource]
    """Looked up at each request, so it may change."""
    take_in: Callable[[Sequence[Arrival]], Awaitable[Sequence[Receipt]]]
    """Stores all that came together; returns after the commit."""
    now: Callable[[], datetime]
    """The house clock: aware, UTC."""
    fetch_later: Callable[[str, Sequence[str]], Awaitable[None]] | None = None
    """Stores the names of responses that a source only named, to be fetched."""
    keep: Callable[[KeptPayload], Awaitable[None]] | None = None
    """Stores a payload as it came, unless something that it said was erased."""
    know: Callable[[Sequence[Customer], bool], Awaitable[Sequence[Receipt]]] | None = None
    """Stores the customers that a directory sends, or sends again."""
    second_look: SecondLook | None = None
    """Brings `sources` up to date with what ops made in chat on another replica: called before anybody is refused."""
    named: Callable[[], Collection[str]] = tuple
    """Returns the names of all sources, also of those made in chat that cannot be used here: their secret is sealed with another
    secret of the server, or they are of a later release."""
    fixed: Collection[str] = ()
    """The sources of app.yaml: what ops make in chat changes neither them nor their secrets, so a bad signature needs no look."""


def door(services: IntakeServices) -> ASGIApp:
    """Returns the application for any method at /feedback and below, so that each refusal is in JSON."""
    return _Intake(services)


class _Intake:
    """An ASGI application instead of a function of a Request: that saves a third of this route's cost."""

    def __init__(self, services: IntakeServices) -> None:
        self._services = services
        self._look = services.second_look
        self._buckets: dict[str, Bucket] = {}
        self._repeats = Repeats()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix("/feedback/").rstrip("/")
        try:
            answered = Answered(*await self._sent_to(name, scope, receive), JSON)
        except HungUp:
            return
        except NotTaken as not_taken:
            answered = self._refused(name, not_taken)
        except Unavailable:
            answered = self._refused(name, entries.away("Nothing was stored"))
        except Exception as error:  # noqa: BLE001 - whatever breaks, the sender is answered
            log.error("feedback.failed", source=name, **broken(error))
            why = "Something broke here, not with you. Send it again; our log says what it was."
            answered = self._refused(name, NotTaken(500, "failed", why))
        await answer(answered, send)

    def _refused(self, name: str, not_taken: NotTaken) -> Answered:
        known = name if name in self._services.sources or name in self._services.named() else "unknown"
        metrics.feedback.labels(known, not_taken.word).inc()
        log.warning("feedback.refused", source=known, answer=not_taken.word, status=not_taken.status)
        return refused(not_taken)

    async def _sent_to(self, name: str, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        loaded = self._services.sources.get(name)
        if loaded is None and self._look is not None:
            await self._look()
            loaded = self._services.sources.get(name)
        if loaded is None and name in self._services.named():
            raise _unusable()
        if loaded is None or not loaded.sends:
            raise NotTaken(
                404, "unknown", "No source has this name: compare the address with `sources` in app.yaml. Nothing was stored."
            )
        if scope["method"] == "HEAD":  # by which some tools try an address before they send to it
            return 200, b""
        if scope["method"] != "POST":
            raise NotTaken(405, "method", "Feedback is sent with POST.", headers=((b"allow", b"POST"),))
        return await self._taken(loaded, scope, receive)

    async def _taken(self, loaded: LoadedSource, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        headers = bounded.headers_of(scope)
        body = await bounded.body(headers, receive)
        at = self._services.now()
        query = scope["query_string"]
        sent = Sent(headers, body, dict(parse_qsl(query.decode("latin-1"))) if query else {}, at)
        loaded, unique = await self._verified(loaded, sent)
        if loaded.options.limit is not None:
            self._refuse_too_often(loaded.name, loaded.options.limit, at)
        try:
            said = loaded.read(body)
        except payload.Unreadable as error:
            await self._keep(loaded, body, at, FieldError("the body", f"is not one that we read: {error}"))
            raise NotTaken(400, "malformed", f"The body is not one that we read: {error}. Nothing was stored.") from None
        if not isinstance(said, dict | list):
            raise NotTaken(400, "malformed", "The body must be a JSON object, or an array of them. Nothing was stored.")
        stored = await self._stored(loaded, said, at, body, self._repeats.is_one(loaded.name, unique))
        self._repeats.note(loaded.name, unique, at)
        return stored

    async def _stored(
        self, loaded: LoadedSource, said: dict[str, Any] | list[Any], at: datetime, body: bytes, again: bool
    ) -> tuple[int, bytes]:
        """Store what a request says, and return the answer. `again`: this very request was answered before."""
        if loaded.tells_of_customers:
            return await self._directory(loaded, said, again)
        if isinstance(said, list):
            return await self._batch(loaded, said, at, again)
        if loaded.names:
            return await self._named(loaded, said)
        return await self._one(loaded, said, at, body, again)

    async def _verified(self, loaded: LoadedSource, sent: Sent) -> tuple[LoadedSource, bytes]:
        """Returns the source once it has verified the request, and what no other request has. On failure the newest version of a
        source made in chat is tried, because its secret may have changed. Raises NotTaken."""
        unique = _unique(loaded, sent)
        if isinstance(unique, NotTaken) and self._look is not None and loaded.name not in self._services.fixed:
            await self._look()
            renewed = self._services.sources.get(loaded.name, loaded)
            if renewed is not loaded:
                loaded, unique = renewed, _unique(renewed, sent)
        if isinstance(unique, NotTaken):
            raise unique
        return loaded, unique

    async def _named(self, loaded: LoadedSource, said: dict[str, Any]) -> tuple[int, bytes]:
        """Handle a sender that only names responses: answer once the names are stored; they are fetched after that."""
        try:
            names = loaded.source.notice(said, loaded.options)
        except Ignored:
            names = ()
        except FieldError as error:
            raise entries.rejected(loaded.name, error) from None
        if not names or self._services.fetch_later is None:
            entries.count(loaded.name, IGNORED)
            return 200, b'{"status": "ignored", "id": null}'
        await self._services.fetch_later(loaded.name, names)
        metrics.feedback.labels(loaded.name, "named").inc()
        return 202, b'{"status": "accepted", "id": null}'

    async def _one(self, loaded: LoadedSource, said: dict[str, Any], at: datetime, body: bytes, again: bool) -> tuple[int, bytes]:
        pieces = entries.read(loaded.parse, said)
        if isinstance(pieces, FieldError):
            refusal = entries.rejected(loaded.name, pieces)
            await self._keep(loaded, body, at, pieces)
            raise refusal
        arrivals = [Arrival(loaded.name, piece, at, again=again) for piece in pieces]
        receipts = await self._services.take_in(arrivals) if arrivals else [IGNORED]
        if loaded.options.keep and not again:  # it is kept already, and was not said after what came since
            await self._keep(loaded, body, at, pieces)
        for receipt in receipts:
            entries.count(loaded.name, receipt)
        first = receipts[0]  # an object that holds several pieces is answered for its first
        id_ = b"null" if first.id is None else b"%d" % first.id
        return 202 if first.answer is Answer.ACCEPTED else 200, b'{"status": "%b", "id": %b}' % (first.answer.value.encode(), id_)

    async def _directory(self, loaded: LoadedSource, said: dict[str, Any] | list[Any], again: bool) -> tuple[int, bytes]:
        """Handle a directory of customers like a survey tool, one customer or many; it may be sent again in full every night."""
        told_of = said if isinstance(said, list) else [said]
        entries.refuse_too_many(told_of)
        read = [entries.read(loaded.customers, entry) for entry in told_of]
        told = [customer for found in read if not isinstance(found, FieldError) for customer in found]
        if isinstance(said, dict) and isinstance(read[0], FieldError):
            raise entries.rejected(loaded.name, read[0])
        know = self._services.know
        receipts = iter(await entries.in_pieces(lambda these: know(these, again), told) if know is not None else ())
        results = [entries.result(loaded.name, found, receipts) for found in read]
        if isinstance(said, list):
            return 200, _json(results)
        return 202 if results[0]["status"] == Answer.ACCEPTED else 200, _json(results[0])

    async def _keep(self, loaded: LoadedSource, body: bytes, at: datetime, read: Sequence[Feedback] | FieldError) -> None:
        """Keep a payload of up to MOST_KEPT bytes, and only from a source with a secret, so that nobody else can fill our disk."""
        if self._services.keep is not None and loaded.options.keys and len(body) <= MOST_KEPT:
            text = body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")  # which PostgreSQL does not store
            await self._services.keep(KeptPayload(loaded.name, text, at, read))

    async def _batch(self, loaded: LoadedSource, all_of_them: list[Any], at: datetime, again: bool) -> tuple[int, bytes]:
        entries.refuse_too_many(all_of_them)
        read: list[Sequence[Feedback] | FieldError] = []
        for entry in all_of_them:
            if len(read) % 100 == 99:
                await asyncio.sleep(0)  # a large batch must not keep everybody else waiting
            read.append(entries.read(loaded.parse, entry))
            if not again and (loaded.options.keep or isinstance(read[-1], FieldError)):
                await self._keep(loaded, _json(entry), at, read[-1])
        told = [piece for pieces in read if not isinstance(pieces, FieldError) for piece in pieces]
        arrivals = [Arrival(loaded.name, piece, at, again=again) for piece in told]
        receipts = iter(await entries.in_pieces(self._services.take_in, arrivals))
        return 200, _json([entries.result(loaded.name, pieces, receipts) for pieces in read])

    def _refuse_too_often(self, name: str, limit: Limit, at: datetime) -> None:
        bucket = self._buckets.get(name)
        if bucket is None or bucket.limit != limit:
            bucket = self._buckets[name] = Bucket(limit, limit.count, at)
        wait = bucket.take(at)
        if wait:
            why = f"More came than the limit of this source allows; send it again in {wait} s. Nothing was stored."
            raise NotTaken(429, "limited", why, headers=((b"retry-after", b"%d" % wait),))


def _unusable() -> NotTaken:
    # Not 404: some tools never send again to an address that answers so, and this source will be good once ops mend it.
    why = "This source cannot be used here just now; ops see why under `sources`. Send it again later. Nothing was stored."
    return NotTaken(503, "unusable", why, headers=((b"retry-after", b"300"),))


def _unique(loaded: LoadedSource, sent: Sent) -> bytes | NotTaken:
    """Returns what no other request has, nothing if that cannot be said, or why the request is refused."""
    try:
        return loaded.source.verify(sent, loaded.options) or b""
    except BadSignature as error:
        return NotTaken(401, "unsigned", f"{error}. Nothing was stored.")


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
