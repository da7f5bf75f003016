"""What each verb does, says and refuses, over a real database."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from handlers.actions import act, act_all
from handlers.calendar.hours import OpeningHours
from handlers.company import Company, People
from handlers.feedback import Feedback, Person
from handlers.receive import Answer
from handlers.situation import Tap
from handlers.team import Team
from storage import messages, people
from storage.followups import follow_up
from tests import log
from tests.conftest import ANA, BEN, LEA, OSLO, Shop, person, said
from tests.overlapping import overlapped


@pytest.fixture
def waiting(shop: Shop) -> Shop:
    """A shop with one unhappy customer nobody has replied to."""
    shop.hears(said(customer={"key": "c-1", "name": "Dana Reyes", "email": "dana@mail.example", "phone": "+47 400 00 000"}))
    return shop


@pytest.fixture
def claimed(waiting: Shop) -> Shop:
    waiting.tap("claim", ANA)
    return waiting


def make_leader(shop: Shop, who: Person, email: str) -> None:
    def known(tx):
        row = people.ensure(tx, who.chat, who.workspace, who.user_id, who.name)
        people.meet(tx, row.id, who.name, email, None, shop.now)

    shop.store.write_sync(known)


def test_the_first_to_claim_has_it(waiting: Shop) -> None:
    assert "It is yours" in waiting.tap("claim", ANA).text
    assert waiting.card().headline == "Claimed · Ana is replying · by Tue 11:00"


@pytest.mark.parametrize(
    ("feedback", "where"),
    [
        (said(), "They left no way to reach them: all they said is in your private messages."),
        (Feedback(id="g-1", metric="stars", score=1), "Please reply in public: all they said is in your private messages."),
        (said(customer={"phone": "+47 400 00 000"}), "How to reach the customer is in your private messages."),
    ],
)
def test_whoever_claims_reads_where_to_find_how_to_reach_them_only_if_there_is_a_way(
    shop: Shop, feedback: Feedback, where: str
) -> None:
    shop.hears(feedback)
    assert shop.tap("claim", ANA).text == f"It is yours, thank you! {where}"


def test_the_second_to_claim_is_told_who_has_it(claimed: Shop) -> None:
    assert claimed.tap("claim", BEN).text.startswith("Ana was a moment faster, thank you!")
    claimed.passes(minutes=20)
    assert claimed.tap("claim", BEN).text.startswith("Ana took this 20 min ago")
    assert claimed.row().owner_user_id == "ana"


def test_claiming_twice_changes_nothing_and_says_so(claimed: Shop) -> None:
    version = claimed.row().version
    assert claimed.tap("claim", ANA).text.startswith("You already have this one")
    assert claimed.row().version == version


def test_of_many_who_claim_at_once_exactly_one_wins(waiting: Shop) -> None:
    clickers = [person(f"u{n}") for n in range(32)]
    with ThreadPoolExecutor(32) as pool:
        replies = list(pool.map(lambda who: waiting.tap("claim", who).text, clickers))
    winner = waiting.row().owner_name
    assert sum(text.startswith("It is yours") for text in replies) == 1
    assert sum(text.startswith(f"{winner} was a moment faster") for text in replies) == 31
    assert waiting.acts() == ["received", "claim", "details_shown"]


def test_only_the_claimer_is_shown_how_to_reach_the_customer_and_that_is_logged(claimed: Shop) -> None:
    private = claimed.card("private:1:1")
    assert private.reach == ("Dana Reyes", "+47 400 00 000", "dana@mail.example")
    public = str(claimed.card())
    assert not any(secret in public for secret in ("Reyes", "dana@", "+47"))
    assert claimed.acts() == ["received", "claim", "details_shown"]


def test_what_was_given_back_hides_the_details_again_and_asks_the_channel(claimed: Shop) -> None:
    claimed.tap("release", ANA)
    assert claimed.card("private:1:1").plain == "#1 is no longer yours: it waits for somebody in the channel again."
    assert claimed.card().headline.startswith("New ·")
    assert claimed.card("line:4").plain == "Ana gave this back. Who can reply to this customer?"


def test_a_bystander_cannot_decide_about_a_colleagues_follow_up(claimed: Shop) -> None:
    for verb in ("release", "contacted", "tried", "close", "hand_over", "dismiss"):
        assert claimed.tap(verb, BEN).text.startswith("Ana is replying to this customer, so nothing was changed")
    assert claimed.row().state == "claimed"


def test_where_nobody_is_named_it_is_the_leader_who_is_asked(claimed: Shop) -> None:
    text = "Ana is replying to this customer, so nothing was changed. Ask Ana to hand it over, or the team's leader to move it."
    assert claimed.tap("release", BEN).text == text
    claimed.company = claimed.company.model_copy(update={"people": People.OFF})
    text = "A teammate is replying to this customer, so nothing was changed. Ask the team's leader to move it."
    assert claimed.tap("release", BEN).text == text


def test_the_leader_may_decide_for_the_team(claimed: Shop) -> None:
    make_leader(claimed, LEA, "Lea@Northwind.example")
    assert claimed.tap("hand_over", LEA, to=BEN).text == "Handed over to Ben, who has the customer's details now."
    assert claimed.row().owner_user_id == "ben"


def test_a_leader_who_waits_for_the_customer_of_a_colleague_reads_who_looks_again(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    assert claimed.tap("wait", LEA, days="2").text == "It waits for the customer until Mon 08:00; then Ana looks at it again."
    assert claimed.tap("wait", ANA, days="2").text.endswith("then it is yours to look at again.")


@pytest.mark.parametrize("verb", ["snooze", "keep"])
def test_a_leader_who_presses_what_only_its_owner_may_is_not_sent_to_the_leader(claimed: Shop, verb: str) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    text = "Ana is replying to this customer, so nothing was changed."
    assert claimed.tap(verb, LEA).text == f"{text} Only they can do this. Use “Hand over…” to choose who replies."
    assert claimed.tap(verb, BEN).text == f"{text} Ask Ana to hand it over, or the team's leader to move it."


def test_handing_over_tells_the_new_owner_privately_and_the_thread_aloud(claimed: Shop) -> None:
    assert claimed.tap("hand_over", ANA).form is not None
    claimed.tap("hand_over", ANA, to=BEN)
    assert claimed.card("private:1:2").headline == "Ana handed this to you. You are replying to Dana Reyes · by Tue 11:00"
    assert claimed.card("private:1:2").plain == "Ana handed this to you. You are replying to Dana Reyes, by Tue 11:00."
    assert claimed.card("private:1:1").plain == "#1 is no longer yours: Ben is replying now."
    assert claimed.card("line:4").plain == "Ana handed this over to Ben."


def test_what_they_should_know_is_the_first_thing_whoever_is_given_it_reads_and_nobody_else(claimed: Shop) -> None:
    claimed.tap("hand_over", ANA, to=BEN, words="  I promised her\na call before noon. ")
    private = claimed.card("private:1:2")
    assert private.plain.startswith("Ana handed this to you: “I promised her a call before noon.” You are replying to Dana Reyes")
    assert private.context[0] == "Ana says: “I promised her a call before noon.”"
    for key in ("card:1", "line:4", "private:1:1"):
        assert "noon" not in str(claimed.card(key))
    claimed.tap("hand_over", BEN, to=LEA)
    assert "noon" not in str(claimed.card("private:1:3")), "Ben said nothing to Lea"


def test_words_to_whoever_is_given_it_are_one_short_line(claimed: Shop) -> None:
    form = claimed.tap("hand_over", ANA).form
    assert form is not None
    field = form.fields[1]
    assert (field.label, field.required, field.max_length, field.short) == ("What should they know?", False, 200, True)
    claimed.tap("hand_over", ANA, to=BEN, words="long " * 100)
    assert len(claimed.store.read_sync(log.life, 1)[-2].detail["words"]) == 200


def test_what_somebody_gave_themselves_took_over_or_opened_again_was_handed_by_nobody(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    claimed.tap("hand_over", LEA, to=LEA, words="to me")
    assert claimed.card("private:1:2").headline.startswith("You are replying to")
    claimed.tap("hand_over", LEA, to=ANA)
    claimed.tap("help", ANA)
    claimed.tap("claim", BEN)
    assert claimed.card("private:1:3").headline.startswith("You are replying to")
    claimed.tap("hand_over", BEN, to=ANA)
    assert claimed.card("private:1:1").headline.startswith("Ben handed this to you.")
    claimed.closes()
    claimed.tap("reopen", ANA)
    assert claimed.card("private:1:1").headline.startswith("You are replying to")


def test_a_house_that_names_no_colleagues_does_not_name_the_one_who_hands_over(claimed: Shop) -> None:
    claimed.tap("hand_over", ANA, to=BEN, words="Ring her.")
    claimed.company = claimed.company.model_copy(update={"people": People.OFF})
    assert claimed.card("private:1:2").plain.startswith("A teammate handed this to you: “Ring her.”")


def test_handing_over_to_nobody_or_to_its_owner_is_an_error_in_the_form(claimed: Shop) -> None:
    assert claimed.tap("hand_over", ANA, note="x").errors == {"to": "Please choose a colleague."}
    assert claimed.tap("hand_over", ANA, to=ANA).errors == {"to": "They have it already. Please choose somebody else."}


def test_a_leader_who_chooses_themselves_takes_it_on_like_anybody(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    form = claimed.tap("hand_over", LEA).form
    assert form is not None
    assert (form.title, form.intro, form.submit) == ("Reassign", "You choose who replies to this customer.", "Reassign")
    assert claimed.tap("hand_over", LEA, to=LEA).text.startswith("It is yours, thank you!")
    assert claimed.acts()[-2:] == ["claim", "details_shown"]
    assert claimed.card("line:4").plain == "Lea took this over. Thank you both."


def test_handing_over_ones_own_is_called_so(claimed: Shop) -> None:
    form = claimed.tap("hand_over", ANA).form
    assert form is not None
    assert (form.title, form.intro) == ("Hand over", "Handing over in time is a good act.")


def test_the_first_contact_is_kept_and_a_second_is_only_acknowledged(claimed: Shop) -> None:
    claimed.passes(minutes=30)
    claimed.tap("contacted", ANA)
    first = claimed.row().contacted_at
    claimed.passes(minutes=30)
    assert claimed.tap("contacted", ANA).text.startswith("Noted already, 30 min ago")
    assert claimed.row().contacted_at == first
    assert claimed.card().headline == "Claimed · Ana has been in touch · to be closed by Tue 11:00"


def test_closing_asks_three_things_and_then_everybody_sees_what_was_done(claimed: Shop) -> None:
    form = claimed.tap("close", ANA).form
    assert form is not None
    assert [field.name for field in form.fields] == ["outcome", "done", "cause"]
    claimed.passes(hours=2, minutes=10)
    assert claimed.closes().text.startswith("Closed. Thank you")
    card = claimed.card()
    assert card.headline == "Closed · Ana replied after 2 h 10 min · Fixed"
    assert "What we did: Called and apologised. Cause: other." in card.context
    assert claimed.card("line:4").plain == "Ana closed this: fixed. Called and apologised."
    assert [button.verb for button in card.buttons] == ["reopen"]


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("rang her, new one is on its way", "rang her, new one is on its way."),
        ("Rang her!", "Rang her!"),
        ("“All fine.”", "“All fine.”"),
    ],
)
def test_what_was_done_ends_as_a_sentence_before_another_begins(claimed: Shop, typed: str, read: str) -> None:
    claimed.closes(done=typed)
    assert f"What we did: {read} Cause: other." in claimed.card().context
    assert claimed.card("line:4").plain == f"Ana closed this: fixed. {read}"


def test_where_a_leader_was_in_touch_the_card_names_them_and_not_whoever_has_the_case(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    claimed.passes(minutes=50)
    claimed.tap("contacted", LEA)
    assert claimed.card().headline == "Claimed · Ana has it, we have been in touch · to be closed by Tue 11:00"
    claimed.passes(minutes=5)
    claimed.closes(LEA)
    card = claimed.card()
    assert card.headline == "Closed · Lea replied after 50 min · Fixed"
    assert card.plain.startswith("Closed by Lea: 3/10 at Oak Street.")


def test_where_a_leader_closes_it_after_the_owner_was_in_touch_the_card_names_each_for_what_they_did(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    claimed.passes(minutes=50)
    claimed.tap("contacted", ANA)
    claimed.closes(LEA)
    assert claimed.card().headline == "Closed · Ana replied after 50 min · Fixed"
    assert claimed.card().plain.startswith("Closed by Lea:")


def test_a_half_filled_form_says_what_is_missing_and_changes_nothing(claimed: Shop) -> None:
    reply = claimed.tap("close", ANA, outcome="fixed", done="  ", cause="weather")
    assert reply.errors == {"done": "Please say in one sentence what we did.", "cause": "Please choose what caused it."}
    assert claimed.row().state == "claimed"


def test_who_said_that_it_is_not_ours_to_fix_was_in_touch(claimed: Shop) -> None:
    claimed.passes(minutes=20)
    claimed.closes(outcome="not-ours", done="Rang her and gave her the landlord's number.")
    assert claimed.row().contacted_at == claimed.now
    assert claimed.card().headline == "Closed · Ana replied after 20 min · Not ours to fix, and said so"


def test_closing_as_unreachable_does_not_pretend_a_contact(claimed: Shop) -> None:
    claimed.closes(outcome="unreachable")
    assert claimed.row().contacted_at is None
    assert claimed.card().headline == "Closed · Could not reach them"


def test_an_attempt_is_noted_on_the_cards_and_is_no_contact(claimed: Shop) -> None:
    claimed.passes(hours=1, minutes=30)
    assert claimed.tap("tried", ANA).text == "Noted. The promise stays as it is: “Snooze…” reminds you to try again."
    assert "Tried once, Fri 12:30" in claimed.card().context
    claimed.passes(hours=1)
    claimed.tap("tried", ANA)
    assert "Tried twice, last Fri 13:30" in claimed.card().context
    assert "Tried twice, last Fri 13:30" in claimed.card("private:1:1").context
    assert claimed.card().headline == "Claimed · Ana is replying · by Tue 11:00"
    assert claimed.row().contacted_at is None
    assert claimed.keys() == ["card:1", "private:1:1"], "no bell rings in the thread"


def test_the_private_card_says_as_well_until_when_it_is_snoozed_and_that_a_hand_was_asked_for(claimed: Shop) -> None:
    claimed.tap("snooze", ANA, until="shift")
    claimed.tap("help", ANA)
    assert {"Snoozed until Fri 17:30", "The channel is asked for a hand"} <= set(claimed.card("private:1:1").context)
    claimed.tap("no_help", ANA)
    claimed.passes(hours=7)
    assert not {"Snoozed until Fri 17:30", "The channel is asked for a hand"} & set(claimed.card("private:1:1").context)


def test_a_second_press_right_away_is_the_same_attempt(claimed: Shop) -> None:
    claimed.tap("tried", ANA)
    claimed.passes(minutes=2)
    assert claimed.tap("tried", ANA).text == "Noted already, 2 min ago."
    claimed.passes(minutes=3)
    claimed.tap("tried", ANA)
    assert claimed.acts().count("tried") == 2


def test_another_attempt_answers_still_yours_however_soon_it_comes(claimed: Shop) -> None:
    claimed.tap("tried", ANA)
    claimed.passes(minutes=2)
    claimed.store.write_sync(lambda tx: tx.execute(update(follow_up).values(asked_at=claimed.now)))
    claimed.tap("tried", ANA)
    assert claimed.acts().count("tried") == 2
    assert claimed.row().asked_at is None


def test_whoever_takes_on_what_was_tried_before_reads_so_and_a_new_promise_counts_anew(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    claimed.tap("tried", LEA)
    claimed.tap("release", ANA)
    assert "Tried once, Fri 11:00" in claimed.card().context
    claimed.passes(minutes=20)
    claimed.tap("claim", BEN)
    claimed.tap("tried", BEN)
    assert "Tried twice, last Fri 11:20" in claimed.card().context
    claimed.closes(BEN, outcome="unreachable", done="Rang twice.")
    assert claimed.card().headline == "Closed · Could not reach them"
    assert "Tried twice, last Fri 11:20" in claimed.card().context
    claimed.passes(minutes=20)
    claimed.tap("reopen", BEN)
    assert "Tried" not in str(claimed.card().context)


def test_an_attempt_and_a_contact_at_one_moment_name_whoever_was_in_touch(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    claimed.tap("tried", ANA)
    claimed.tap("contacted", LEA)
    assert claimed.card().headline == "Claimed · Ana has it, we have been in touch · to be closed by Tue 11:00"
    assert "Tried" not in str(claimed.card().context)
    assert "tried" not in {button.verb for card in ("card:1", "private:1:1") for button in claimed.card(card).menu}


def test_who_could_not_be_reached_is_never_said_to_have_had_a_reply(claimed: Shop) -> None:
    form = claimed.tap("wait", ANA).form
    assert form is not None
    assert "If nobody answered: “No answer”." in form.intro
    claimed.tap("wait", ANA, days="1")
    claimed.closes(outcome="unreachable")
    assert claimed.card().headline == "Closed · Could not reach them"


def test_a_form_left_open_while_somebody_else_closed_it_is_answered_kindly(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    claimed.closes(LEA)
    claimed.passes(hours=1)
    assert claimed.closes(ANA).text == "This was closed 1 h ago. Press Reopen on the card if the customer needs us again."


def test_dismissing_needs_a_reason_and_can_be_undone(waiting: Shop) -> None:
    assert waiting.tap("dismiss", BEN).form is not None
    assert waiting.tap("dismiss", BEN, reason="because").errors
    waiting.tap("dismiss", BEN, reason="test")
    assert waiting.card().headline == "Dismissed · A test or spam"
    waiting.tap("reopen", BEN)
    assert waiting.row().state == "new"


def test_an_old_card_of_a_closed_case_answers_something_sensible_for_every_verb(claimed: Shop) -> None:
    claimed.closes()
    for verb in ("claim", "release", "contacted", "close", "hand_over", "dismiss"):
        assert "Reopen" in claimed.tap(verb, BEN).text, verb


def test_a_team_that_never_closes_looks_again_at_an_hour_at_which_people_are_up(
    company: Company, team: Team, shop_of: Callable[[Company], Shop]
) -> None:
    always = team.model_copy(update={"hours": OpeningHours.build("always", OSLO)})
    shop = shop_of(company.model_copy(update={"teams": {team.name: always}}))
    shop.hears(said())
    shop.tap("claim", ANA)
    form = shop.tap("wait", ANA).form
    assert form is not None
    assert [label for _value, label in form.fields[0].options][:2] == ["Sat 09:00", "Sun 09:00"]
    assert "until Sat 09:00" in shop.tap("wait", ANA, days="1").text


def test_a_case_that_changed_hands_says_how_often_until_it_is_closed_and_counts_neither_help_nor_who_was_chosen(
    claimed: Shop,
) -> None:
    claimed.tap("hand_over", ANA, to=BEN)
    claimed.tap("help", BEN)
    claimed.tap("claim", LEA)
    assert "passed on" not in claimed.card().context[0], "once is no burden, and help is none"
    claimed.tap("release", LEA)
    claimed.tap("hand_over", ANA, to=BEN)
    assert claimed.card().context[0].endswith(" · passed on twice")
    claimed.closes(BEN)
    claimed.passes(minutes=1)
    claimed.tap("reopen", BEN)
    assert "passed on" not in claimed.card().context[0], "a new promise begins"


def test_a_verb_that_needs_an_owner_says_so_while_nobody_has_it(waiting: Shop) -> None:
    for verb in ("release", "contacted", "tried", "close"):
        assert waiting.tap(verb, ANA).text.startswith("Nobody has this one yet"), verb


def test_anybody_may_choose_who_replies_to_a_customer_whom_nobody_has(waiting: Shop) -> None:
    assert "Choose who replies…" in [button.label for button in waiting.card().menu]
    form = waiting.tap("hand_over", BEN).form
    assert form is not None
    told = "They are told privately, and can give it back."
    assert (form.title, form.intro, form.submit) == ("Choose who replies", told, "Ask them")
    text = waiting.tap("hand_over", BEN, to=ANA, words="You served her.").text
    assert text == "Ana is asked to take this on, and has the customer's details now."
    assert waiting.card("line:2").plain == "Ben asked Ana to take this on."
    private = waiting.card("private:1:2")
    assert private.plain.startswith(
        "Ben asked you to take this on: “You served her.” You are replying to Dana Reyes, by Tue 11:00."
    )
    assert private.headline == "Ben asked you to take this on. You are replying to Dana Reyes · by Tue 11:00"
    assert private.context[:2] == ("Ben says: “You served her.”", "If you cannot, press “Give it back”.")
    assert "Give it back" in [button.label for button in private.menu]
    assert "Ask Ana to hand it over" in waiting.tap("hand_over", BEN, to=LEA).text, "from now on it is hers to give"


def test_reopening_makes_a_new_promise_and_gives_it_back_to_whoever_had_it(claimed: Shop) -> None:
    claimed.closes()
    claimed.passes(days=3)
    assert claimed.tap("reopen", ANA).text == "Open again, and yours."
    row = claimed.row()
    assert (row.state, row.owner_user_id, row.outcome, row.done) == ("claimed", "ana", None, "")
    assert row.close_by > claimed.now


def test_reopening_by_somebody_else_leaves_it_for_anybody(claimed: Shop) -> None:
    claimed.closes()
    claimed.tap("reopen", BEN)
    assert (claimed.row().state, claimed.row().owner_id) == ("new", None)


def test_anybody_may_add_a_note_and_the_thread_reads_it(waiting: Shop) -> None:
    assert waiting.tap("note", BEN).form is not None
    assert waiting.tap("note", BEN, note=" ").errors
    waiting.tap("note", BEN, note="She is at the till now.")
    assert waiting.card("line:2").plain == "Ben notes: She is at the till now."


def versions(shop: Shop) -> dict[str, int]:
    """How often each message was wanted."""
    asked = select(messages.message.c.key, messages.message.c.wanted).order_by(messages.message.c.id)
    return shop.store.read_sync(lambda tx: {row.key: row.wanted for row in tx.execute(asked)})


def test_what_is_said_in_the_thread_alone_sends_no_card_anew(claimed: Shop) -> None:
    before = versions(claimed)
    claimed.tap("note", BEN, note="She is at the till now.")
    claimed.tap("raise", BEN, words="Queues at noon.")
    after = versions(claimed)
    assert {key: after[key] for key in before} == before
    assert len(after) == len(before) + 2, "two lines"


def test_a_note_that_answers_still_yours_does(claimed: Shop) -> None:
    claimed.store.write_sync(lambda tx: tx.execute(update(follow_up).values(asked_at=claimed.now)))
    before = versions(claimed)
    claimed.tap("note", ANA, note="She is at the till now.")
    assert all(versions(claimed)[key] == before[key] + 1 for key in before)


def notes(shop: Shop) -> list[str]:
    return [f"{line.detail['note']} {line.person_name}" for line in shop.store.read_sync(log.life, 1) if line.verb == "note"]


def test_a_note_that_is_sent_again_is_noted_once_and_answered_as_before(waiting: Shop) -> None:
    assert [waiting.tap("note", BEN, note="Rang, no answer.").text for _ in range(3)] == ["Noted in the thread."] * 3
    waiting.passes(minutes=2)
    waiting.tap("note", BEN, note="Rang, no answer.")
    waiting.tap("note", ANA, note="Rang, no answer.")
    assert notes(waiting) == ["Rang, no answer. Ben", "Rang, no answer. Ana"]


def test_the_same_words_are_a_new_note_after_two_minutes_or_another_act(waiting: Shop) -> None:
    waiting.tap("note", BEN, note="Rang, no answer.")
    waiting.passes(minutes=3)
    waiting.tap("note", BEN, note="Rang, no answer.")
    waiting.tap("note", BEN, note="Rang her brother.")
    waiting.tap("note", BEN, note="Rang, no answer.")
    assert len(notes(waiting)) == 4


def test_of_a_note_that_is_sent_twice_at_once_one_is_kept(waiting: Shop) -> None:
    company, store = waiting.company, waiting.store
    bens, anas = (Tap("note", 1, who, waiting.now, {"note": "Rang, no answer."}) for who in (BEN, ANA))
    store.write_sync(act_all, [bens, bens], company)
    overlapped(store, lambda tx: act(tx, company, anas), lambda: store.write_sync(act, company, anas))
    assert notes(waiting) == ["Rang, no answer. Ben", "Rang, no answer. Ana"]


def test_all_of_a_long_comment_can_be_read_privately(shop: Shop) -> None:
    shop.hears(said(comment="word " * 200))
    assert len(shop.card().quote) <= 280
    assert shop.tap("read", BEN).text == ("word " * 200).strip()


def test_a_made_up_id_and_a_made_up_verb_are_answered_politely(waiting: Shop) -> None:
    assert waiting.tap("claim", target=999).text.startswith("This card does not belong to a team here")
    assert waiting.tap("explode").text.startswith("This button is from an older version")


def test_a_stranger_from_another_workspace_learns_nothing(waiting: Shop) -> None:
    stranger = person("mallory", workspace="T-other")
    reply = waiting.tap("claim", stranger)
    assert reply.text.startswith("This card does not belong to a team here")
    assert waiting.row().state == "new"


def test_a_claim_leaves_one_act_one_version_and_wants_every_picture_anew(waiting: Shop) -> None:
    waiting.tap("claim", ANA)
    assert waiting.row().version == 2
    assert waiting.acts() == ["received", "claim", "details_shown"]
    assert waiting.keys() == ["card:1", "private:1:1"]


def test_the_log_tells_the_whole_life(claimed: Shop) -> None:
    claimed.tap("hand_over", ANA, to=BEN)
    claimed.tap("contacted", BEN)
    claimed.closes(BEN)
    claimed.tap("reopen", ANA)
    row = claimed.row()
    told = log.replay(claimed.store.read_sync(log.life, 1))
    assert told == {column: getattr(row, column) for column in told}
    assert len(told) >= 19


def test_the_same_answer_twice_is_a_duplicate_with_the_first_id(shop: Shop) -> None:
    first, second = shop.hears(said()) + shop.hears(said())
    assert (first.answer, second.answer) == (Answer.ACCEPTED, Answer.DUPLICATE)
    assert first.id == second.id
    assert shop.keys() == ["card:1"]


@pytest.mark.parametrize("who", [ANA, BEN])
def test_the_whole_card_is_shown_to_whoever_asks_without_what_identifies_the_customer(claimed: Shop, who: Person) -> None:
    version, acts = claimed.row().version, claimed.acts()
    reply = claimed.tap("show", who)
    assert reply.cards == (claimed.card(),)
    assert {"wait", "snooze", "release"} <= {button.verb for button in reply.cards[0].menu}
    assert "Reyes" not in str(reply.cards)
    assert "dana@mail.example" not in str(reply.cards)
    assert (claimed.row().version, claimed.acts()) == (version, acts)


def test_it_says_what_the_channel_reads_of_whoever_was_in_touch_and_of_earlier_answers(claimed: Shop) -> None:
    make_leader(claimed, LEA, "lea@northwind.example")
    claimed.passes(minutes=10)
    claimed.hears(said("r-2", customer={"key": "c-1"}))
    claimed.tap("contacted", LEA)
    [card] = claimed.tap("show", BEN).cards
    assert card == claimed.card()
    assert card.headline == "Claimed · Ana has it, we have been in touch · to be closed by Tue 11:00"
    claimed.closes(LEA)
    [card] = claimed.tap("show", BEN).cards
    assert card == claimed.card()
    assert card.headline == "Closed · Lea replied after 10 min · Fixed"
    [again] = claimed.tap("show", BEN, 2).cards
    assert again == claimed.card("card:2")
    assert "1 earlier low score" in again.context[0]


def test_a_card_of_another_workspace_is_not_shown(claimed: Shop) -> None:
    reply = claimed.tap("show", person("eve", workspace="elsewhere"))
    assert (reply.cards, "does not belong to a team here" in reply.text) == ((), True)
