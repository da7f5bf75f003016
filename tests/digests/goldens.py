"""Weekly posts as every chat gets them, kept as files: `python -m tests.digests.goldens` writes them anew."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jinja2

from bot.chats.msteams import adaptive
from bot.chats.practice.html import loose
from bot.chats.practice.page import Looking
from bot.chats.slack import blocks
from bot.commands.plain_text import lines
from handlers.calendar.weeks import Posting
from handlers.cards import Card
from handlers.company import People
from handlers.feedback import Customer, Person
from storage import digests, schema
from storage.database import Store
from tests.conftest import ANA, BEN, LEA, northwind, oak_street, said
from tests.digests.week47 import KEY, MONDAY, NEXT, SLOW, Week47

RAISED: Any = "raised:1"
FOLDER = Path(__file__).parent / "golden"
TEMPLATES = Path(__file__).parents[2] / "bot" / "chats" / "practice" / "templates"


def busy(shop: Week47) -> Card:
    """Many customers, most looked after, some late, a few waiting; a cause that comes back."""
    for back in range(5, 0, -1):
        shop.now = MONDAY - timedelta(days=7 * back)
        for n in range(back % 3 + 2):
            shop.done(shop.number + 1, (ANA, BEN, LEA)[n % 3], "Cold coffee.")
    shop.now = MONDAY
    for n, who in enumerate((ANA, BEN, LEA, ANA, BEN, LEA, ANA, BEN)):
        shop.done(shop.number + 1, who, SLOW if n % 2 else "Asked twice. Third time wrong.", cause="waiting time", earlier=n == 0)
        shop.passes(minutes=20)
    for comment in ("Queue to the door.", "Nobody at the till."):
        shop.says(2, comment)
    shop.tap("raise", ANA, shop.number, words="One till is open from noon to two.")
    shop.says(10, "Best flat white in town.")
    shop.says(9, "")
    return shop.told()


def quiet(shop: Week47) -> Card:
    """Answers, and none of them low."""
    for _ in range(23):
        shop.says(9, "")
    return shop.told()


def broken(shop: Week47) -> Card:
    """Nothing at all, where something always came: what the leader reads, for the channel gets nothing."""
    shop.leader()
    shop.now = MONDAY - timedelta(days=7)
    for _ in range(6):
        shop.says(9, "")
    shop.ticks(MONDAY)
    shop.ticks(NEXT)
    return shop.card("silent:2026-W47:1")


def one_person(shop: Week47) -> Card:
    """A team of one: one story, and nobody to thank but them."""
    shop.done(1, ANA)
    return shop.told()


def names_off(shop: Week47) -> Card:
    """A company that names nobody."""
    shop.company = shop.company.model_copy(update={"people": People.OFF})
    shop.done(1, ANA)
    shop.done(2, BEN)
    shop.says(1, "Still nothing.")
    raises(shop, 3, "Nobody answers the telephone.")
    shop.leader()
    shop.tap("settle", LEA, RAISED, became="doing")
    return shop.told()


def awkward(shop: Week47) -> Card:
    """Words that would be markup anywhere, and no end of them."""
    shop.done(1, Person("slack", "main", "x", "<!channel> *Ana* & [x](http://x) " + "Z" * 200), SLOW)
    shop.says(10, "<!here> **bold** & {{DATE(2026-01-01)}} [link](https://x.example) " + "word " * 40)
    return shop.told()


def leader(shop: Week47) -> Card:
    """What one who leads reads privately: as much as there may be in one post."""
    shop.leader()
    for n in range(1, 15):
        who, about = (ANA, BEN, LEA)[n % 3], Customer(key=f"c-{n}", value=1000.0 * n, currency="NOK")
        causes = ("waiting time", "other")
        shop.done(n, who, "Ana was rude." if n == 3 else SLOW, cause=causes[n % 2], customer=about)
        shop.passes(minutes=20)
    shop.tap("reopen", ANA, 1)
    shop.tap("lost", LEA, 2, cause="other")
    for n in range(4, 9):
        shop.says(9 if n < 7 else 2, "Better." if n < 7 else "Again!", customer=Customer(key=f"c-{n}"))
    for n in range(7):
        shop.says(2, f"Queue to the door, for the {n + 2}nd time. " + "Nobody at the till. " * 8)
    shop.tap("dismiss", ANA, shop.number, reason="test")
    shop.tap("claim", BEN, shop.number - 1)
    shop.tap("close", BEN, shop.number - 1, outcome="unreachable", done="Rang twice.", cause="other")
    for n in (1, 15, 16, 17):
        shop.tap("claim", BEN, n)
    raises(shop, 2, "Nobody answers the telephone.")
    shop.tap("settle", LEA, RAISED, became="doing")
    for n in range(3, 6):
        raises(shop, n, f"One till is open from noon to two, for the {n + 1}th week. " + "The rota is from May. " * 6, days=2 * n)
    shop.ticks(NEXT)
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    return shop.card(f"leader:{row.id}:1")


def raises(shop: Week47, case: int, words: str, days: int = 0) -> None:
    """Somebody said so, that many days ago."""
    shop.passes(days=-days)
    shop.tap("raise", ANA, case, words=words)
    shop.passes(days=days)


def lost_customers(shop: Week47) -> Card:
    """The monthly review of one who leads."""
    return reviewed(shop, "month")


def calls(shop: Week47) -> Card:
    """Whom they are to call: as many as there may be."""
    posting = Posting(calls=10)
    teams = {name: team.model_copy(update={"posting": posting}) for name, team in shop.company.teams.items()}
    shop.company = shop.company.model_copy(update={"teams": teams})
    return reviewed(shop, "calls")


def reviewed(shop: Week47, kind: str) -> Card:
    """Customers of every kind, causes in levels, calls made and to be made, a decision."""
    shop.leader()
    for n in range(1, 15):
        about = Customer(key=f"c-{n}", name="Dana Reyes", email=f"c{n}@mail.example", value=1000.0 * n, currency="NOK")
        shop.done(n, ANA, SLOW if n % 2 else "Asked twice. Third time wrong.", customer=about)
        shop.passes(hours=2)
        if n < 5:
            shop.hears(said(f"again-{n}", 9 if n < 4 else 7, "", customer=about))
    for n, words in enumerate((SLOW, "Queue to the door, and then the till closed.", "", "Nobody at the till."), 15):
        shop.says(2, words, customer=Customer(key=f"c-{n}", phone="+47 400 00 000"))
    for n, whys in ((5, "one till open\n\nrota made in May"), (6, "Rota made in May"), (15, ""), (16, "too few hands")):
        shop.tap("lost", LEA, n, cause="waiting time", whys=whys, value="48000 NOK" if n == 5 else "")
    due = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    shop.ticks(due)
    row = shop.store.read_sync(digests.by_period, "month", "1", "2026-11")
    for verb, n, note in (("called", 15, ""), ("call_note", 15, "Would come back for a second till."), ("no_answer", 16, "")):
        shop.now = due + timedelta(hours=n - 14)
        target: Any = f"call:{row.id}:{n}"
        shop.tap(verb, LEA, target, **({"note": note} if note else {}))
    review: Any = f"review:{row.id}"
    shop.tap("decide", LEA, review, what="Two tills from ten to two", by="15 Dec", owner="Ben")
    return shop.card(f"{kind}:{row.id}:1")


SCENES: Mapping[str, Callable[[Week47], Card]] = {
    "busy-week": busy,
    "quiet-week": quiet,
    "broken-feed": broken,
    "one-person": one_person,
    "names-off": names_off,
    "awkward-words": awkward,
    "leader": leader,
    "lost-customers": lost_customers,
    "calls": calls,
}


def drawn(card: Card) -> dict[str, str]:
    """The card in every form, by how its file's name ends."""
    return {
        "txt": "\n".join(lines(card)) + "\n",
        "slack.json": _json(blocks.message(card)),
        "msteams.json": _json(adaptive.message(card)),
        "html": on_the_page(card),
    }


def on_the_page(card: Card) -> str:
    """The card as the practice page draws it."""
    templates = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True)
    template = templates.from_string(
        '{% import "parts.html" as parts %}{{ parts.body(message, looking, "x") }}{{ message.card.footer }}'
    )
    return card.plain if card.is_line else template.render(message=loose(card), looking=Looking())


KEPT = ("txt", "slack.json", "msteams.json")
"""The forms that are kept as files."""


def stage(folder: Path) -> Week47:
    """An empty shop on the Monday of week 47."""
    store = Store(f"sqlite:///{folder / 'hero.db'}", alone=True)
    schema.migrate(store)
    return Week47(store, northwind(oak_street()), MONDAY)


def all_drawn() -> dict[str, str]:
    """Every file's name and what stands in it."""
    found = {}
    for name, scene in SCENES.items():
        with tempfile.TemporaryDirectory() as folder:
            shop = stage(Path(folder))
            try:
                found |= {f"{name}.{kind}": text for kind, text in drawn(scene(shop)).items()}
            finally:
                shop.store.close()
    return found


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in all_drawn().items():
        if file.partition(".")[2] in KEPT:
            (FOLDER / file).write_text(text, "utf-8")
    print(f"{KEY}: {len(SCENES)} weeks written")
