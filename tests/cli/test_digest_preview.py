"""`hero digest --preview`: the words of the chats, in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.commands.digest_preview import preview, preview_leader, preview_month
from bot.commands.plain_text import lines
from bot.config import load
from bot.refusals import Mistaken
from handlers.company import Company
from handlers.digests.snapshot import USUAL
from handlers.feedback import Customer
from storage import digests
from tests.cli.command import Ended, hero
from tests.conftest import ANA, BEN, LEA, Shop
from tests.digests.week47 import KEY, MONDAY, NEXT, Week47

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    return Week47(shop_of(company).store, company, MONDAY)


def told(shop: Week47, week: str | None = None, *, team: str = "oak-street", why: bool = False) -> str:
    settings = load(ROOT / "app.yaml", environ={}).settings
    assert settings is not None
    return preview(settings.model_copy(update={"company": shop.company}), shop.store, team, week, shop.now, why=why)


def test_it_says_before_what_the_channel_reads_and_afterwards_what_it_read(shop: Week47) -> None:
    shop.done(1)
    shop.now = NEXT
    before = told(shop)
    post = shop.told()
    assert before.splitlines()[: len(list(lines(post)))] == list(lines(post))
    shop.now += timedelta(hours=3)
    shop.tap("reopen", ANA, 1)
    after = told(shop)
    assert after.splitlines()[:-1] == [*lines(post), ""]
    assert after.endswith("This went out Mon 09:00.")


def test_of_a_week_before_the_first_answer_nothing_is_excused(shop: Week47) -> None:
    shop.done(1)
    shop.now = NEXT
    text = told(shop, "2026-W46")
    assert "we were away" not in text
    assert text.endswith("This does not go out: no customer of Oak Street had said anything by the end of that week.")


def test_the_week_that_runs_can_be_looked_at_before_it_is_over(shop: Week47) -> None:
    shop.done(1)
    text = told(shop, "2026-W47")
    assert "1 customer told us we let them down." in text
    assert text.endswith("This goes out Mon 23 Nov 09:00, with the numbers of that moment.")
    assert shop.post() is None
    assert KEY not in shop.keys()  # noqa: SIM118  (the keys of messages, not of a mapping)


def test_a_week_that_has_not_begun_is_refused_with_what_to_ask_for(shop: Week47) -> None:
    shop.done(1)
    for told_of in (told, told_to_leader):
        with pytest.raises(
            Mistaken, match=r"the week 2026-W48 has not begun\. The last one that is over is 2026-W46, .* runs is 2026-W47"
        ):
            told_of(shop, "2026-W48")


def test_nobody_is_told_of_a_broken_feed_before_the_week_is_over(shop: Week47) -> None:
    for _ in range(USUAL):
        shop.says(9, "Lovely.")
    shop.now = NEXT
    with pytest.raises(Mistaken, match=r"the week 2026-W48 is not over, and no answer has come in it so far\. .* is 2026-W47"):
        told(shop, "2026-W48")
    shop.now = NEXT + timedelta(days=7)
    assert "the feed is probably broken" in told(shop, "2026-W48")


def test_why_tells_the_facts_behind_each_story_and_those_that_could_be_told_instead(shop: Week47) -> None:
    for n, who in enumerate((ANA, BEN, *(type(ANA)("slack", "main", name, name.title()) for name in ("lea", "omar"))), 1):
        shop.done(n, who)
    shop.passes(minutes=1)
    text = told(shop, "2026-W47", why=True)
    assert "Whose turn it is this week: " in text
    assert text.count("\nTold: #") == 3
    assert text.count("\nCould be told instead: #") == 1
    assert text.count("words of effort: “waited” (need 2)") == 4


def test_why_counts_nobodys_cases_and_says_only_who_had_fewer_where_that_decided(shop: Week47) -> None:
    for n, who in enumerate((ANA, ANA, BEN), 1):
        shop.done(n, who, cause="waiting time" if n == 2 else "other")
    shop.now = NEXT
    text = told(shop, "2026-W47", why=True)
    assert text.count("(need 2; had fewer cases that week than another)") == 1
    assert "were theirs" not in text


def test_what_cannot_be_shown_is_said_with_what_there_is(shop: Week47) -> None:
    with pytest.raises(Mistaken, match=r"there is no team 'north'; there is oak-street"):
        told(shop, team="north")
    with pytest.raises(Mistaken, match="write for example 2026-W47"):
        told(shop, "last week")


def test_the_command_prints_it(tmp_path: Path) -> None:
    def typed(*words: str) -> Ended:
        return hero(*words, "--database", f"sqlite:///{tmp_path / 'hero.db'}", folder=ROOT)

    assert typed("migrate").status == 0
    shown = typed("digest", "--preview", "--team", "oak-street", "--week", "2026-W47", "--why")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out.startswith("Customer action heroes · Oak Street · 16 to 22 Nov\nNo answers this week.")
    plain = typed("digest", "--team", "oak-street", "--week", "2026-W47", "--why")
    assert plain.out.splitlines()[:2] == shown.out.splitlines()[:2]
    assert typed("digest", "--preview", "--team", "north").status == 2


def told_of_month(shop: Week47, month: str) -> str:
    settings = load(ROOT / "app.yaml", environ={}).settings
    assert settings is not None
    return preview_month(settings.model_copy(update={"company": shop.company}), shop.store, "oak-street", month, shop.now)


def test_the_review_of_a_month_is_told_before_and_afterwards_as_its_leader_reads_it(shop: Week47) -> None:
    shop.leader()
    shop.says(2, "Never again.")
    assert shop.tap("lost", LEA, 1, cause="other").cards
    due = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    shop.now = due - timedelta(hours=1)
    before = told_of_month(shop, "2026-11")
    assert before.endswith("This goes to who leads Oak Street Tue 09:00, with the numbers of that moment.")
    shop.ticks(due)
    row = shop.store.read_sync(digests.by_period, "month", "1", "2026-11")
    card = shop.card(f"month:{row.id}:1")
    after = told_of_month(shop, "2026-11")
    assert after.splitlines() == [*lines(card), "", "This went to who leads Oak Street Tue 09:00."]
    assert before.splitlines()[:-1] == after.splitlines()[:-1]
    assert "1 unhappy customer: recovered 0, kept but not happy 0, lost 1, unknown 0." in after


def told_to_leader(shop: Week47, week: str | None = None) -> str:
    settings = load(ROOT / "app.yaml", environ={}).settings
    assert settings is not None
    return preview_leader(settings.model_copy(update={"company": shop.company}), shop.store, "oak-street", week, shop.now)


def test_the_leaders_post_is_told_before_and_afterwards_as_its_leader_reads_it(shop: Week47) -> None:
    shop.leader()
    shop.done(1)
    shop.says(2, "Never again.")
    shop.now = NEXT - timedelta(hours=1)
    before = told_to_leader(shop)
    assert before.endswith("This goes to who leads Oak Street Mon 09:00, with the numbers of that moment.")
    shop.ticks(NEXT)
    row = shop.store.read_sync(digests.by_period, "leader", "1", "2026-W47")
    after = told_to_leader(shop, "2026-W47")
    assert after.splitlines() == [*lines(shop.card(f"leader:{row.id}:1")), "", "This went to who leads Oak Street Mon 09:00."]
    assert [line for line in before.splitlines()[:-1] if "counted" not in line] == [
        line for line in after.splitlines()[:-1] if "counted" not in line
    ]
    assert "Promise kept: 1 of 2." in after
    assert "  Nobody yet; our promise ended Mon 16 Nov 13:30" in after.splitlines()


def test_where_nobody_is_known_to_lead_that_is_said(shop: Week47) -> None:
    shop.done(1)
    assert told_to_leader(shop, "2026-W47").endswith("This goes to nobody: no chat has told yet who leads Oak Street.")
    assert told_of_month(shop, "2026-11").endswith("This goes to nobody: no chat has told yet who leads Oak Street.")
    alone = shop.company.teams["oak-street"].model_copy(update={"leader": ()})
    shop.company = shop.company.model_copy(update={"teams": {"oak-street": alone}})
    for told in (told_to_leader(shop, "2026-W47"), told_of_month(shop, "2026-11")):
        assert told.endswith("This goes to nobody: no `leader` of Oak Street is named.")


def test_a_month_that_is_none_is_said_with_what_to_write(shop: Week47) -> None:
    with pytest.raises(Mistaken, match="write for example 2026-10"):
        told_of_month(shop, "October")


def test_a_month_that_has_not_begun_is_refused_with_what_to_ask_for(shop: Week47) -> None:
    with pytest.raises(
        Mistaken, match=r"the month 2026-12 has not begun\. The last one that is over is 2026-10; the one that runs is"
    ):
        told_of_month(shop, "2026-12")


def test_the_calls_of_a_review_that_went_to_nobody_are_counted_all_the_same(shop: Week47) -> None:
    shop.says(2, "Never again.", customer=Customer(key="c-9", phone="+47 400 00 000"))
    shop.tap("claim", ANA, 1)
    assert shop.tap("lost", ANA, 1, cause="other").cards
    told = told_of_month(shop, "2026-11")
    assert "Please call 1 customer · Nov 2026" in told
    assert "have made 0 of 1 calls" in told


def test_a_month_and_a_week_at_once_are_refused() -> None:
    ran = hero("digest", "--preview", "--team", "x", "--month", "2026-10", "--week", "2026-W40", folder=ROOT)
    assert ran.status == 2
    assert "a month has neither a week nor stories" in ran.err
