"""Checks across sections of app.yaml: values that are valid alone but not together."""

from __future__ import annotations

from bot.config.file import ConfigFile, either, nearest
from bot.config.parts import Parts
from bot.config.plug_ins import kinds
from bot.config.positions import Path

PRACTICE = "practice"


def hold_together(file: ConfigFile, parts: Parts) -> None:
    """Add a finding for each combination of values that cannot work."""
    chats = file.names("chats")
    allowed = file.is_waiting(("server", "allow_practice")) or (parts.server is None or parts.server.allow_practice)
    if PRACTICE in chats and len(chats) > 1 and not allowed:
        why = "the practice chat stands beside a real one: customers could be claimed by people who do not exist"
        file.say(("chats", PRACTICE), "X201", why, "remove it, or write server: {allow_practice: true}", key=True)
    there = [name for name in chats if name in kinds("chats")]
    meant = {nearest(name, kinds("chats")) or name for name in chats}  # a misspelt one has its own finding already
    for name, team in file.names("teams").items():
        given = team.get("channel") if isinstance(team, dict) else None
        for index, address in enumerate(given if isinstance(given, list) else [given]):
            at: Path = ("teams", name, "channel", index) if isinstance(given, list) else ("teams", name, "channel")
            chat, colon, _ = address.partition(":") if isinstance(address, str) else ("", "", "")
            if chat.strip() and colon and chat.strip() not in meant and not file.is_waiting(at):
                help = either(chat, there, "chats in this file") if there else "add it under chats"
                file.say(at, "X202", f"the chat `{chat}` is not configured, so nobody in {name} would see a card", help)
    _have_what_they_need(file, parts)
    if parts.delivery and not parts.delivery.deadline < parts.delivery.settle < parts.delivery.lease:
        why = "`delivery` must have deadline < settle < lease, or a card could be posted twice"
        file.say(("delivery",), "X203", why, "leave the section out to have 8s, 10s and 20s")
    if parts.delivery and parts.delivery.settle > 30:
        why = "`delivery.settle` is longer than 30 s: a card in doubt would be late"
        file.say(("delivery", "settle"), "X203", why, "write 30s or less")


def _have_what_they_need(file: ConfigFile, parts: Parts) -> None:
    """Report keys of `server` that a configured chat requires and that are missing."""
    for name, options in parts.chats.items():
        for key in getattr(options, "needs", ()):
            if parts.server is not None and getattr(parts.server, key) is None and not file.is_waiting(("server", key)):
                add = {"secret": '{secret: "${HERO_SECRET}"}', "public_url": "{public_url: https://…}"}
                help = f"add server: {add[key]}"
                file.say(("chats", name), "X204", f"`chats.{name}` needs `server.{key}`, and there is none", help, key=True)
