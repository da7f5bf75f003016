"""One interface to all chats: how a person reads and presses in each of them, for tests that run in every chat."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from bot.chats.practice import html
from bot.chats.slack.manifest import SCOPES
from handlers.cards import Button, Card
from handlers.wording import asides
from storage import msteams, practice
from tests.emulators.msteams import Form as TeamsForm
from tests.emulators.msteams import MsTeams
from tests.emulators.msteams.forms import inputs_of
from tests.emulators.slack import Slack
from tests.emulators.slack import View as SlackForm
from tests.plain_browser import Page, Sent
from tests.running import Running, eventually, running


@dataclass
class Seen:
    """What only the person who pressed saw: text, and a form to fill in."""

    text: str
    form: Any = None


class Stage(Protocol):
    """A running house and one team's channel in one chat."""

    here: Running

    def user_id(self, who: str) -> str:
        """Returns somebody's id in the chat."""

    async def channel(self, name: str = "oak-street") -> list[str]:
        """Returns the channel's messages as people read them, oldest first, without threads. `harbour` is a second channel."""

    async def thread(self, nth: int = 0) -> list[str]:
        """Returns what is said in the thread of the nth card."""

    async def private(self, who: str) -> list[str]:
        """Returns what the bot told one person privately."""

    async def press(self, who: str, button: str, nth: int = 0) -> Seen: ...

    async def press_private(self, who: str, words: str, button: str) -> Seen:
        """Press a button of the message with these words in the private chat."""

    async def replies(self, who: str, words: str, text: str) -> None:
        """Write in the thread of that message in `oak-street`; in Teams with a mention, without which the bot hears nothing."""

    async def fill(self, who: str, form: Any, answers: Mapping[str, str]) -> Seen: ...

    async def command(self, who: str, word: str) -> str: ...

    async def asks(self, who: str, word: str, channel: str) -> Seen:
        """Returns what a word typed in that channel brings up: text, and a form to fill in."""

    async def writes(self, who: str, word: str) -> str:
        """Returns the bot's answer to a word written to it in the private chat."""

    async def follows(self, who: str, words: str) -> list[str]:
        """Returns the messages of channels, as people read them, that the links to cards open in the private message with these
        words."""

    async def opens(self, url: str) -> str:
        """Returns the one message, as people read it, that the chat shows at this URL. Fails if there is none."""

    async def press_listed(self, who: str, word: str, button: str) -> Seen:
        """Press a button of what a word typed in `oak-street` brings up."""


@dataclass
class OnSlack:
    here: Running
    slack: Slack

    def user_id(self, who: str) -> str:
        return _id(who)

    async def channel(self, name: str = "oak-street") -> list[str]:
        return [str(message) for message in self._cards(SLACK_CHANNELS[name])]

    async def thread(self, nth: int = 0) -> list[str]:
        return [str(reply) for reply in self._cards()[nth].replies]

    async def private(self, who: str) -> list[str]:
        return [str(message) for message in self.slack.dm(_id(who)).messages]

    async def press(self, who: str, button: str, nth: int = 0) -> Seen:
        return _in_slack(await self._person(who).press(self._cards()[nth], button, linger=LINGER))

    async def press_private(self, who: str, words: str, button: str) -> Seen:
        message = next(said for said in self.slack.dm(_id(who)).messages if words in str(said))
        return _in_slack(await self._person(who).press(message, button, linger=LINGER))

    async def replies(self, who: str, words: str, text: str) -> None:
        await self._person(who).reply(next(card for card in self._cards() if words in str(card)), text)

    async def fill(self, who: str, form: SlackForm, answers: Mapping[str, str]) -> Seen:
        chosen = {label: _id(value) if value in PEOPLE else value for label, value in answers.items()}
        seen = await self._person(who).submit(form, chosen, linger=LINGER)
        assert seen.error is None, seen.error
        return Seen(str(seen), seen.modal)

    async def command(self, who: str, word: str) -> str:
        return str(await self._person(who).command("/hero", word, "C1", linger=LINGER))

    async def asks(self, who: str, word: str, channel: str) -> Seen:
        return _in_slack(await self._person(who).command("/hero", word, SLACK_CHANNELS[channel], linger=LINGER))

    async def writes(self, who: str, word: str) -> str:
        return "\n".join(map(str, await self._person(who).write(word, linger=LINGER)))

    async def follows(self, who: str, words: str) -> list[str]:
        message = next(said for said in self.slack.dm(_id(who)).messages if words in str(said))
        return [await self.opens(url) for url in message.links(asides.in_the_channel())]

    async def opens(self, url: str) -> str:
        return str(self.slack.opened(url))

    async def press_listed(self, who: str, word: str, button: str) -> Seen:
        listed = await self._person(who).command("/hero", word, "C1", linger=LINGER)
        shown = next(each for each in listed.ephemerals if button in str(each))
        return _in_slack(await self._person(who).press(shown, button, linger=LINGER))

    def _cards(self, channel: str = "C1") -> list[Any]:
        return [message for message in self.slack.channel(channel).messages if message.thread_ts in (None, message.ts)]

    def _person(self, who: str) -> Any:
        return self.slack.user(_id(who))


