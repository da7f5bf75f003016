"""The bot's answer to a pressed Action.Execute: whether it has the required form, and what the person then sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulators.msteams import activities, forms
from tests.emulators.msteams.bot import Answer, read_json
from tests.emulators.msteams.cards import check_card, size
from tests.emulators.msteams.forms import Form
from tests.emulators.msteams.seen import Seen
from tests.emulators.msteams.world import Json, Message, Shown

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams

TEXT = "application/vnd.microsoft.activity.message"
ERROR = "application/vnd.microsoft.error"
WRONG = "Something went wrong. Please try again."


def take(teams: MsTeams, seen: Seen, message: Message, answer: Answer, edits: int, deed: str) -> None:
    """Show the person the answer to their press. `edits` is how often the message had been edited at the time of the press."""
    seen.statuses.append(answer.status)
    seen.took = max(seen.took, answer.took)
    if answer.error:
        _fail(teams, seen, f"{WRONG} ({answer.status or answer.error})", deed)
        return
    try:
        body = read_json(answer)
        found = check(body) if answer.status == 200 else [f"an invoke must be answered 200, not {answer.status}"]
    except ValueError as error:
        body, found = answer.body, [str(error)]
    if found:
        teams.reject("invoke answer", "unreadable", found, body)
        _fail(teams, seen, WRONG, deed)
    else:
        _show(teams, seen, message, body, edits, deed)


def _fail(teams: MsTeams, seen: Seen, error: str, deed: str) -> None:
    seen.error = error
    teams.errors.append(f"{deed}: {error}")


def check(body: Any) -> list[str]:
    """Returns everything that is wrong with the body of an invoke response."""
    if not isinstance(body, dict) or set(body) != {"statusCode", "type", "value"}:
        return [f"the body must hold statusCode, type and value, and nothing else: {str(body)[:100]}"]
    code, kind, value = body["statusCode"], body["type"], body["value"]
    if type(code) is not int:
        return [f"statusCode must be a number, not {code!r}"]
    if kind == activities.CARD:
        return ([] if code == 200 else [f"a card has statusCode 200, not {code}"]) + check_card(value)
    if kind == TEXT:
        good = code == 200 and isinstance(value, str) and bool(value.strip())
        return [] if good else ["a text has statusCode 200 and words in value"]
    if kind == ERROR:
        good = code >= 400 and isinstance(value, dict) and set(value) == {"code", "message"} and all(map(_says, value.values()))
        return [] if good else ["an error has statusCode 400 or more, and code and message in value"]
    return [f"unknown type: {kind!r}"]


def _says(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _show(teams: MsTeams, seen: Seen, message: Message, body: Json, edits: int, deed: str) -> None:
    if body["type"] == ERROR:
        _fail(teams, seen, body["value"]["message"], deed)
    elif body["type"] == TEXT:
        seen.shown = Shown(text=body["value"])
    else:
        card = body["value"]
        teams.largest_card = max(teams.largest_card, size(card))
        seen.shown = Shown(cards=[card])
        if message.edits == edits:  # otherwise everybody, this person included, already sees something newer
            message.views[seen.user] = seen.shown
        if forms.inputs_of(card):
            seen.form = Form(cards=[card], message=message, path=(card,))
