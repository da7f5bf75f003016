"""The routes of the practice page. Every POST ends in a redirect back to the page, so that all of it works without scripts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.chats.practice import html, page
from bot.chats.practice.guard import guarded
from bot.chats.practice.page import Looking, Rows
from bot.chats.practice.people import Member, member
from bot.chats.practice.whispers import Whisper, Whispers
from handlers.cards import Ask, Form, Reply, Target, read_target
from handlers.feedback import FieldError, Place
from handlers.situation import Tap, Written
from storage import practice

if TYPE_CHECKING:
    from bot.chats.practice.speak import Practice

HERE = Path(__file__).parent
TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
CLOCK = frozenset({"hour", "deadline", "closing", "monday"})
NO_CLOCK = "This clock runs in real time and cannot be pushed. `hero demo` has one that can."


def routes(chat: Practice) -> Sequence[BaseRoute]:
    """Returns the routes of the page, of its live part, and of its forms."""
    here = _Page(chat)
    return (
        Route("/", guarded(here.page)),
        Route("/practice/channel", guarded(here.channel)),
        Route("/practice/press", guarded(here.press), methods=["POST"]),
        Route("/practice/form", guarded(here.form), methods=["POST"]),
        Route("/practice/say", guarded(here.say), methods=["POST"]),
        Route("/practice/reply", guarded(here.reply), methods=["POST"]),
        Route("/practice/feedback", guarded(here.feedback), methods=["POST"]),
        Route("/practice/clock", guarded(here.clock), methods=["POST"]),
        Route("/practice/again", guarded(here.again), methods=["POST"]),
        Mount("/practice/static", StaticFiles(directory=HERE / "static")),
    )


class _Page:
    """The endpoints, and what they share: the chat and the whispers."""

    def __init__(self, chat: Practice) -> None:
        self.chat = chat
        self.whispers = Whispers()
        self.read: dict[str, int] = {}
        """The id of the last private message that each person has seen."""

    async def page(self, request: Request) -> Response:
        looking = await self._looking(request.query_params)
        return HTMLResponse(TEMPLATES.get_template("page.html").render(await self._shown(looking)))

    async def channel(self, request: Request) -> Response:
        """Returns the live part of the page; 204 if the page is up to date."""
        looking = await self._looking(request.query_params)
        places = (looking.channel, looking.me.id if looking.me else "")
        revision = await self.chat.services.store.read(practice.revision, places)
        if request.query_params.get("seen") == page.seen(revision, self.chat.services.now()):
            return Response(status_code=204)
        return HTMLResponse(TEMPLATES.get_template("live.html").render(await self._shown(looking)))

    async def press(self, request: Request) -> Response:
        sent = await _fields(request)
        looking, target = await self._looking(sent), _target(sent)
        if looking.me is None:
            return self._back(looking, Whisper(asks_who=True, pending=(sent.get("verb", ""), target)))
        reply = await self._tap(sent.get("verb", ""), target, looking.me)
        return self._back(looking, Whisper(reply, reply.form))

    async def form(self, request: Request) -> Response:
        sent = await _fields(request)
        looking, target, verb = await self._looking(sent), _target(sent), sent.get("verb", "")
        if looking.me is None:
            return self._back(looking, Whisper(asks_who=True, pending=(verb, target)))
        answers = {name.removeprefix("answer."): text for name, text in sent.items() if name.startswith("answer.")}
        form = self._asked(looking.said, verb, target)
        for name in (one.name for one in form.fields) if form is not None else ():
            answers.setdefault(name, "")  # browsers omit a choice that was not made
        errors: Mapping[str, str] = html.missing(form, answers) if form is not None else {}
        if form is not None and errors:
            return self._back(looking, Whisper(form=form, answers=answers, errors=errors))
        reply = await self._tap(verb, target, looking.me, answers, form)
        form = reply.form or (form if reply.errors else None)
        return self._back(looking, Whisper(reply, form, answers, reply.errors))

    async def say(self, request: Request) -> Response:
        """A word typed to the bot: `mine`, `open`, `help`."""
        sent = await _fields(request)
        looking = await self._looking(sent)
        if looking.me is None:
            return self._back(looking, Whisper(asks_who=True))
        word = sent.get("word", "").strip().removeprefix("/hero").strip() or "help"
        where = looking.me.id if looking.view == "private" else looking.channel
        reply = await self.chat.services.command(
            word[:100], looking.me.person, Place("practice", looking.me.person.workspace, where)
        )
        return self._back(looking, Whisper(reply, reply.form))

    async def reply(self, request: Request) -> Response:
        """Words in the thread of a huddle's card."""
        sent = await _fields(request)
        looking, words = await self._looking(sent), " ".join(sent.get("words", "").split())[:500]
        root = await self.chat.services.store.read(practice.by_id, page.number(sent.get("root")) or 0)
        if looking.me is None:
            return self._back(looking, Whisper(asks_who=True))
        if root is None or not words:
            return self._back(looking, Whisper())
        before, key = self.chat.changes, f"said:{secrets.token_hex(8)}"
        said = await self.chat.say_in_thread(root, key, f"{looking.me.name}: {words}")
        posted = (root.channel, str(root.id))
        await self.chat.services.overhear(Written(looking.me.person, posted, said, words, self.chat.services.now()))
        await self.chat.arrived(before + 1)
        return self._back(looking, Whisper())

    async def feedback(self, request: Request) -> Response:
        """The customer's form goes through the same intake as feedback from any survey tool."""
        sent = await _fields(request)
        looking = await self._looking(sent)
        if self.chat.extras.send_feedback is None:
            return self._back(looking, Whisper(customer=True, answers=sent, errors={"": "Nobody listens to this form here."}))
        if not sent.get("score") and not sent.get("comment", "").strip():
            words = "Please choose a score, or write a few words: one of the two is enough."
            return self._back(looking, Whisper(customer=True, answers=sent, errors={"": words}))
        before = self.chat.changes
        try:
            thanks = await self.chat.extras.send_feedback(_payload(sent, self.chat.services.now().isoformat()))
        except FieldError as error:
            words = f"Your words were not sent: {error.field} {error.why}. Please change it and send again."
            return self._back(looking, Whisper(customer=True, answers=sent, errors={"": words}))
        await self.chat.arrived(before)
        return self._back(looking, Whisper(customer=True, thanks=thanks))

    async def clock(self, request: Request) -> Response:
        sent = await _fields(request)
        looking, to = await self._looking(sent), sent.get("to", "")
        if self.chat.extras.push_clock is None or to not in CLOCK:
            return self._back(looking, Whisper(Reply(NO_CLOCK)))
        before = self.chat.changes
        words = await self.chat.extras.push_clock(to, looking.channel)
        await self.chat.arrived(before)
        return self._back(looking, Whisper(Reply(words)))

    async def again(self, request: Request) -> Response:
        looking = await self._looking(await _fields(request))
        if self.chat.extras.start_again is None:
            return self._back(looking, Whisper(Reply(NO_CLOCK)))
        before = self.chat.changes
        words = await self.chat.extras.start_again()
        self.read.clear()
        await self.chat.arrived(before)
        return self._back(replace(looking, post=None, before=None), Whisper(Reply(words)))

    async def _tap(
        self, verb: str, target: Target, me: Member, answers: Mapping[str, str] | None = None, form: Form | None = None
    ) -> Reply:
        """Run the verb, and wait briefly for what it causes. `form` says which answers are people."""
        before = self.chat.changes
        chosen = [one.name for one in form.fields if one.ask is Ask.PERSON] if form is not None else []
        found = {name: member((answers or {}).get(name, "")) for name in chosen}
        people = {name: who.person for name, who in found.items() if who is not None}
        reply = await self.chat.services.tap(Tap(verb, target, me.person, self.chat.services.now(), answers, people))
        if reply.form is None and not reply.errors:
            await self.chat.arrived(before)
        return reply

    def _asked(self, token: str, verb: str, target: Target) -> Form | None:
        """Returns the form that these answers belong to; None if it is no longer remembered."""
        whisper = self.whispers.get(token)
        form = whisper.form if whisper is not None else None
        return form if form is not None and (form.verb, form.target) == (verb, target) else None

    def _back(self, looking: Looking, whisper: Whisper) -> Response:
        """Redirect to the page. What there is to read is referred to by a token in its URL."""
        silent = whisper == Whisper()
        token = "" if silent else self.whispers.keep(whisper)
        return RedirectResponse(looking.url(said=token), 303)

    async def _looking(self, query: Mapping[str, Any]) -> Looking:
        looking = Looking.read(query)
        if looking.channel:
            to = page.number(query.get("to"))  # a link to one message, which may be far up
            before = await self.chat.services.store.read(page.reaching, looking.channel, to) if to else looking.before
            return replace(looking, before=before)
        rooms = page.channels(self.chat.extras, await self.chat.services.store.read(practice.channels))
        return replace(looking, channel=rooms[0].id if rooms else "")

    async def _shown(self, looking: Looking) -> dict[str, Any]:
        rows = await self.chat.services.store.read(page.look, looking)
        whisper = self.whispers.get(looking.said) if looking.said else None
        return page.build(looking, rows, self.chat.extras, whisper, self.chat.services.now(), self._unread(looking, rows))

    def _unread(self, looking: Looking, rows: Rows) -> int:
        """Returns how many private messages arrived since this person last looked; 0 while they look."""
        if looking.me is None:
            return 0
        if looking.view == "private" and rows.private:
            self.read[looking.me.id] = max(said.id for said in rows.private)
        return sum(said.id > self.read.get(looking.me.id, 0) for said in rows.private)


async def _fields(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _target(sent: Mapping[str, str]) -> Target:
    return read_target(sent.get("target", "")) or 0  # 0 is no id, and is answered as an unknown card


def _payload(sent: Mapping[str, str], at: str) -> dict[str, Any]:
    """Returns the customer's form as an object that a source of kind `plain` accepts."""
    score = sent.get("score", "")
    who = {name: sent[name].strip() for name in ("name", "email") if sent.get(name, "").strip()}
    answer = {"metric": "nps", "score": int(score)} if score.isascii() and score.isdigit() else {"metric": "comment"}
    return (
        answer
        | {
            "id": f"practice-{secrets.token_hex(6)}",
            "comment": sent.get("comment", "").strip(),
            "occurred_at": at,
            "customer": who,
            "tags": [tag for tag in (sent.get("shop", ""),) if tag],
            "wants_contact": sent.get("wants_contact") == "yes",
        }
        | ({"touchpoint": sent["touchpoint"]} if sent.get("touchpoint") else {})
    )