def _in_slack(seen: Any) -> Seen:
    assert seen.error is None, seen.error
    return Seen(seen.text, seen.modal)


PEOPLE = ("ana", "ben", "lea")
PATIENCE = 20.0
"""How long the emulators wait for the bot on a machine where everything else runs, too. Who times its answers does so alone."""
LINGER = 10.0
"""How long a person waits for something to see, on such a machine."""
SEALING = ', secret: "${HERO_SECRET}"'
SEALED = {"HERO_SECRET": "a secret of this server that is long enough"}
SLACK_CHANNELS = {"oak-street": "C1", "harbour": "C2"}


def _id(who: str) -> str:
    return f"U{who.upper()}"


@asynccontextmanager
async def on_slack(
    folder: Path, at: datetime | None = None, *, hurried: bool = False, database: str = ""
) -> AsyncIterator[OnSlack]:
    rate = 1000 if hurried else 1
    with Slack(time_scale=0.02, rate=rate, scopes=SCOPES, patience=PATIENCE) as slack:  # the scopes of the manifest, and no more
        for name, id in SLACK_CHANNELS.items():
            slack.channel(id, name=name)
        for who in PEOPLE:
            slack.user(_id(who), name=who.title(), email=f"{who}@northwind.example")
        env = {"TOKEN": slack.token, "SIGNING": slack.signing_secret, **SEALED}
        async with running(folder, slack_chat(slack), "slack:C1", at=at, env=env, database=database, server=SEALING) as here:
            slack.bot_url = f"{here.url}/slack/events"
            yield OnSlack(here, slack)
        assert not slack.rejections
        assert not slack.violations
        assert not slack.errors


def slack_chat(slack: Slack) -> str:
    """Returns the `chats` section of app.yaml that points the bot at this emulator."""
    return json.dumps({"slack": {"bot_token": "${TOKEN}", "signing_secret": "${SIGNING}", "api_url": slack.api_url}})


@dataclass
class OnMsTeams:
    here: Running
    teams: MsTeams

    def user_id(self, who: str) -> str:
        return f"29:{who}"

    async def channel(self, name: str = "oak-street") -> list[str]:
        cards = self._cards(TEAMS_CHANNELS[name])
        return ["\n".join([str(message), *message.buttons]) for message in cards]  # including those in the menu

    async def thread(self, nth: int = 0) -> list[str]:
        return [str(reply) for reply in self._cards()[nth].replies]

    async def private(self, who: str) -> list[str]:
        return [str(message) for message in self._said_in(self.teams.dm(who).id)]

    async def press(self, who: str, button: str, nth: int = 0) -> Seen:
        return _in_teams(await self.teams.user(who).press(self._cards()[nth], button))

    async def press_private(self, who: str, words: str, button: str) -> Seen:
        message = next(said for said in self._said_in(self.teams.dm(who).id) if words in str(said))
        return _in_teams(await self.teams.user(who).press(message, button))

    async def replies(self, who: str, words: str, text: str) -> None:
        card = next(card for card in self._cards() if words in str(card))
        await self.teams.user(who).command(text, OAK_STREET, thread=card, linger=0)

    async def fill(self, who: str, form: TeamsForm, answers: Mapping[str, str]) -> Seen:
        chosen = {label: self.user_id(value) if value in PEOPLE else value for label, value in answers.items()}
        seen = await self.teams.user(who).submit(form, chosen)
        assert seen.error is None, seen.error
        return Seen(str(seen), seen.form)

    async def command(self, who: str, word: str) -> str:
        await self._until_idle()
        return str(await self.teams.user(who).command(word, OAK_STREET, linger=LINGER))

    async def asks(self, who: str, word: str, channel: str) -> Seen:
        seen = await self.teams.user(who).command(word, TEAMS_CHANNELS[channel], linger=LINGER)
        assert seen.error is None, seen.error
        asked = [(card, message) for message in seen.messages for card in message.cards if inputs_of(card)]
        form = TeamsForm(cards=[asked[0][0]], message=asked[0][1], path=(asked[0][0],)) if asked else None
        return Seen(seen.text, form)

    async def writes(self, who: str, word: str) -> str:
        await self._until_idle()
        return str(await self.teams.user(who).command(word, linger=LINGER))

    async def follows(self, who: str, words: str) -> list[str]:
        message = next(said for said in self._said_in(self.teams.dm(who).id) if words in str(said))
        return [await self.opens(url) for url in message.links(asides.in_the_channel())]

    async def opens(self, url: str) -> str:
        return str(self.teams.opened(url))

    async def _until_idle(self) -> None:
        """Wait, so that what comes next in the private chat is the answer."""
        await self.here.house.delivery.until_idle()
        wire = self.here.house.chats["msteams"]._wire  # type: ignore[attr-defined]
        await eventually(lambda: not wire._work)  # a late card of the previous answer must not be taken for it either

    async def press_listed(self, who: str, word: str, button: str) -> Seen:
        await self._until_idle()
        listed = await self.teams.user(who).command(word, OAK_STREET, linger=LINGER)
        shown = await eventually(lambda: next((each for each in listed.messages if button in [*each.buttons, str(each)]), None))
        return _in_teams(await self.teams.user(who).press(shown, button))

    def _cards(self, channel: str = "") -> list[Any]:
        return [message for message in self._said_in(channel or OAK_STREET) if message.root is None]

    def _said_in(self, conversation: str) -> list[Any]:
        """Returns what the bot said there: people's own words, such as a command with a mention, are there too."""
        return [message for message in self.teams.posts(conversation) if not message.deleted]


