"""The rules by which stories are chosen, one test each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.calendar.weeks import Week
from handlers.case import State
from handlers.digests import choosing_stories, heroes
from handlers.digests.heroes import Did, Reason, Story, Worked
from handlers.feedback import Band

WEEK = Week(2026, 47)
START = datetime(2026, 11, 16, tzinfo=UTC)
END = START + timedelta(days=7)
ANA, BEN, LEA = 1, 2, 3
NAMES = {ANA: "Ana Silva", BEN: "Ben", LEA: "Lea"}
HARD = "Waited 45 minutes and nobody came."


def hour(n: float) -> datetime:
    return START + timedelta(hours=8 + n)


def case(follow_up: int = 1, who: int = ANA, comment: str = HARD, *, acts: tuple[Did, ...] | None = None, **more: Any) -> Worked:
    """Told, claimed, contacted and closed on Monday morning."""
    usual = (Did("claim", who, hour(1)), Did("contacted", who, hour(2)), Did("close", who, hour(3)))
    life: dict[str, Any] = {"created_at": hour(0), "close_by": hour(48), "contacted_at": hour(2), "closed_at": hour(3)}
    about: dict[str, Any] = {
        "state": State.CLOSED,
        "band": Band.DETRACTOR,
        "cause": "other",
        "wants_contact": False,
        "earlier_low": 0,
    }
    return Worked(follow_up, "oak-street", comment=comment, acts=acts or usual, **(life | about | more))


def told(*cases: Worked) -> list[Story]:
    return heroes.stories(cases, NAMES, START, END)


def picked(*cases: Worked, rested: tuple[int, ...] = (), silent: tuple[int, ...] = ()) -> list[Story]:
    return choosing_stories.pick(told(*cases), WEEK, "oak-street", rested, silent)[: choosing_stories.MOST]


def test_rule_1_acts_are_told_and_never_how_many() -> None:
    many = [case(n) for n in range(1, 30)]
    assert [story.person for story in picked(*many)] == [ANA]
    assert not {"total", "count", "number", "rank"} & set(Story.__slots__)


def test_rule_2_each_reason_comes_first_in_turn_and_teams_differ() -> None:
    firsts = [choosing_stories.order(WEEK.after(n), "oak-street")[0] for n in range(6)]
    assert set(firsts) == set(Reason)
    assert len({choosing_stories.order(WEEK, team)[0] for team in ("oak-street", "harbour", "online", "x")}) > 1


def test_rule_2_one_reason_does_not_take_all_the_places() -> None:
    helped = (Did("claim", ANA, hour(1)), Did("help", ANA, hour(1)), Did("claim", BEN, hour(1.5), ANA), Did("close", BEN, hour(3)))
    stories = picked(case(1, ANA), case(2, LEA), case(3, acts=helped, comment="Meh."))
    assert {story.reason for story in stories} == {Reason.HARD, Reason.HELPED}


@given(st.floats(0.1, 20), st.floats(0.1, 20))
def test_rule_3_need_decides_and_speed_never_does(fast: float, slow: float) -> None:
    def contacted(n: int, who: int, after: float, **more: Any) -> Worked:
        acts = (Did("claim", who, hour(0)), Did("contacted", who, hour(after)), Did("close", who, hour(after)))
        return case(n, who, acts=acts, contacted_at=hour(after), closed_at=hour(after), **more)

    needy = told(contacted(1, ANA, slow, earlier_low=1), contacted(2, BEN, fast))
    assert choosing_stories.pick(needy, WEEK, "oak-street", ())[0].person == ANA
    alike = [told(contacted(1, ANA, a), contacted(2, BEN, b)) for a, b in ((fast, slow), (slow, fast))]
    first, second = (choosing_stories.pick(each, WEEK, "oak-street", ()) for each in alike)
    assert [story.person for story in first] == [story.person for story in second]


def test_rule_3_an_easy_case_is_no_story() -> None:
    assert told(case(comment="Meh.")) == []


@pytest.mark.parametrize(
    ("more", "fact"),
    [
        ({"comment": "Again!"}, "words of effort: “again”"),
        ({"comment": "Meh.", "earlier_low": 2}, "2 earlier low scores"),
        ({"comment": "Meh.", "created_at": hour(-30)}, "the customer had waited 1 day"),
        ({"wants_contact": True}, "asked to be contacted"),
    ],
)
def test_rule_3_each_fact_that_speaks_for_a_story_is_said(more: dict[str, Any], fact: str) -> None:
    assert fact in told(case(**more))[0].why


def test_rule_4_nobody_is_told_of_twice_in_four_weeks() -> None:
    assert [story.person for story in picked(case(1, ANA), case(2, BEN), rested=(ANA,))] == [BEN]


def test_rule_4_but_for_a_customer_who_named_them() -> None:
    thanks = case(1, ANA, "Ana was so kind.", band=Band.PROMOTER)
    [story] = picked(thanks, rested=(ANA,))
    assert (story.named, story.reason) == (True, Reason.THANKED)
    assert picked(case(1, ANA, "So kind.", band=Band.PROMOTER), rested=(ANA,)) == []


def test_rule_4_whoever_had_fewer_chances_comes_first_where_need_is_equal() -> None:
    busy = [case(n, ANA) for n in range(1, 8)]
    assert picked(*busy, case(9, BEN))[0].person == BEN


def test_rule_5_a_handover_help_and_a_cause_count_as_much_as_closing() -> None:
    handed = (Did("claim", BEN, hour(1)), Did("hand_over", BEN, hour(1.5), LEA), Did("close", LEA, hour(3)))
    helped = (Did("claim", LEA, hour(1)), Did("help", LEA, hour(1)), Did("claim", BEN, hour(1.5), LEA), Did("close", BEN, hour(3)))
    assert (BEN, Reason.HANDOVER) in {(s.person, s.reason) for s in told(case(acts=handed))}
    assert (BEN, Reason.HELPED) in {(s.person, s.reason) for s in told(case(acts=helped))}
    cause = told(case(1, ANA, "Meh.", cause="delivery"), case(2, BEN, "Meh.", cause="delivery", closed_at=hour(5)))
    assert [(s.person, s.reason) for s in cause] == [(ANA, Reason.CAUSE)]
    assert told(case(1, ANA, "Meh.", cause="other"), case(2, BEN, "Meh.", cause="other")) == []


@pytest.mark.parametrize(
    "acts",
    [
        (Did("hand_over", LEA, hour(1), ANA),),
        (Did("claim", ANA, hour(0.5)), Did("hand_over", LEA, hour(1), BEN)),
        (Did("claim", LEA, hour(0.2)), Did("release", LEA, hour(0.5)), Did("hand_over", LEA, hour(1), ANA)),
        (
            Did("claim", LEA, hour(0.2)),
            Did("close", LEA, hour(0.3)),
            Did("reopen", None, hour(0.5)),
            Did("hand_over", LEA, hour(1), ANA),
        ),
    ],
    ids=["nobody had it", "a colleague had it", "they gave it back", "the customer opened it again"],
)
def test_rule_5_who_only_chose_who_replies_handed_over_nothing(acts: tuple[Did, ...]) -> None:
    reached = (Did("contacted", ANA, hour(2)), Did("close", ANA, hour(3)))
    assert Reason.HANDOVER not in {story.reason for story in told(case(acts=(*acts, *reached)))}


def test_rule_5_a_handover_after_the_promise_is_no_story() -> None:
    late = (Did("claim", BEN, hour(1)), Did("hand_over", BEN, hour(50), LEA), Did("close", LEA, hour(51)))
    stories = told(case(acts=late, contacted_at=hour(51), closed_at=hour(51)))
    assert Reason.HANDOVER not in {story.reason for story in stories}


def test_rule_5_whom_nobody_asked_for_a_hand_has_not_helped() -> None:
    taken_away = (Did("claim", ANA, hour(1)), Did("claim", LEA, hour(1.5), ANA), Did("close", LEA, hour(2)))
    assert told(case(comment="Meh.", acts=taken_away)) == []
    settled = (Did("claim", ANA, hour(0.1)), Did("help", ANA, hour(0.2)), Did("hand_over", ANA, hour(0.3), BEN))
    later = case(comment="Meh.", acts=(*settled, Did("claim", LEA, hour(1), BEN), Did("close", LEA, hour(2))))
    assert Reason.HELPED not in {story.reason for story in told(later)}
    for_herself = (Did("claim", ANA, hour(1)), Did("help", LEA, hour(1.2)), Did("claim", LEA, hour(1.5), ANA))
    assert told(case(comment="Meh.", acts=for_herself)) == []


@pytest.mark.parametrize("verb", ["no_help", "is_back", "wait"])
def test_rule_5_who_takes_over_when_no_hand_is_wanted_any_more_has_not_helped(verb: str) -> None:
    asked = (Did("claim", ANA, hour(0.1)), Did("help", ANA, hour(0.2)), Did(verb, ANA, hour(0.3)))
    acts = (*asked, Did("claim", LEA, hour(1), ANA), Did("close", LEA, hour(2)))
    assert Reason.HELPED not in {story.reason for story in told(case(comment="Meh.", acts=acts))}


def test_rule_5_whoever_takes_over_from_a_colleague_who_is_away_has_helped() -> None:
    away = (
        Did("claim", ANA, hour(0.1)),
        Did("is_away", None, hour(0.5)),
        Did("claim", BEN, hour(1), ANA),
        Did("close", BEN, hour(2)),
    )
    [story] = told(case(comment="Meh.", acts=away))
    assert (story.person, story.reason, story.why) == (BEN, Reason.HELPED, ("a colleague was away",))


@pytest.mark.parametrize(("band", "reason"), [(Band.DETRACTOR, Reason.HARD), (Band.PROMOTER, Reason.THANKED)])
def test_rule_6_the_contact_is_told_of_whoever_noted_it_and_not_of_whoever_had_the_case(band: Band, reason: Reason) -> None:
    by_leader = (Did("claim", ANA, hour(1)), Did("contacted", LEA, hour(2)), Did("close", ANA, hour(3)))
    assert [(story.person, story.reason) for story in told(case(acts=by_leader, band=band))] == [(LEA, reason)]


def test_rule_6_a_close_without_contact_does_not_count_unless_two_attempts_are_noted() -> None:
    closed = Did("close", ANA, hour(3))
    tried = Did("tried", ANA, hour(2))
    lone = case(1, acts=(Did("claim", ANA, hour(1)), tried, closed), contacted_at=None)
    assert not heroes.counts(lone, NAMES)
    assert heroes.counts(replace(lone, acts=(Did("claim", ANA, hour(1)), tried, tried, closed)), NAMES)
    note = Did("note", ANA, hour(2))
    assert not heroes.counts(replace(lone, acts=(Did("claim", ANA, hour(1)), note, note, closed)), NAMES)


@pytest.mark.parametrize("band", [Band.DETRACTOR, Band.PROMOTER])
def test_rule_6_nobody_is_told_to_have_reached_a_customer_who_could_not_be_reached(band: Band) -> None:
    assert told(case(band=band)) != []
    assert told(case(band=band, outcome="unreachable")) == []


def test_rule_6_reopened_or_low_again_within_two_weeks_is_silently_no_recovery() -> None:
    happy = case(next_band=Band.PROMOTER, next_at=hour(30), later_band=Band.PROMOTER)
    assert Reason.BACK in {story.reason for story in told(happy)}
    low = case(later_band=Band.DETRACTOR, low_again_at=hour(30))
    assert told(low) == []
    assert told(replace(happy, acts=(*happy.acts, Did("reopen", LEA, hour(40))), state=State.NEW)) == []
    long_after = replace(happy, later_band=Band.DETRACTOR, low_again_at=hour(24 * 15))
    assert {story.reason for story in told(long_after)} == {Reason.HARD}


def test_rule_6_a_dismissal_that_was_undone_takes_nothing_back() -> None:
    undone = (Did("dismiss", LEA, hour(0.1)), Did("reopen", LEA, hour(0.2)), *case().acts)
    assert told(case(acts=undone))


def test_rule_7_what_was_dismissed_is_no_story_and_one_in_ten_is_shown_to_the_leader() -> None:
    assert told(case(state=State.DISMISSED)) == []
    assert [len(choosing_stories.sample(range(n), WEEK)) for n in (0, 1, 10, 11, 100)] == [0, 1, 1, 2, 10]
    assert choosing_stories.sample(range(100), WEEK) != choosing_stories.sample(range(100), WEEK.after(1))


def test_rule_8_nobody_is_praised_for_closing_a_complaint_about_themselves() -> None:
    about = case(1, ANA, "Ana was rude, and I waited for hours.")
    assert heroes.in_conflict(about, NAMES)
    assert told(about) == []
    by_leader = replace(about, acts=(*about.acts[:2], Did("close", LEA, hour(3))))
    assert not heroes.in_conflict(by_leader, NAMES)


def test_rule_9_whoever_wants_no_story_gets_none() -> None:
    assert picked(case(1, ANA), silent=(ANA,)) == []


def test_rule_12_there_are_spare_stories_and_each_of_them_is_as_eligible() -> None:
    cases = [case(n, n) for n in range(1, 20)]
    stories = choosing_stories.pick(told(*cases), WEEK, "oak-street", rested=(5,), silent=(6,))
    assert len(stories) == choosing_stories.MOST + choosing_stories.SPARES
    assert not {5, 6} & {story.person for story in stories}


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 5), st.sampled_from(list(Reason)), st.integers(0, 5)), max_size=30))
def test_no_person_and_no_case_is_told_twice_and_the_same_question_has_the_same_answer(rows: list[Any]) -> None:
    found = [Story(follow_up, person, reason, need) for follow_up, person, reason, need in rows]
    stories = choosing_stories.pick(found, WEEK, "oak-street", ())
    assert len({story.person for story in stories}) == len(stories) == len({story.follow_up for story in stories})
    assert stories == choosing_stories.pick(list(reversed(found)), WEEK, "oak-street", ())


def test_what_was_done_in_another_week_is_told_in_that_week() -> None:
    assert heroes.stories([case()], NAMES, END, END + timedelta(days=7)) == []
