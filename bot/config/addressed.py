"""Warns about channels and people in app.yaml whose names have a form that their chat does not know, about a channel that a team
names twice, and about a file without any chat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.config import Loaded
from bot.config.file import Warned
from bot.config.positions import Path


def unknown_channels(loaded: Loaded) -> Iterator[Warned]:
    for name, team in loaded.parts.teams.items():
        for index, place in enumerate(team.channels):
            look = getattr(loaded.parts.chats.get(place.chat), "no_channel", None)
            if look is not None and (help := look(place.address.partition(":")[2])):
                why = f"`{place.address}` is no channel that {place.chat} knows, so nobody in {name} would see a card"
                yield loaded.file.nth(("teams", name, "channel"), index), "W219", why, help


def channels_twice(loaded: Loaded) -> Iterator[Warned]:
    for name, team in loaded.parts.teams.items():
        for index, place in enumerate(team.channels):
            if place in team.channels[:index]:
                why = f"{name} names the channel {place.address} twice, so each of its cards would be posted there twice"
                yield ("teams", name, "channel", index), "W222", why, "remove one of them"


def no_chat(loaded: Loaded) -> Iterator[Warned]:
    if not (loaded.file.data or {}).get("chats"):
        why = "no chat is configured, so no customer's words reach anybody: they are only stored"
        yield ("chats",), "W223", why, "add one under chats: slack, msteams, or practice: {} to try it"


def unknown_people(loaded: Loaded) -> Iterator[Warned]:
    if loaded.parts.company:
        yield from _people(loaded, ("company", "ops"), loaded.parts.company.ops or (), list(loaded.parts.chats))
    for name, team in loaded.parts.teams.items():
        chats = list(dict.fromkeys(place.chat for place in team.channels))
        for role, names in team.duties.items():
            yield from _people(loaded, ("teams", name, role), names, chats)


def _people(loaded: Loaded, at: Path, names: Sequence[str], chats: Sequence[str]) -> Iterator[Warned]:
    """Doubt each name that none of these chats can know; one such as `slack:U…` is meant for that chat only."""
    for index, name in enumerate(names):
        chat, colon, rest = name.partition(":")
        asked = [chat] if colon and chat in loaded.parts.chats else chats
        looks = [getattr(loaded.parts.chats.get(each), "no_person", None) for each in asked]
        told = [look(rest if asked == [chat] else name) if look is not None else "" for look in looks]
        if told and all(told):
            why = f"`{name}` is nobody that {' or '.join(asked)} knows, so what is meant for them reaches nobody"
            yield loaded.file.nth(at, index), "W220", why, told[0]
