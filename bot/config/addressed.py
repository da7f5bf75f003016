"""Warns about channels and people in app.yaml whose names have a form that their chat does not know, about a channel that a team
names twice, and about a file without any chat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.config.file import ConfigFile, Warned
from bot.config.parts import Parts
from bot.config.positions import Path


def unknown_channels(file: ConfigFile, parts: Parts) -> Iterator[Warned]:
    for name, team in parts.teams.items():
        for index, place in enumerate(team.channels):
            look = getattr(parts.chats.get(place.chat), "no_channel", None)
            if look is not None and (help := look(place.address.partition(":")[2])):
                why = f"`{place.address}` is no channel that {place.chat} knows, so nobody in {name} would see a card"
                yield _at(file, ("teams", name, "channel"), index), "W219", why, help


def channels_twice(parts: Parts) -> Iterator[Warned]:
    for name, team in parts.teams.items():
        for index, place in enumerate(team.channels):
            if place in team.channels[:index]:
                why = f"{name} names the channel {place.address} twice, so each of its cards would be posted there twice"
                yield ("teams", name, "channel", index), "W222", why, "remove one of them"


def no_chat(file: ConfigFile) -> Iterator[Warned]:
    if not (file.data or {}).get("chats"):
        why = "no chat is configured, so no customer's words reach anybody: they are only stored"
        yield ("chats",), "W223", why, "add one under chats: slack, msteams, or practice: {} to try it"


def unknown_people(file: ConfigFile, parts: Parts) -> Iterator[Warned]:
    if parts.company:
        yield from _people(file, parts, ("company", "ops"), parts.company.ops or (), list(parts.chats))
    for name, team in parts.teams.items():
        chats = list(dict.fromkeys(place.chat for place in team.channels))
        for role, names in team.duties.items():
            yield from _people(file, parts, ("teams", name, role), names, chats)


def _people(file: ConfigFile, parts: Parts, at: Path, names: Sequence[str], chats: Sequence[str]) -> Iterator[Warned]:
    """Doubt each name that none of these chats can know; one such as `slack:U…` is meant for that chat only."""
    for index, name in enumerate(names):
        chat, colon, rest = name.partition(":")
        asked = [chat] if colon and chat in parts.chats else chats
        looks = [getattr(parts.chats.get(each), "no_person", None) for each in asked]
        told = [look(rest if asked == [chat] else name) if look is not None else "" for look in looks]
        if told and all(told):
            why = f"`{name}` is nobody that {' or '.join(asked)} knows, so what is meant for them reaches nobody"
            yield _at(file, at, index), "W220", why, told[0]


def _at(file: ConfigFile, path: Path, index: int) -> Path:
    """The path of one of several, or of the only one, which may stand without a list."""
    return (*path, index) if (*path, index) in file.nodes else path