def _in_teams(seen: Any) -> Seen:
    assert seen.error is None, seen.error
    return Seen(seen.text, seen.form)


OAK_STREET = "19:oak-street@thread.tacv2"
TEAMS_CHANNELS = {"oak-street": OAK_STREET, "harbour": "19:harbour@thread.tacv2"}


@asynccontextmanager
async def on_msteams(
    folder: Path, at: datetime | None = None, *, hurried: bool = False, database: str = ""
) -> AsyncIterator[OnMsTeams]:
    with MsTeams(time_scale=0.02, limits=not hurried, patience=PATIENCE) as teams:
        for name, id in TEAMS_CHANNELS.items():
            teams.channel(id, name=name.replace("-", " ").title())
        for who in PEOPLE:
            teams.user(who, email=f"{who}@northwind.example")
        async with running(
            folder,
            msteams_chat(teams),
            f"msteams:{OAK_STREET}",
            at=at,
            env={"APP_SECRET": teams.app_secret, **SEALED},
            database=database,
            server=SEALING,
        ) as here:
            await installed(teams, here)
            yield OnMsTeams(here, teams)
        assert not teams.rejections, [str(each) for each in teams.rejections]
        assert not teams.violations
        assert not teams.errors


def msteams_chat(teams: MsTeams) -> str:
    """Returns the `chats` section of app.yaml that points the bot at this emulator."""
    return json.dumps({"msteams": teams.options | {"app_secret": "${APP_SECRET}"}})


async def installed(teams: MsTeams, here: Running) -> None:
    """Add the bot to the team and wait until it knows the team's channels, and has asked all that an install makes it ask."""
    teams.bot_url = f"{here.url}/msteams/messages"
    await teams.install()
    await eventually(lambda: here.house.store.read(msteams.by_id, OAK_STREET))
    await eventually(lambda: not here.house.chats["msteams"]._wire._work)  # type: ignore[attr-defined]


