"""What happens when a person presses, submits a form or writes to the bot, up to what they see."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.emulators.msteams import answers, forms, payloads
from tests.emulators.msteams.bot import deliver, invoke
from tests.emulators.msteams.forms import Control, Form
from tests.emulators.msteams.seen import Seen
from tests.emulators.msteams.world import Channel, Json, Message, Shown

if TYPE_CHECKING:
    from tests.emulators.msteams.emulator import MsTeams
    from tests.emulators.msteams.person import Person


async def press(
    teams: MsTeams, person: Person, shown: Message | Form, what: str, *, nth: int | None, times: int, linger: float,
    stale: bool = False, as_submit: bool = False,
) -> Seen:  # fmt: skip
    message = _must_be_there(teams, person, shown, stale=stale)
    view = shown.to(person) if isinstance(shown, Message) and not stale else shown
    return await _do(teams, person, message, view, forms.find(view, what, nth), {}, times, linger, as_submit=as_submit)


async def submit(
    teams: MsTeams, person: Person, form: Form | None, given: Mapping[str, Any], *, button: str | None, times: int, linger: float,
    as_submit: bool = False,
) -> Seen:  # fmt: skip
    if form is None:
        raise LookupError(f"{person} has no form in front of them")
    message = _must_be_there(teams, person, form, stale=True)
    control = forms.find(form, button) if button else forms.sender(form)
    return await _do(teams, person, message, form, control, given, times, linger, as_submit=as_submit)


def _must_be_there(teams: MsTeams, person: Person, shown: Message | Form, *, stale: bool) -> Message:
    """Returns the current message, or the old one if it was deleted. Raises LookupError when the person cannot see it."""
    kept = shown if isinstance(shown, Message) else shown.message
    channel = teams.channels[kept.conversation]
    if (kept.deleted and not stale) or person not in teams.members(channel):
        raise LookupError(f"{person} does not have this in front of them:\n{shown}")
    return channel.find(kept.id) or kept


async def _do(
    teams: MsTeams, person: Person, message: Message, view: Shown, control: Control, given: Mapping[str, Any], times: int,
    linger: float, *, as_submit: bool,
) -> Seen:  # fmt: skip
    seen = Seen(teams, person.id, since=len(teams.accepted), thread=message.root or message.id)
    action = control.action
    match action["type"]:
        case "Action.OpenUrl":
            seen.opened_url = action["url"]
            return seen
        case "Action.ShowCard":
            seen.form = Form(cards=[action["card"]], message=message, path=(*control.path, action["card"]), title=action["title"])
            return seen
        case "Action.ToggleVisibility":
            return _toggle(person, message, view, action, seen)
    if as_submit and action["type"] == "Action.Execute":
        control = Control({**action["fallback"], "associatedInputs": action.get("associatedInputs", "auto")}, control.path)
        action = control.action
    data, seen.errors = forms.fill(control, given)
    if seen.errors:
        return seen
    if action["type"] == "Action.Submit":
        return await _submitted(teams, person, message, action, data, seen, times, linger)
    return await _executed(teams, person, message, action, data, seen, times)


def _toggle(person: Person, message: Message, view: Shown, action: Json, seen: Seen) -> Seen:
    seen.shown = Shown(cards=[forms.toggled(card, action) for card in view.cards])
    message.views[person.id] = seen.shown
    fields = [card for card in seen.shown.cards if forms.inputs_of(card)]
    if fields:
        seen.form = Form(cards=fields[:1], message=message, path=(fields[0],))
    return seen


async def _executed(teams: MsTeams, person: Person, message: Message, action: Json, data: Json, seen: Seen, times: int) -> Seen:
    deed = f"{person} pressed {action['title']!r}"

    async def once() -> None:
        edits = message.edits
        answer = await invoke(teams, payloads.pressed(teams, person, message, action, data))
        answers.take(teams, seen, message, answer, edits, deed)

    await asyncio.gather(*(once() for _ in range(times)))
    return seen


async def _submitted(
    teams: MsTeams, person: Person, message: Message, action: Json, data: Json, seen: Seen, times: int, linger: float
) -> Seen:
    seen.listens = True

    async def once() -> None:
        activity = payloads.submitted(teams, person, message, data)
        await _hear(teams, seen, activity, f"{person} pressed {action['title']!r} in an older client")

    await asyncio.gather(*(once() for _ in range(times)))
    return await seen.settle(linger)


async def _hear(teams: MsTeams, seen: Seen, activity: Json, deed: str) -> None:
    """Deliver a message and record the first answer; what the bot says arrives through the connector."""
    first = (await deliver(teams, activity)).attempts[0]
    seen.statuses.append(first.status)
    seen.took = max(seen.took, first.took)
    if first.error:
        seen.error = f"{answers.WRONG} ({first.status or first.error})"
        teams.errors.append(f"{deed}: {seen.error}")


async def write(teams: MsTeams, person: Person, text: str, channel: Channel, root: str | None, *, linger: float) -> Seen:
    """Write to the bot: in the private chat, or with a mention in a channel, as a new thread or in that of `root`."""
    if channel.is_personal:
        person.installed = True
    if person not in teams.members(channel) or not (channel.is_personal or teams.teams[channel.team].installed):
        raise LookupError(f"{person} or the bot is not in {channel.name}")
    said = Message(conversation=channel.id, id=teams.next_id(), author=person.id, root=root, text=text, text_format="plain")
    teams.accept(channel, said)
    seen = Seen(teams, person.id, since=len(teams.accepted), thread=None if channel.is_personal else root or said.id, listens=True)
    activity = payloads.written(teams, person, text, channel, root or said.id)
    activity["id"] = said.id
    await _hear(teams, seen, activity, f"{person} wrote {text!r}")
    return await seen.settle(linger)
