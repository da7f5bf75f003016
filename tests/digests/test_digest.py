"""The weekly post of a team: when it goes out, what it says, and what its leader may do before."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from handlers import colleagues
from handlers.actions import act
from handlers.arranged.sources import send_test
from handlers.calendar.hours import OpeningHours
from handlers.calendar.weeks import Posting, Week
from handlers.cards import Card
from handlers.commands import answer
from handlers.company import Company, People
from handlers.digests import digest, snapshot
from handlers.feedback import Customer
from handlers.rules import Route, When
from handlers.situation import Tap
from handlers.survey_tools import Source
from storage import delivery_log, digests, messages, people
from tests.conftest import ANA, BEN, LEA, OSLO, Shop, person, said
from tests.digests.week47 import FRIDAY_PREVIEW, KEY, MONDAY, NEXT, SLOW, Week47
from tests.overlapping import overlapped

APOLOGY = "This should have been here Mon 09:00; we were away. We are sorry."


@pytest.fixture
def shop(shop_of: Callable[[Company], Shop], company: Company) -> Week47:
    return Week47(shop_of(company).store, company, MONDAY)


def text(card: Card) -> str:
    return "\n".join([card.headline, *card.context, card.footer])


def test_it_goes_out_on_the_day_and_at_the_hour_the_team_chose_and_only_once(shop: Week47) -> None:
    shop.done(1)
    assert shop.ticks(NEXT - timedelta(seconds=1)) == NEXT
    assert shop.store.read_sync(messages.by_key, KEY) is None
    shop.ticks(NEXT)
    wanted = shop.store.read_sync(messages.by_key, KEY).wanted
    for later in (0, 1, 60, 60 * 24):
        shop.ticks(NEXT + timedelta(minutes=later))
    assert shop.store.read_sync(messages.by_key, KEY).wanted == wanted == 1


@pytest.mark.parametrize("asked", ["to be contacted", "nothing, and somebody follows up"])
def test_nobody_is_thanked_for_words_of_a_happy_customer_who_still_waits_for_us(
    shop_of: Callable[[Company], Shop], company: Company, asked: str
) -> None:
    cakes = Route(name="cakes", when=When(words=("cake",)), team="oak-street")
    shop = Week47(shop_of(company).store, company.model_copy(update={"routes": (*company.routes, cakes)}), MONDAY)
    if asked == "to be contacted":
        shop.says(9, "Lovely cups. Please ring me, I asked twice.", wants_contact=True)
    else:
        shop.says(9, "Lovely cups. And the wedding cake?")
    assert "thank you" not in text(shop.told())


def test_a_busy_week_is_told_with_the_denominator_first_a_story_and_what_keeps_happening(shop: Week47) -> None:
    shop.done(1)
    shop.hears(said("r-2", 10, "Best flat white in town."))
    shop.hears(said("r-3", 2, "Cold coffee."))
    shop.tap("claim", BEN, 2)
    shop.passes(hours=1)
    shop.tap("close", BEN, 2, outcome="fixed", done="New cup.", cause="waiting time")
    shop.hears(said("r-5", 2, "Still cold."))
    shop.tap("claim", BEN, 3)
    shop.tap("close", BEN, 3, outcome="fixed", done="Another cup.", cause="waiting time")
    shop.hears(said("r-4", 1))
    shop.ticks(NEXT)
    card = shop.card(KEY)
    assert card.headline == "Customer action heroes · Oak Street · 16 to 22 Nov"
    assert card.context[0] == (
        "4 customers told us we let them down. You got back to 3 of them within our promise "
        "(taken within 4 h, answered within 2 days, in opening hours); 1 still waits past our promise."
    )
    assert "Ana: first contact on a hard one. “Rang customer 1.”" in card.context
    assert "A customer says thank you: “Best flat white in town.”" in card.context
    assert "What keeps happening: waiting time, 2 cases." in card.context
    assert any(line.startswith("For the huddle: what one thing could we change") for line in card.context)
    assert "Still waiting for a word from us: 1 customer, since Mon 16 Nov 10:30." in card.context
    assert [button.label for button in card.buttons] == ["Show them", "Say thanks…"]
    assert card.chart is None


def test_promises_due_in_the_week_that_has_begun_are_counted_beside_those_who_wait(shop: Week47) -> None:
    shop.says(2, "Late already.")
    shop.now = NEXT - timedelta(days=3)
    shop.says(2, "Somebody has it until Tuesday.")
    shop.tap("claim", BEN, 2)
    shop.now = NEXT - timedelta(minutes=30)
    shop.says(2, "To be taken today.")
    assert "Still waiting for a word from us: 3 customers, the first since Mon 16 Nov 09:00. Promises due by Sun 29 Nov: 2." in (
        shop.told().context
    )


def test_what_happened_once_is_not_said_to_keep_happening(shop: Week47) -> None:
    shop.done(1, cause="waiting time")
    assert not [line for line in shop.told().context if "keeps happening" in line or "For the huddle" in line]


def test_other_causes_keep_happening_no_more_however_a_team_writes_them(shop: Week47) -> None:
    team = shop.company.teams["oak-street"].model_copy(update={"causes": ("Waiting time", "Other")})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team}})
    for n in (1, 2):
        shop.done(n, cause="Other")
    assert not [line for line in shop.told().context if "keeps happening" in line]


def test_the_one_line_of_a_phone_says_the_same(shop: Week47) -> None:
    shop.done(1)
    shop.ticks(NEXT)
    assert shop.card(KEY).plain == (
        "Customer action heroes at Oak Street: 1 customer told us we let them down. You got back to them within our promise."
    )


def test_bars_stand_there_from_three_weeks_with_somebody_in_them_on_and_a_sentence_says_the_same(shop: Week47) -> None:
    for back in (6, 2):
        shop.now = MONDAY - timedelta(days=7 * back)
        shop.done(shop.number + 1)
    shop.now = MONDAY - timedelta(days=7 * 5)
    shop.says(9, "")
    shop.now = MONDAY
    shop.done(3)
    shop.done(4)
    shop.says(1, "Slow.")
    shop.tap("claim", BEN, 5)
    shop.passes(days=3)
    shop.tap("contacted", BEN, 5)
    shop.says(1, "Slower.")
    chart = shop.told().chart
    assert chart is not None
    assert chart.labels == ("5 Oct", "12 Oct", "19 Oct", "26 Oct", "2 Nov", "9 Nov", "16 Nov"), "none before the first answer"
    assert chart.series == (
        ("In time", (1, 0, 0, 0, 1, 0, 2)),
        ("Later", (*[0] * 6, 1)),
        ("No word", (*[0] * 6, 1)),
    )
    assert chart.twin == (
        "When customers we let down heard from us, week by week: week of 5 Oct, 1 in time; nobody let down in the week of 12 Oct; "
        "no answers in the 2 weeks from 19 Oct; week of 2 Nov, 1 in time; no answers in the week of 9 Nov; "
        "week of 16 Nov, 2 in time, 1 later and 1 without a word."
    )


def test_two_weeks_with_somebody_in_them_are_no_chart(shop: Week47) -> None:
    for back in (1, 0):
        shop.now = MONDAY - timedelta(days=7 * back)
        shop.done(shop.number + 1)
    assert shop.told().chart is None


def test_a_quiet_week_silence_and_a_broken_feed_are_three_different_texts(shop: Week47) -> None:
    shop.leader()
    for n in range(1, 4):
        shop.hears(said(f"r-{n}", 9, ""))
    shop.ticks(NEXT)
    assert shop.card(KEY).context == ("3 answers, none from an unhappy customer. Enjoy it.",)
    shop.ticks(NEXT + timedelta(days=7))
    assert shop.card("digest:oak-street:2026-W48").context == ("No answers this week.",)
    for n in range(4, 9):
        shop.hears(said(f"r-{n}", 9, ""))
    shop.ticks(NEXT + timedelta(days=14))
    shop.ticks(NEXT + timedelta(days=21))
    row = shop.post("2026-W50")
    assert row.state == "withheld"
    assert shop.store.read_sync(messages.by_key, "digest:oak-street:2026-W50") is None
    warning = shop.card("silent:2026-W50:1")
    assert warning.plain.startswith("No answer from any customer arrived in the week of 7 to 13 Dec, from no survey at all.")


def test_a_week_in_which_everybody_was_closed_is_no_broken_feed(shop: Week47) -> None:
    shop.leader()
    is_closed_in_week_48(shop)
    for n in range(1, 7):
        shop.hears(said(f"r-{n}", 9, ""))
    shop.ticks(MONDAY + timedelta(days=4))
    shop.ticks(NEXT + timedelta(days=7))
    assert shop.store.read_sync(messages.by_key, "silent:2026-W48:1") is None
    shop.now = NEXT + timedelta(days=8)
    shop.hears(said("r-7", 9, ""))
    shop.ticks(NEXT + timedelta(days=14))
    assert shop.card("digest:oak-street:2026-W49").context == ("1 answer, and nobody unhappy. Enjoy it.",)


def is_closed_in_week_48(shop: Week47) -> None:
    closed = [date(2026, 11, day) for day in range(23, 30)]
    hours = OpeningHours.build({"mon-fri": "08:00-18:00"}, OSLO, closed=closed)
    team = shop.company.teams["oak-street"].model_copy(update={"hours": hours})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team}})


def test_a_team_that_was_closed_all_week_says_so_where_no_answer_came(shop: Week47) -> None:
    shop.done(1)
    shop.ticks(NEXT)
    is_closed_in_week_48(shop)
    shop.ticks(NEXT + timedelta(days=7))
    card = shop.card("digest:oak-street:2026-W48")
    assert card.context == ("No answers this week. We were closed.",)
    assert card.plain == "Customer action heroes at Oak Street: No answers this week. We were closed."


def test_after_a_closure_the_promises_of_the_week_that_has_begun_are_counted(shop: Week47) -> None:
    is_closed_in_week_48(shop)
    shop.now = NEXT - timedelta(days=3) + timedelta(hours=7)
    shop.says(2, "On the last afternoon.")
    shop.ticks(NEXT + timedelta(days=7))
    assert "Still waiting for a word from us: 1 customer, since Fri 20 Nov 16:00. Promises due by Sun 6 Dec: 1." in (
        shop.card(KEY).context
    )


def test_nothing_is_said_of_a_week_before_the_first_answer_ever(shop: Week47) -> None:
    shop.ticks(NEXT)
    assert shop.post() is None
    shop.now = NEXT
    shop.hears(said())
    shop.ticks(NEXT + timedelta(days=1))
    assert shop.post() is None


def test_a_post_that_was_missed_is_made_up_once_and_says_so_and_those_before_it_are_passed_over(shop: Week47) -> None:
    for n in range(1, 5):
        shop.done(n, comment="Meh.")
        if n == 1:
            shop.ticks(NEXT)
        shop.now += timedelta(days=7)
    shop.ticks(NEXT + timedelta(days=23))
    assert [(period, shop.post(period).state) for period in ("2026-W47", "2026-W48", "2026-W49", "2026-W50")] == [
        ("2026-W47", "sent"), ("2026-W48", "passed"), ("2026-W49", "passed"), ("2026-W50", "sent")
    ]  # fmt: skip
    assert APOLOGY not in shop.card(KEY).context
    assert APOLOGY in shop.card("digest:oak-street:2026-W50").context
    assert shop.store.read_sync(messages.by_key, "digest:oak-street:2026-W49") is None


def test_a_team_that_was_added_since_reads_nothing_of_the_week_before_and_no_apology(shop: Week47) -> None:
    shop.done(1)
    shop.ticks(NEXT)
    wednesday = NEXT + timedelta(days=2)
    harbour = shop.company.teams["oak-street"].model_copy(update={"name": "harbour", "title": "Harbour"})
    there = Route(name="harbour", when=When(tag=("harbour",)), team="harbour")
    teams = {**shop.company.teams, "harbour": harbour}
    shop.company = shop.company.model_copy(update={"teams": teams, "routes": (there, *shop.company.routes)})
    shop.ticks(wednesday)
    assert posts_of(shop, "harbour") == []
    shop.says(3, "Cold coffee.", tags=("harbour",))
    shop.ticks(NEXT + timedelta(days=7))
    assert posts_of(shop, "harbour") == ["digest:harbour:2026-W48"]
    assert APOLOGY not in shop.card("digest:harbour:2026-W48").context


def posts_of(shop: Week47, team: str) -> list[str]:
    rows = shop.store.read_sync(delivery_log.unfinished, 1000)
    return [row.key for row in rows if row.key.startswith(f"digest:{team}:")]


def test_a_post_whose_day_was_moved_to_earlier_in_the_week_does_not_apologise(shop: Week47) -> None:
    posts_on(shop, 4)
    shop.done(1)
    shop.ticks(NEXT + timedelta(days=4))
    shop.passes(days=1)
    shop.done(2)
    wednesday = NEXT + timedelta(days=9)
    shop.ticks(wednesday)
    assert posts_of(shop, "oak-street") == [KEY]
    posts_on(shop, 0)
    shop.ticks(wednesday)
    assert posts_of(shop, "oak-street") == [KEY, "digest:oak-street:2026-W48"]
    assert APOLOGY not in shop.card("digest:oak-street:2026-W48").context


def posts_on(shop: Week47, weekday: int) -> None:
    team = shop.company.teams["oak-street"].model_copy(update={"posting": Posting(weekday)})
    shop.company = shop.company.model_copy(update={"teams": {team.name: team}})


def test_after_a_long_closure_the_last_week_with_something_to_tell_is_told(shop: Week47) -> None:
    shop.done(1)
    shop.ticks(NEXT + timedelta(days=16))
    assert [shop.post(period).state for period in ("2026-W47", "2026-W48", "2026-W49")] == ["sent", "passed", "passed"]


def test_what_was_said_stays_as_it_was_whatever_happens_later(shop: Week47) -> None:
    shop.done(1)
    shop.ticks(NEXT)
    before = shop.card(KEY)
    shop.tap("reopen", ANA, 1)
    shop.hears(said("r-2", 1))
    assert shop.card(KEY).context[0] == before.context[0]
    shop.ticks(NEXT + timedelta(days=7))
    later = shop.card("digest:oak-street:2026-W48")
    assert later.context[0] == (
        "1 customer told us we let them down. No word from us yet, and our promise "
        "(taken within 4 h, answered within 2 days, in opening hours) has passed."
    )


def test_a_week_that_is_counted_otherwise_now_is_restated_openly(shop: Week47) -> None:
    shop.done(1)
    shop.hears(said("r-2", 2, "Slow."))
    shop.ticks(NEXT)
    shop.tap("dismiss", ANA, 2, reason="test")
    shop.hears(said("r-3", 2, "Slow."))
    shop.ticks(NEXT + timedelta(days=7))
    assert "The week of 16 Nov now counts 1 customer; we had told you 2." in shop.card("digest:oak-street:2026-W48").context


def test_a_week_is_restated_also_after_one_that_was_passed_over(shop: Week47) -> None:
    shop.done(1)
    shop.hears(said("r-2", 2, "Slow."))
    shop.ticks(NEXT)
    shop.tap("dismiss", ANA, 2, reason="test")
    shop.now = NEXT + timedelta(days=8)
    shop.hears(said("r-3", 2, "Slow."))
    shop.ticks(NEXT + timedelta(days=14))
    assert shop.post("2026-W48").state == "passed"
    restated = "The week of 16 Nov now counts 1 customer; we had told you 2."
    assert restated in shop.card("digest:oak-street:2026-W49").context
    shop.hears(said("r-4", 2, "Slow."))
    shop.ticks(NEXT + timedelta(days=21))
    assert restated not in shop.card("digest:oak-street:2026-W50").context


def test_nobody_is_told_of_two_weeks_running(shop: Week47) -> None:
    shop.done(1)
    shop.ticks(NEXT)
    shop.done(2)
    shop.ticks(NEXT + timedelta(days=7))
    assert shop.post("2026-W48").snapshot["stories"] == []
    assert [story["person"] for story in shop.post().snapshot["stories"]] == [1]


def test_rule_9_names_are_told_as_the_company_and_each_person_want(shop: Week47) -> None:
    shop.hears()
    shop.done(1)
    shop.ticks(NEXT)

    def wish(naming: str | None) -> str:
        shop.store.write_sync(people.prefer, 1, {"naming": naming, "name": "Ana Silva"})
        return next(line for line in shop.card(KEY).context if ": " in line and "first contact" in line).split(":")[0]

    assert [wish(naming) for naming in (None, "first", "off")] == ["Ana Silva", "Ana", "A teammate"]
    shop.company = shop.company.model_copy(update={"people": People.OFF})
    assert wish(None) == "A teammate"


def test_rule_13_those_who_wait_are_told_without_a_name(shop: Week47) -> None:
    shop.hears(said("r-1", 1))
    shop.tap("claim", ANA, 1)
    shop.ticks(NEXT)
    assert "Ana" not in text(shop.card(KEY))
    assert "Still waiting for a word from us: 1 customer" in text(shop.card(KEY))


def test_no_snapshot_holds_a_name_or_a_word_that_somebody_wrote(shop: Week47) -> None:
    shop.done(1, customer=Customer(key="c-1", name="Dana Reyes", email="dana@mail.example"))
    shop.hears(said("r-2", 10, "Ana is the best."))
    shop.ticks(NEXT)
    held = str(shop.post().snapshot)
    assert not any(word in held for word in ("Ana", "Dana", "Rang", "best", SLOW))


def test_the_leader_reads_it_on_the_working_day_before_and_silence_sends_it(shop: Week47) -> None:
    lea = shop.leader()
    shop.done(1)
    assert shop.ticks(FRIDAY_PREVIEW - timedelta(minutes=1)) == FRIDAY_PREVIEW
    shop.ticks(FRIDAY_PREVIEW)
    card = shop.card(f"preview:{shop.post().id}:{lea}")
    assert card.headline == "A look ahead · the weekly post of Oak Street goes out Mon 09:00"
    assert [button.label for button in card.buttons] == ["Send as is"]
    assert card.items[0].headline == "Ana: first contact on a hard one. “Rang customer 1.”"
    assert card.items[0].context == ("Why: words of effort: “waited”",)
    assert [button.label for button in card.items[0].buttons] == ["Swap a story", "Leave out"]
    shop.ticks(NEXT)
    assert shop.post().state == "sent"
    assert shop.card(f"preview:{shop.post().id}:{lea}").plain == "The weekly post of Oak Street went out Mon 09:00."


def test_a_leader_is_shown_no_preview_of_a_week_in_which_nobody_said_anything(shop: Week47) -> None:
    lea = shop.leader()
    shop.hears(said("r-1", 10, "Lovely."))
    shop.ticks(FRIDAY_PREVIEW)
    assert shop.post().state == "draft"
    shop.ticks(NEXT)
    shop.ticks(FRIDAY_PREVIEW + timedelta(days=7))
    assert shop.post("2026-W48") is None
    shop.ticks(NEXT + timedelta(days=7))
    told = shop.post("2026-W48")
    assert told.state == "sent"
    assert shop.store.read_sync(messages.by_key, f"preview:{told.id}:{lea}") is None
    assert shop.store.read_sync(
        messages.by_key, f"leader:{shop.store.read_sync(digests.by_period, 'leader', str(lea), '2026-W48').id}:{lea}"
    )


def test_a_leader_is_shown_no_preview_while_the_team_is_closed_all_week(shop: Week47) -> None:
    """Not even of that week, at midnight when it begins."""
    lea = shop.leader()
    shop.done(1)
    shop.says(3, SLOW)
    is_closed_in_week_48(shop)
    shop.ticks(FRIDAY_PREVIEW)
    assert shop.card(f"preview:{shop.post().id}:{lea}").headline.startswith("A look ahead")
    for hours in range(0, 7 * 24, 6):
        shop.ticks(NEXT - timedelta(hours=9) + timedelta(hours=hours))
        assert shop.post("2026-W48") is None


def tests_a_source(shop: Week47) -> None:
    company = shop.company.model_copy(update={"sources": {"survey": Source("plain")}})
    shop.store.write_sync(send_test, company, Tap("send_test", "source:survey", LEA, shop.now))


def test_a_test_of_a_source_is_no_customer_whom_we_let_down(shop: Week47) -> None:
    tests_a_source(shop)
    shop.ticks(NEXT - timedelta(days=7))
    shop.done(2)
    card = shop.told()
    assert card.context[0].startswith("1 customer told us we let them down. You got back to them")
    assert "Still waiting" not in text(card)
    assert shop.press("show_waiting", BEN).cards == ()


def test_a_house_in_which_only_a_source_was_tested_has_nothing_to_tell(shop: Week47) -> None:
    tests_a_source(shop)
    shop.ticks(NEXT)
    assert shop.post() is None


def test_a_story_gives_the_words_of_another_to_whoever_wrote_them(shop: Week47) -> None:
    shop.says(3, "Wrong order.")
    shop.tap("claim", BEN, 1)
    shop.tap("hand_over", BEN, 1, to=LEA)
    shop.passes(minutes=30)
    shop.tap("close", LEA, 1, outcome="fixed", done="Rang her.", cause="other")
    assert "Ben: a handover in good time. What Lea did then: “Rang her.”" in shop.told().context


def test_rule_12_a_leader_swaps_a_story_for_the_next_that_was_eligible_and_it_is_noted(shop: Week47) -> None:
    shop.leader()
    for n, who in enumerate((ANA, BEN), 1):
        shop.done(n, who)
    for n in range(3, 6):
        shop.done(n, LEA, comment="Meh.")
    shop.ticks(FRIDAY_PREVIEW)
    assert {story["follow_up"] for story in shop.post().snapshot["stories"]} == {1, 2}
    assert shop.press("swap_story", LEA, 1).text == "There is no other story to tell this week. You can leave this one out."


def test_rule_12_what_is_swapped_gives_its_place_to_another_and_never_to_one_that_is_not_eligible(shop: Week47) -> None:
    shop.leader()
    team = [ANA, BEN, LEA, *(type(ANA)("slack", "main", name, name.title()) for name in ("omar", "ida"))]
    for n, who in enumerate(team, 1):
        shop.done(n, who)
    shop.ticks(FRIDAY_PREVIEW)
    told = [story["follow_up"] for story in shop.post().snapshot["stories"]]
    spare = [story["follow_up"] for story in shop.post().snapshot["spares"]]
    assert (len(told), len(spare)) == (3, 2)
    assert "Another story stands in its place" in shop.press("swap_story", LEA, told[0]).text
    assert [story["follow_up"] for story in shop.post().snapshot["stories"]] == [*told[1:], spare[0]]
    assert shop.press("leave_out", LEA, told[1]).text == "Left out, and noted who did. The post goes out Mon 09:00."
    shop.ticks(NEXT)
    assert {story["follow_up"] for story in shop.post().snapshot["stories"]} == {told[2], spare[0]}
    assert [(each["what"], each["follow_up"]) for each in shop.post().choices["log"]] == [
        ("swapped", told[0]), ("left_out", told[1])
    ]  # fmt: skip


def test_only_the_leader_decides_and_only_before_it_went_out(shop: Week47) -> None:
    shop.leader()
    shop.done(1)
    shop.ticks(FRIDAY_PREVIEW)
    assert "Only those who lead Oak Street" in shop.press("leave_out", ANA, 1).text
    assert shop.press("send_digest", LEA).text == "Thank you. It goes out Mon 09:00."
    assert shop.post().state == "draft"
    shop.ticks(NEXT)
    assert "has gone out already" in shop.press("leave_out", LEA, 1).text
    assert "not belong to a team here" in shop.tap("leave_out", LEA, "digest:999:1").text  # type: ignore[arg-type]
    other = type(ANA)("slack", "T9", "lea", "Lea")
    assert "not belong to a team here" in shop.tap("show_waiting", other, f"digest:{shop.post().id}").text  # type: ignore[arg-type]


def previewed(shop: Week47) -> Tap:
    """The leader looks at a draft with two stories. Returns the tap that leaves the first out."""
    shop.leader()
    shop.done(1)
    shop.done(2, BEN)
    shop.ticks(FRIDAY_PREVIEW)
    return Tap("leave_out", f"digest:{shop.post().id}:1", LEA, shop.now)


def test_a_story_that_is_left_out_while_the_post_is_made_is_not_told(shop: Week47) -> None:
    tap = previewed(shop)
    left_out, _ = overlapped(shop.store, lambda tx: act(tx, shop.company, tap), lambda: shop.ticks(NEXT))
    assert left_out.text == "Left out, and noted who did. The post goes out Mon 09:00."
    assert (shop.post().state, [story["follow_up"] for story in shop.post().snapshot["stories"]]) == ("sent", [2])


def test_a_leader_who_decides_while_the_post_is_made_reads_that_it_went_out(shop: Week47) -> None:
    tap = previewed(shop)
    _, told = overlapped(
        shop.store,
        lambda tx: digest.send_digests(tx, shop.company, NEXT),
        lambda: shop.store.write_sync(act, shop.company, tap),
    )
    assert told.text == "The post has gone out already, so nothing was changed."
    assert (shop.post().state, shop.post().choices) == ("sent", {})


@pytest.mark.parametrize("verb", ["show_waiting", "thank", "swap_story", "leave_out", "send_digest"])
def test_a_button_given_the_id_of_a_post_of_another_kind_is_answered_and_changes_nothing(shop: Week47, verb: str) -> None:
    lea = shop.leader()
    shop.done(1)
    shop.store.write_sync(answer, shop.company, "huddle", ANA, shop.company.teams["oak-street"].channels[0], shop.now)
    shop.ticks(NEXT)
    others = [
        shop.store.read_sync(digests.by_period, kind, about, period)
        for kind, about, period in (("huddle", "oak-street", "2026-11-16"), ("leader", str(lea), "2026-W47"))
    ]
    for row in others:
        for target in (f"digest:{row.id}", f"digest:{row.id}:1"):
            said_back = shop.tap(verb, LEA, target)  # type: ignore[arg-type]
            assert (said_back.form, said_back.cards) == (None, ())
            assert "does not belong to a team here" in said_back.text
        assert shop.store.read_sync(digests.by_id, row.id) == row


@pytest.mark.parametrize("target", ["digest:", "digest:x", "digest:-1", "digest:1:x:y", "huddle:1", "digest:" + "9" * 40])
def test_a_forged_button_is_answered_and_changes_nothing(shop: Week47, target: str) -> None:
    shop.leader()
    shop.done(1)
    shop.ticks(FRIDAY_PREVIEW)
    before = shop.post()
    for verb in ("show_waiting", "thank", "swap_story", "leave_out", "send_digest"):
        said_back = shop.tap(verb, LEA, target)  # type: ignore[arg-type]
        assert said_back.text or said_back.cards
    assert shop.post().choices == before.choices


def test_a_leader_new_to_the_team_is_not_told_that_a_post_went_out_which_they_never_saw(shop: Week47) -> None:
    lea = shop.leader()
    shop.done(1)
    shop.ticks(FRIDAY_PREVIEW)
    ben = shop.leader(BEN)
    shop.ticks(NEXT)
    assert shop.store.read_sync(messages.by_key, f"preview:{shop.post().id}:{lea}") is not None
    assert shop.store.read_sync(messages.by_key, f"preview:{shop.post().id}:{ben}") is None


def test_a_look_ahead_of_which_no_post_came_says_why(shop: Week47) -> None:
    lea = shop.leader()
    shop.done(1)
    shop.ticks(FRIDAY_PREVIEW)
    preview = f"preview:{shop.post().id}:{lea}"
    shop.now += timedelta(days=7)
    shop.done(2)
    shop.ticks(NEXT + timedelta(days=8))
    assert shop.post().state == "passed"
    assert shop.card(preview).plain == (
        "The weekly post of Oak Street on 16 to 22 Nov did not go out: we were away at its time, and a later week was told instead."
    )


def test_show_them_lists_those_who_wait_now_privately(shop: Week47) -> None:
    shop.done(1)
    shop.hears(said("r-2", 1))
    shop.ticks(NEXT)
    reply = shop.press("show_waiting", BEN)
    assert reply.text == "One customer waits for a word from us."
    assert [card.footer for card in reply.cards] == ["#2 · everyone"]
    shop.tap("claim", BEN, 2)
    shop.closes(BEN, 2)
    assert shop.press("show_waiting", BEN).text == "Every customer has heard from us by now. Thank you."


def test_show_them_shows_each_as_their_card_does_with_earlier_low_scores(shop: Week47) -> None:
    shop.done(1, earlier=True)
    shop.says(1, "Cold again.", customer=Customer(key="c-often"))
    shop.ticks(NEXT)
    [shown] = shop.press("show_waiting", BEN).cards
    assert "1 earlier low score" in str(shown.context)
    assert shown == shop.card("card:2")


def test_a_thank_you_reaches_the_colleague_privately_once(shop: Week47) -> None:
    shop.done(1)
    shop.ticks(NEXT)
    form = shop.press("thank", BEN).form
    assert form is not None
    assert form.fields[0].options == (("1", "Ana: first contact on a hard one. “Rang customer 1.”"),)
    reply = shop.tap("thank", BEN, f"digest:{shop.post().id}", story="1", note="That was brave.")  # type: ignore[arg-type]
    assert reply.text == "They are told privately. Thank you for saying so."
    message = shop.store.read_sync(messages.by_key, "thanks:1")
    assert (message.channel, shop.card("thanks:1").plain) == (
        "ana", "Ben thanks you: first contact on a hard one (week 47). “That was brave.”"
    )  # fmt: skip
    again = shop.tap("thank", BEN, f"digest:{shop.post().id}", story="1", note="")  # type: ignore[arg-type]
    assert "thanked them for this already" in again.text
    also = person("ana-too")
    for who in (ANA, also):
        shop.store.write_sync(lambda tx, who=who: people.learn_email(tx, colleagues.remember(tx, who).id, "ana@northwind.example"))
        own = shop.tap("thank", who, f"digest:{shop.post().id}", story="1", note="")  # type: ignore[arg-type]
        assert own.errors == {"story": "That is your own story. Well done."}


def test_a_week_is_read_as_people_write_it() -> None:
    assert (str(Week.parse("2026-W47")), Week.parse("2026w7")) == ("2026-W47", Week(2026, 7))
    for wrong in ("", "2026-W54", "47", "2026-W00", "yesterday"):
        with pytest.raises(ValueError, match="write for example 2026-W47"):
            Week.parse(wrong)


def test_a_snapshot_with_nothing_in_it_has_nothing_to_tell(shop: Week47) -> None:
    shop.hears(said("r-1", 9))
    team, week = shop.company.teams["oak-street"], Week(2026, 30)
    taken = shop.store.read_sync(snapshot.take, shop.company, team, week, {}, shop.now)
    assert not snapshot.has_something_to_tell(taken)


@pytest.mark.parametrize(
    ("word", "naming"), [("name first", "first"), ("name OFF", "off"), ("name never", "never"), ("name full", None)]
)
def test_rule_9_everybody_says_how_they_are_named_with_a_word(shop: Week47, word: str, naming: str | None) -> None:
    place = shop.company.teams["oak-street"].channels[0]
    said_back = shop.store.write_sync(answer, shop.company, word, ANA, place, shop.now)
    assert "weekly post" in said_back.text
    assert shop.store.read_sync(people.find, "slack", "main", "ana").naming == naming
    assert "Type “name first”" in shop.store.write_sync(answer, shop.company, "name", ANA, place, shop.now).text


def test_rule_9_whoever_types_never_is_told_of_no_more(shop: Week47) -> None:
    place = shop.company.teams["oak-street"].channels[0]
    shop.store.write_sync(answer, shop.company, "name never", ANA, place, shop.now)
    shop.done(1)
    shop.ticks(NEXT)
    assert shop.post().snapshot["stories"] == []


DOCS = (Path(__file__).parents[2] / "docs" / "digest.md").read_text("utf-8")


def test_rule_10_is_said_where_people_read_about_it() -> None:
    assert "Nobody is compared with anybody" in DOCS


def test_rule_11_that_no_pay_hangs_on_it_is_said_where_people_read_about_it() -> None:
    assert "Do not tie pay, bonuses or ratings to anything in these posts." in DOCS
    assert "never asks a customer for a better score" in DOCS


def test_rule_11_the_bot_writes_to_colleagues_only_and_so_asks_no_customer_for_a_score(shop: Week47) -> None:
    shop.leader()
    shop.done(1, customer=Customer(key="c-1", name="Dana Reyes", email="dana@mail.example", phone="+47 400 00 000"))
    shop.says(2, "Slow.", customer=Customer(key="c-2", email="erik@mail.example"))
    shop.tap("lost", LEA, 2, cause="other")
    for at in (FRIDAY_PREVIEW, NEXT, NEXT + timedelta(days=9)):
        shop.ticks(at)
    kinds = {row.kind for row in shop.store.read_sync(delivery_log.unfinished, 100)}
    assert {"card", "private", "digest", "preview", "leader", "month", "calls", "own"} <= kinds
    assert {row.channel for row in shop.store.read_sync(delivery_log.unfinished, 100)} == {"C1", "ana", "lea"}


def test_rule_13_failure_is_told_as_the_customers_wait_and_never_as_a_persons_miss(shop: Week47) -> None:
    """In every post that anybody reads: the channel's, the leader's, the review with its timelines, the call list."""
    lea = shop.leader()
    shop.says(2, "Slow.")
    shop.tap("claim", ANA, 1)
    shop.says(1, "Slower.")
    shop.tap("claim", BEN, 2)
    shop.passes(days=4)
    shop.tap("release", BEN, 2)
    for at in (FRIDAY_PREVIEW, NEXT, NEXT + timedelta(days=9)):
        shop.ticks(at)
    told = [
        row.key
        for row in shop.store.read_sync(delivery_log.unfinished, 100)
        if row.kind in ("digest", "preview", "leader", "month", "calls")
    ]
    assert len(told) == 6  # two weekly posts
    for key in told:
        card = shop.card(key)
        said_there = "\n".join([text(card), *card.below, card.plain, *(text(item) for item in card.items)])
        if key.startswith("leader:"):  # who has a customer is no failure, and the promise is ours
            said_there = re.sub("Ana has it; (we promised|our promise ended)", "", said_there)
        assert not any(name in said_there for name in ("Ana", "Ben")), key
    assert "2 customers" in text(shop.card(KEY))
    assert lea


def test_each_of_the_thirteen_rules_has_a_test_that_says_it() -> None:
    tests = Path(__file__).parents[1]
    named = {
        int(number)
        for file in tests.rglob("test_*.py")
        for number in re.findall(r"^def test_rule_(\d+)_", file.read_text("utf-8"), re.MULTILINE)
    }
    assert named == set(range(1, 14))
    chosen = DOCS.partition("## How stories are chosen")[2]
    assert [int(number) for number in re.findall(r"^(\d+)\. ", chosen, re.MULTILINE)] == list(range(1, 14))
