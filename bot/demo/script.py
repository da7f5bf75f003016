"""The week as plain text, used as the README's transcript: what each customer said, who did what, what the chat showed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from bot.chats.practice import html
from bot.chats.practice.people import PEOPLE, member
from bot.demo import practice_house
from bot.demo.play import Late, play
from bot.demo.week import AND_THEN, MONDAY, WEEK, CustomerSaid, Did
from bot.house import House
from handlers.cards import Card, Reply
from handlers.receive import Receipt
from storage import practice

WIDTH = 100
QUIET = frozenset({"online", "harbour", "ida", "omar"})
"""Channels and leaders of teams that get no feedback in this week."""
_PRESSES = {
    "claim": "presses “I'll reply”.",
    "contacted": "notes: “I've been in touch”.",
    "close": "presses “Done…” and says how it ended.",
    "hand_over": "presses “Hand over…” and chooses Lea.",
    "note": "adds a note.",
    "dismiss": "presses “Not a problem…”.",
    "reopen": "presses “Undo”.",
}


async def script() -> Iterator[str]:
    """Returns the lines of the transcript; they are the same on every run."""
    lines = [
        "A week at Northwind Coffee. The people are made up; nothing leaves this computer.",
        "Two more teams hear from nobody; what they and their leaders are told of that is left out.",
    ]
    async with practice_house() as house:
        seen: dict[int, Any] = {}
        day = ""
        async for step, result in play(house, (*WEEK, *AND_THEN), MONDAY):
            local = house.clock.now().astimezone(house.company.timezone)
            shown = await _shown(house, seen, by_place=isinstance(step, Late) and step.post)
            if isinstance(step, Late) and not shown:
                continue
            if (today := f"{local:%A} {local.day} {local:%B}") != day:
                day = today
                lines += ["", today]
            lines.append(f"  {local:%H:%M}  {_told(step)}")
            lines += _privately(step, result)
            lines += shown
    return iter(lines)


def _told(step: CustomerSaid | Did | Late) -> str:
    match step:
        case CustomerSaid():
            said = step.feedback
            words = f": “{said['comment']}”" if said["comment"] else ", without a word."
            return f"{said['customer']['name']} answers {said['score']} of 10{words}"
        case Did():
            who = member(step.who)
            return f"{who.name if who else step.who} {_PRESSES[step.verb]}"
        case Late(post=True):
            return "It is time to look back on the week."
        case _:
            return "Nobody has replied yet."


def _privately(step: CustomerSaid | Did | Late, result: Receipt | Reply | None) -> list[str]:
    if isinstance(result, Receipt) and not result.routed:
        return [_line("", "stored; no route asks anybody to follow up on it")]
    if isinstance(step, Did) and isinstance(result, Reply) and step.verb == "claim":
        return [_line(f"only {step.who.title()}", result.text)]
    return []


async def _shown(house: House, seen: dict[int, Any], *, by_place: bool) -> list[str]:
    """Returns what is new or changed in the chat. `by_place` sorts by channel, as posts of the same moment have no fixed order."""
    lines = []
    teams = [place.channel for team in house.company.teams.values() for place in team.channels]
    posts = await house.store.read(_everything)
    if by_place:
        posts.sort(key=lambda said: (-teams.index(said.channel) if said.channel in teams else -len(teams), said.channel, said.id))
    for said in posts:
        if said.channel in QUIET or seen.get(said.id) == said.card:
            continue
        edited = " (the same card)" if said.id in seen else ""
        before = seen.get(said.id, {}).get("quote")
        seen[said.id] = said.card
        private = any(person.id == said.channel for person in PEOPLE)
        where = f"to {said.channel.title()}" if private else "  in thread" if said.thread_id else f"#{said.channel}"
        lines += _card(where, html.unpack(said.card), edited, before)
    return lines


def _everything(tx: Any) -> list[practice.PracticeMessage]:
    posts = [
        said
        for channel in practice.channels(tx)
        for said in (*practice.conversation(tx, channel, 100), *practice.threads(tx, channel, 0))
    ]
    return sorted(posts, key=lambda said: said.id)


def _card(where: str, card: Card, edited: str, before: str | None) -> list[str]:
    if card.is_line:
        return [_line(where, card.plain)]
    lines = [_line(where, card.headline + edited)]
    if edited and card.quote == before:
        return lines if not card.items else []
    lines += [_line("", f"“{card.quote}”")] if card.quote else []
    if edited:
        return lines
    lines += [_line("", text) for text in (*card.reach, *card.lines)]
    for item in card.items:
        lines += [_line("", item.headline), *([_line("", f"“{item.quote}”")] if item.quote else []), *_pressable(item)]
    lines += [_line("", text) for text in card.below]
    return [*lines, *_pressable(card)]


def _pressable(card: Card) -> list[str]:
    return [_line("", " ".join(f"[{button.label}]" for button in card.buttons))] if card.buttons else []


def _line(where: str, text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=f"         {where:<13}", subsequent_indent=" " * 22)