@dataclass
class OnPractice:
    """The page as a browser without scripts uses it."""

    here: Running

    def user_id(self, who: str) -> str:
        return who

    async def channel(self, name: str = "oak-street") -> list[str]:
        return [_read(html.unpack(post.card)) for post in await self._posts(name)]

    async def thread(self, nth: int = 0) -> list[str]:
        posts = await self._posts("oak-street")
        answers = await self.here.house.store.read(practice.threads, "oak-street", 0)
        return [_read(html.unpack(answer.card)) for answer in answers if answer.thread_id == posts[nth].id]

    async def private(self, who: str) -> list[str]:
        return [_read(html.unpack(post.card)) for post in await self._posts(who)]

    async def press(self, who: str, button: str, nth: int = 0) -> Seen:
        card = (await self._cards())[nth]
        target = str((*card.buttons, *card.menu)[0].target)
        page = await self._page(who)
        form = next(f for f in page.forms if f.fields.get("target") == target and any(b["label"] == button for b in f.buttons))
        return await self._send(form, {})

    async def press_private(self, who: str, words: str, button: str) -> Seen:
        post = next(post for post in await self._posts(who) if words in _read(html.unpack(post.card)))
        pressed = next(each for each in _pressable(html.unpack(post.card)) if each.label == button)
        page = await self._page(who, view="private")
        wanted = {"verb": pressed.verb, "target": str(pressed.target)}
        return await self._send(next(f for f in page.forms if wanted.items() <= f.fields.items()), {})

    async def replies(self, who: str, words: str, text: str) -> None:
        post = next(post for post in await self._posts("oak-street") if words in _read(html.unpack(post.card)))
        page = await self._page(who)
        wanted = {"root": str(post.id)}
        form = next(f for f in page.forms if f.action == "/practice/reply" and wanted.items() <= f.fields.items())
        await self._send(form, {"words": text})

    async def fill(self, who: str, form: Sent, answers: Mapping[str, str]) -> Seen:
        assert form.fields["as"] == who
        sent = {}
        for label, value in answers.items():
            name, options = form.questions[label]
            sent[name] = options.get(value, options.get(value.title(), value))
        return await self._send(form, sent)

    async def command(self, who: str, word: str) -> str:
        return (await self.asks(who, word, "oak-street")).text

    async def asks(self, who: str, word: str, channel: str) -> Seen:
        page = await self._page(who, channel)
        return await self._send(next(f for f in page.forms if f.action == "/practice/say"), {"word": word})

    async def writes(self, who: str, word: str) -> str:
        return (await self.asks(who, word, who)).text

    async def follows(self, who: str, words: str) -> list[str]:
        post = next(post for post in await self._posts(who) if words in _read(html.unpack(post.card)))
        page = await self._page(who, view="private")
        return [await self.opens(url) for url in page.below(f"m-{post.id}").get(asides.in_the_channel(), [])]

    async def opens(self, url: str) -> str:
        path, _, anchor = url.partition("#")
        page = await self._look(path)
        assert ("article", anchor) in [(tag, has.get("id")) for tag, has in page.tags]
        assert not any("hidden" in has for _, has in page.tags if has.get("id") == "channel")
        post = await self.here.house.store.read(practice.by_id, int(anchor.removeprefix("c-")))
        return _read(html.unpack(post.card))

    async def press_listed(self, who: str, word: str, button: str) -> Seen:
        page = await self._page(who)
        say = next(f for f in page.forms if f.action == "/practice/say")
        response = await self.here.client.post(say.action, data=say.fields | {"word": word})
        listed = await self._look(response.headers["location"])
        return await self._send(listed.form(button), {})

    async def _send(self, form: Sent, answers: Mapping[str, str]) -> Seen:
        response = await self.here.client.post(form.action, data=form.fields | answers)
        assert response.status_code == 303, response.text
        page = await self._look(response.headers["location"])
        sheet = next((f for f in page.forms if f.action == "/practice/form"), None)
        return Seen(page.said, sheet)

    async def _page(self, who: str, channel: str = "oak-street", **more: str) -> Page:
        return await self._look(f"/?{urlencode({'as': who, 'channel': channel, **more})}")

    async def _look(self, url: str) -> Page:
        response = await self.here.client.get(url)
        assert response.status_code == 200, response.text
        return Page.read(response.text)

    async def _posts(self, channel: str) -> Any:
        return await self.here.house.store.read(practice.conversation, channel, 100)

    async def _cards(self) -> list[Card]:
        return [html.unpack(post.card) for post in await self._posts("oak-street")]


def _pressable(card: Card) -> list[Button]:
    return [*card.buttons, *card.menu, *(button for item in card.items for button in _pressable(item))]


def _read(card: Card) -> str:
    """Returns a card as a person reads it: every line, then its buttons and the small cards in it."""
    buttons = [button.label for button in (*card.buttons, *card.menu)]
    return "\n".join(
        [card.headline or card.plain, card.quote, *card.reach, *card.context, *buttons, *map(_read, card.items), card.footer]
    )


@asynccontextmanager
async def on_practice(
    folder: Path, at: datetime | None = None, *, hurried: bool = False, database: str = ""
) -> AsyncIterator[OnPractice]:
    async with running(
        folder, "{practice: {}}", "practice:oak-street", at=at, env=SEALED, database=database, server=SEALING
    ) as here:
        yield OnPractice(here)


Stages = Callable[..., AbstractAsyncContextManager[Stage]]

STAGES: Mapping[str, Stages] = {"practice": on_practice, "slack": on_slack, "msteams": on_msteams}
"""By the chat's name. `hurried`: the chat has no rate limits, for tests that call it without delivery in between. `database`: a
URL; the default is a SQLite file in the folder."""
