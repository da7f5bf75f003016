"""`hero sources`: shows how each source is connected and read so far; reads kept payloads again after app.yaml was corrected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Connection

from bot.config import Settings
from bot.config.plug_ins import unconfirmed
from bot.listening import Ignored, Options, PolledOptions, payload
from bot.refusals import Mistaken
from bot.sources import LoadedSource
from handlers.arranged.unread import left_behind
from handlers.arrivals.arrival import Arrival
from handlers.arrivals.replay import read_again
from handlers.company import Company
from handlers.feedback import Feedback, FieldError
from storage import errands, payloads, readings
from storage.database import Store
from storage.prepared import AnyRow

AT_ONCE = 100
USUAL = Options.model_fields.keys() | PolledOptions.model_fields.keys() | {"api_url"}
"""Keys of app.yaml that do not affect how a payload is parsed."""


def told(settings: Settings, store: Store) -> str:
    """Describe each source in a few lines."""
    lines = []
    for name, each in settings.sources.items():
        loaded = LoadedSource.of(name, each)
        how = "asked" if not loaded.sends else "names what we fetch" if loaded.names else "sends"
        lines.append(f"{name}  {each.kind}, {how}")
        lines += [f"  {line}" for line in store.read_sync(_state, name)]
        if unread := store.read_sync(payloads.unread, name):
            lines.append(f"  {unread} payload{'s' * (unread != 1)} could not be read; {_to_mend(settings, name)}")
        if doubt := unconfirmed(each.kind):
            lines.append(f"  not confirmed by any documentation: {doubt}")
    for name, named, unread in store.read_sync(left_behind, settings.sources):
        lines.append(f"{name}  no longer set up; name it again until all of it is taken in")
        lines += [f"  {named} response{'s' * (named != 1)} to be fetched"] if named else []
        lines += [f"  {unread} payload{'s' * (unread != 1)} could not be read"] if unread else []
    return "\n".join(lines) or "There are no sources."


def _state(tx: Connection, name: str) -> list[str]:
    lines = []
    for row in readings.every(tx):
        if row.source == name:
            what = "its daily look back" if row.key != name else "it"
            when = f"last read {datetime.fromtimestamp(row.read_s, UTC):%Y-%m-%d %H:%M} UTC" if row.read_s else "never read yet"
            many = f"{row.failures} failure{'s' * (row.failures != 1)} in a row: " if row.failures else ""
            lines.append(f"{what} was {when}{f'; {many}{row.reason}' if row.reason else ''}")
    named = [row for row in errands.unfinished(tx) if row.source == name]
    waiting, parked = ([row for row in named if row.state == state] for state in ("waiting", "parked"))
    if named:
        lines.append(f"{len(waiting)} response{'s' * (len(waiting) != 1)} to be fetched, {len(parked)} parked")
    lines += [f"they wait: {reason}" for reason in sorted({row.reason for row in waiting if row.reason})]
    lines += [f"parked: {row.reference}, {row.reason}" for row in parked]
    if parked:
        lines.append(f"to fetch again what is parked, once its reason is mended: hero sources --replay {name}")
    return lines


def _to_mend(settings: Settings, name: str) -> str:
    """Returns how to fix payloads that could not be read. If no key affects the parsing, only their sender can."""
    listed, said = settings.company.sources.get(name), type(settings.sources[name].options).model_fields.keys()
    if (listed is None or listed.written) and said - USUAL:
        return f"mend app.yaml, then: hero sources --replay {name}"
    return f"nothing in app.yaml mends that, only the sender can. For the reasons: hero sources --replay {name}"


def replay(settings: Settings, store: Store, name: str, now: datetime) -> str:
    """Read all kept payloads of a source again, in order of arrival, and make due again what is parked. Returns what to print.
    Raises Mistaken for an unknown name."""
    each = settings.sources.get(name)
    if each is None:
        raise Mistaken(f"there is no source {name!r}. There is: {', '.join(settings.sources) or 'none'}.")
    loaded = LoadedSource.of(name, each)
    counted: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    due = store.write_sync(errands.try_again, name)
    last = _last(store, loaded)
    for row in _kept(store, name):
        try:
            arrivals = [Arrival(name, piece, now, belated=True) for piece in _read(loaded, row.body)]
        except FieldError as error:
            counted["still not read"] += 1
            reasons[f"{error.field} {error.why}"] += 1
            continue
        newest = {arrival.feedback.id for arrival in arrivals if last.get((arrival.feedback.id, row.rejected), row.id) <= row.id}
        counted.update(_stored(store, settings.company, row, arrivals, newest, keep=bool(each.options.keep)))
    lines = [f"{number} {what}" for what, number in sorted(counted.items())]
    lines += [f"{due} parked: the running bot fetches {'it' if due == 1 else 'them'} again within a minute"] if due else []
    lines = lines or [f"Nothing of {name} is kept."]
    why = (f"  {number} time{'s' * (number != 1)}: {reason}" for reason, number in reasons.most_common(10))
    return "\n".join([*lines, *why])


def _kept(store: Store, name: str) -> Iterator[AnyRow]:
    """Yields all kept payloads of a source, in order of arrival."""
    after = 0
    while rows := store.read_sync(payloads.kept, name, after, AT_ONCE):
        yield from rows
        after = rows[-1].id


def _last(store: Store, loaded: LoadedSource) -> dict[tuple[str, bool], int]:
    """Returns the last kept payload that says something of each response, by the response's id and whether it was rejected."""
    last: dict[tuple[str, bool], int] = {}
    for row in _kept(store, loaded.name):
        with suppress(FieldError):
            last |= {(piece.id, row.rejected): row.id for piece in _read(loaded, row.body)}
    return last


def _read(loaded: LoadedSource, body: str) -> list[Feedback]:
    try:
        return list(loaded.parse(payload.read(body.encode())))
    except Ignored:
        return []
    except payload.Unreadable as error:
        raise FieldError("", str(error)) from None


def _stored(
    store: Store, company: Company, row: AnyRow, arrivals: list[Arrival], newest: Collection[str], *, keep: bool
) -> list[str]:
    answers = store.write_sync(read_again, company, row.id, arrivals, rejected=row.rejected, keep=keep, newest=newest)
    return [str(answer) for answer in answers] or ["ignored"]
