"""The directory of customers: what a file or a CRM tells decides who follows up, and two keys may turn out to be one customer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from handlers.arrivals.arrival import Arrival
from handlers.arrivals.customers import NotTwo, know, meant, merge, merging
from handlers.calendar.promise import Promise
from handlers.cards import Card
from handlers.company import Company, People
from handlers.digests.worth import of_rows
from handlers.feedback import Customer, Moment
from handlers.forgetting.erase import erase
from handlers.receive import Answer, receive
from handlers.rules import Comparison, Route, When
from storage import customers, delivery_log, messages, models, personal, worth
from tests.conftest import ANA, Shop, said
from tests.overlapping import overlapped

DANA = Customer(key="c-77", email="dana@mail.example", name="Dana Reyes", value=48_000, currency="NOK", owner="lea.berg@x.example")


def told(shop: Shop, *customers: Customer) -> list[Answer]:
    return [receipt.answer for receipt in shop.store.write_sync(know, customers, shop.now)]


def who(shop: Shop, name: str) -> Any:
    return shop.store.read_sync(meant, name)


def redrawn(shop: Shop, key: str = "card:1") -> int:
    row = shop.store.read_sync(messages.by_key, key)
    return int(row.wanted) if row else 0


def shown(shop: Shop) -> None:
    """The chat shows the first card."""
    table = models.Message.__table__  # type: ignore[attr-defined]
    shop.store.write_sync(lambda tx: tx.execute(table.update().values(remote_id="1", shown=table.c.wanted)))


def test_a_directory_told_twice_is_known_and_a_change_of_it_is_told_apart(shop: Shop) -> None:
    assert told(shop, DANA) == [Answer.ACCEPTED]
    assert told(shop, DANA) == [Answer.DUPLICATE]
    assert told(shop, Customer(key="c-77", segment="gold")) == [Answer.UPDATED]
    row = who(shop, "c-77")
    assert (row.name, row.value, row.segment, row.owner) == ("Dana Reyes", 48_000, "gold", "lea.berg@x.example")


def test_one_customer_told_of_several_times_at_once_is_what_was_said_last(shop: Shop) -> None:
    assert told(shop, DANA, Customer(key="c-77", value=5), Customer(key="c-78")) == [Answer.ACCEPTED] * 3
    assert (who(shop, "c-77").value, who(shop, "c-77").name) == (5, "Dana Reyes")


def test_what_the_directory_knows_decides_the_route_and_the_promise(shop_of: Callable[[Company], Shop], company: Company) -> None:
    dear = Route(
        name="key accounts",
        when=When(band=("detractor",), value=(Comparison.parse(">=10000"),)),
        team="oak-street",
        moment=Moment.REVENUE,
        promise=Promise(claim="1h", close="1d"),
    )
    gold = Route(name="gold", when=When(segment=("gold",)), team="oak-street")
    shop = shop_of(company.model_copy(update={"routes": (dear, gold, *company.routes)}))
    told(shop, DANA, Customer(key="c-78", segment="Gold"))
    shop.hears(said("r-1", customer=Customer(key="c-77")))
    shop.hears(said("r-2", customer=Customer(key="c-78")), said("r-3", customer=Customer(key="c-79")))
    assert [shop.row(n).route for n in (1, 2, 3)] == ["key accounts", "gold", "everyone"]
    assert shop.row(1).moment == "revenue"
    assert shop.row(1).claim_by == shop.now + timedelta(hours=1)


def test_who_answers_with_nothing_but_an_e_mail_of_the_directory_is_that_customer(shop: Shop) -> None:
    told(shop, DANA)
    shop.hears(said("r-1", customer=Customer(email="Dana@Mail.example")))
    assert (shop.row().key, shop.row().value) == ("c-77", 48_000)
    rows = shop.store.read_sync(lambda tx: tx.execute(select(models.Customer.__table__)).all())  # type: ignore[attr-defined]
    assert [row.email for row in rows if row.key.startswith("email:")] == [None], "another name holds nothing but itself"


def test_who_was_known_by_their_e_mail_alone_becomes_the_directorys_customer_with_their_history(shop: Shop) -> None:
    shop.hears(said("r-1", customer=Customer(email="dana@mail.example")))
    shown(shop)
    told(shop, DANA)
    assert shop.row().key == "c-77"
    assert redrawn(shop) == 2
    assert "Usually looked after by Lea Berg" in shop.card().context
    shop.passes(hours=1)
    shop.hears(said("r-2", customer=Customer(key="c-77")))
    assert "1 earlier low score" in shop.card("card:2").context[0]


def test_who_answers_by_their_e_mail_while_the_directory_is_told_of_them_becomes_the_directorys_customer(shop: Shop) -> None:
    arrival = Arrival("survey", said("r-1", customer=Customer(email=DANA.email)), shop.now)
    others = (Customer(key=f"c-{n}", email=f"c{n}@mail.example") for n in range(3))
    _, answers = overlapped(shop.store, lambda tx: receive(tx, shop.company, [arrival]), lambda: told(shop, DANA, *others))
    assert answers == [Answer.ACCEPTED] * 4
    assert (who(shop, str(DANA.email)).key, shop.row().key) == ("c-77", "c-77")
    assert "Usually looked after by Lea Berg" in shop.card().context


def test_an_e_mail_that_two_keys_share_leads_to_the_first(shop: Shop) -> None:
    told(shop, DANA, Customer(key="c-78", email="dana@mail.example"))
    told(shop, Customer(key="c-79", email="dana@mail.example"))
    shop.hears(said("r-1", customer=Customer(email="dana@mail.example")))
    assert shop.row().key == "c-77"


@pytest.mark.parametrize(
    ("owner", "people", "line"),
    [
        ("lea.berg@x.example", People.NAMES, "Usually looked after by Lea Berg"),
        ("Lea Berg", People.FIRST_NAMES, "Usually looked after by Lea"),
        ("Lea Berg", People.OFF, ""),
    ],
)
def test_the_card_says_whose_customer_it_is_as_colleagues_are_named_here(shop: Shop, owner: str, people: People, line: str) -> None:
    shop.company = shop.company.model_copy(update={"people": people})
    told(shop, Customer(key="c-77", owner=owner, location="Oslo"))
    shop.hears(said(customer=Customer(key="c-77")))
    assert [each for each in shop.card().context if "looked after" in each] == ([line] if line else [])
    assert "Oslo" not in "".join(shop.card().context)
    assert "@" not in "".join(shop.card().context)
    shop.tap("claim", ANA)
    private = next(row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "private")
    assert any("Oslo" in each for each in shop.card(private).context)


def private(shop: Shop) -> Card:
    return shop.card(next(row.key for row in shop.store.read_sync(delivery_log.unfinished, 100) if row.kind == "private"))


def test_an_answer_never_overwrites_how_to_reach_a_customer_and_whoever_claims_reads_both(shop: Shop) -> None:
    told(shop, DANA, Customer(key="c-77", phone="+47 400 00 000"))
    other = Customer(key="c-77", name="Mal Lory", email="mal@mail.example", phone="+47 999 99 999")
    shop.hears(said("r-1", customer=other, comment="Ask for Mrs Lory or for Reyes!"))
    row = who(shop, "c-77")
    assert (row.name, row.email, row.phone) == ("Dana Reyes", "dana@mail.example", "+47 400 00 000")
    assert shop.card().quote == "Ask for Mrs L. or for R.!", "no surname of either stands in the channel"
    assert "mail.example" not in str(shop.card())
    shop.tap("claim", ANA)
    assert private(shop).reach == (
        "Dana Reyes",
        "+47 400 00 000",
        "dana@mail.example",
        "As given in this answer: Mal Lory · mal@mail.example · +47 999 99 999",
    )


def test_an_answer_fills_in_what_nobody_knew_and_the_directory_has_the_last_word(shop: Shop) -> None:
    told(shop, Customer(key="c-77", name="Dana Reyes"))
    shop.hears(said("r-1", customer=Customer(key="c-77", email="dana@mail.example", value=5, currency="NOK")))
    assert (who(shop, "c-77").email, who(shop, "c-77").value) == ("dana@mail.example", 5)
    told(shop, Customer(key="c-77", email="d.reyes@mail.example"))
    assert who(shop, "c-77").email == "d.reyes@mail.example"


def test_an_answer_gives_nobodys_customer_to_another_colleague(shop: Shop) -> None:
    told(shop, DANA, Customer(key="c-78", name="Kim Holm"))
    theirs = [said(f"r-{n}", customer=Customer(key=f"c-{n}", owner="mal@x.example", segment="gold")) for n in (77, 78, 79)]
    shop.hears(*theirs, said("r-1", customer=Customer(key="c-79", owner="ben@x.example")))
    whose = {key: who(shop, key).owner for key in ("c-77", "c-78", "c-79")}
    assert whose == {"c-77": DANA.owner, "c-78": "mal@x.example", "c-79": "mal@x.example"}
    assert who(shop, "c-77").segment == "gold"
    told(shop, Customer(key="c-78", owner="lea.berg@x.example"))
    assert who(shop, "c-78").owner == "lea.berg@x.example"


def test_what_is_only_written_otherwise_is_not_told_twice(shop: Shop) -> None:
    told(shop, Customer(key="c-77", name="Dana Reyes", email="dana@mail.example", phone="+47 400 00 000"))
    shop.hears(said("r-1", customer=Customer(key="c-77", name="DANA  REYES", email="Dana@Mail.example", phone="+4740000000")))
    shop.tap("claim", ANA)
    assert "As given" not in str(private(shop))


def test_of_several_answers_that_arrive_together_it_is_as_if_each_had_come_by_itself(shop: Shop) -> None:
    shop.hears(*(said(f"r-{n}", customer=Customer(key="c-77", phone=f"+47 400 00 00{n}", value=n)) for n in (1, 2)))
    assert (who(shop, "c-77").phone, who(shop, "c-77").value) == ("+47 400 00 001", 2)
    assert [shop.row(n).given_phone for n in (1, 2)] == [None, "+47 400 00 002"]


def test_a_late_update_is_the_answers_own_word_and_no_more(shop: Shop) -> None:
    told(shop, DANA)
    shop.hears(said("r-1", customer=Customer(key="c-77")))
    shop.hears(said("r-1", customer=Customer(key="c-77", email="mal@mail.example")))
    assert (shop.row().email, shop.row().given_email) == ("dana@mail.example", "mal@mail.example")


def test_what_a_late_update_leaves_out_of_how_to_reach_them_is_as_it_was_and_stays_hidden(shop: Shop) -> None:
    told(shop, DANA)
    shop.hears(said("r-1", customer=Customer(key="c-77", name="Mal Lory", email="mal@mail.example")))
    shop.hears(said("r-1", comment="Ask for Mrs Lory!"))
    assert (shop.row().given_name, shop.row().given_email) == ("Mal Lory", "mal@mail.example")
    assert shop.card().quote == "Ask for Mrs L.!"
    shop.hears(said("r-1", customer=Customer(key="c-12"), comment="Ask for me!"))
    assert (shop.row().key, shop.row().given_name) == ("c-12", None)


def test_an_answer_under_another_key_of_the_customer_overwrites_nothing_either(shop: Shop) -> None:
    told(shop, DANA, Customer(key="c-12"))
    shop.store.write_sync(merge, "c-77", "c-12", shop.now)
    shop.hears(said("r-1", customer=Customer(key="c-12", email="mal@mail.example")))
    assert (shop.row().key, shop.row().email, shop.row().given_email) == ("c-77", "dana@mail.example", "mal@mail.example")


def test_what_an_answer_gave_is_erased_and_forgotten_with_the_customer(shop: Shop) -> None:
    told(shop, DANA)
    shop.hears(said("r-1", customer=Customer(key="c-77", name="D. Lory", email="dl@mail.example")))
    shop.store.write_sync(personal.forget_column, [who(shop, "c-77").id], "email")
    assert (shop.row().given_email, shop.row().given_name) == (None, "D. Lory")
    assert "D. Lory" in shop.store.write_sync(erase, "c-77", shop.now).words
    assert shop.row().given_name is None


def test_a_team_that_does_not_show_whose_customer_it_is_reads_it_nowhere(shop: Shop) -> None:
    team = shop.company.teams["oak-street"]
    quiet = team.model_copy(update={"show": team.show - {"owner"}})
    shop.company = shop.company.model_copy(update={"teams": {quiet.name: quiet}})
    told(shop, DANA)
    shop.hears(said(customer=Customer(key="c-77")))
    assert "Lea" not in str(shop.card())


def test_two_keys_that_are_one_customer_have_one_history_and_both_keys_lead_to_it(shop: Shop) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-12", name="D. Reyes", value=1_000, currency="EUR")))
    shop.passes(days=3)
    shop.hears(said("r-2", customer=Customer(key="c-77", value=48_000, currency="NOK")))
    shown(shop)
    assert shop.store.read_sync(merging, "c-77", "c-12").answers == 1
    done = shop.store.write_sync(merge, "c-77", "c-12", shop.now)
    assert (done.keep, done.other, done.answers, done.open) == ("c-77", "c-12", 1, 1)
    row = who(shop, "c-12")
    assert (row.key, row.name, row.value, row.currency) == ("c-77", "D. Reyes", 48_000, "NOK")
    assert "1 earlier low score" in shop.card("card:2").context[0]
    assert (redrawn(shop), redrawn(shop, "card:2")) == (2, 2)
    assert shop.acts(1)[-1] == "merged"
    shop.passes(hours=1)
    shop.hears(said("r-3", customer=Customer(key="c-12", phone="+47 400 00 000")))
    assert (shop.row(3).key, shop.row(3).phone, shop.row(3).value) == ("c-77", "+47 400 00 000", 48_000)
    assert "2 earlier low scores" in shop.card("card:3").context[0]


def test_the_e_mail_of_either_still_leads_to_the_one_they_became_and_erases_them(shop: Shop) -> None:
    told(shop, DANA)
    shop.hears(said("r-1", customer=Customer(key="c-12", email="D.Reyes@work.example")))
    shop.store.write_sync(merge, "c-77", "c-12", shop.now)
    shop.hears(said("r-2", customer=Customer(email="d.reyes@work.example")))
    assert shop.row(2).key == "c-77"
    assert (who(shop, "c-77").email, who(shop, "email:d.reyes@work.example").key) == ("dana@mail.example", "c-77")
    assert shop.store.write_sync(erase, "d.reyes@work.example", shop.now).answers == 2
    keys = shop.store.read_sync(lambda tx: tx.execute(select(models.Customer.__table__.c.key)).scalars().all())  # type: ignore[attr-defined]
    assert {key.partition(":")[0] for key in keys} == {"erased"}


def test_money_is_never_counted_twice_after_two_keys_became_one(shop: Shop) -> None:
    shop.hears(said("r-1", customer=Customer(key="c-12", value=1_000, currency="NOK")))
    shop.hears(said("r-2", customer=Customer(key="c-77", value=48_000, currency="NOK")))
    assert at_stake(shop) == 49_000
    shop.store.write_sync(merge, "c-77", "c-12", shop.now)
    assert at_stake(shop) == 48_000


def at_stake(shop: Shop) -> float:
    return shop.store.read_sync(lambda tx: of_rows(tx, worth.open_now(tx, ["oak-street"]))).sums["NOK"]


def test_keys_that_were_joined_one_after_the_other_all_lead_to_the_last(shop: Shop) -> None:
    told(shop, *(Customer(key=f"c-{n}") for n in range(4)))
    for keep, other in (("c-1", "c-0"), ("c-2", "c-1"), ("c-3", "c-0")):
        shop.store.write_sync(merge, keep, other, shop.now)
    assert {who(shop, f"c-{n}").key for n in range(4)} == {"c-3"}
    with pytest.raises(NotTwo, match="one customer already"):
        shop.store.write_sync(merge, "c-0", "c-2", shop.now)


def test_nobody_and_an_e_mail_of_several_are_not_joined(shop: Shop) -> None:
    told(shop, DANA, Customer(key="c-78", email="dana@mail.example"))
    with pytest.raises(NotTwo, match="nobody is known by 'c-99'"):
        shop.store.read_sync(merging, "c-77", "c-99")
    with pytest.raises(NotTwo, match="2 customers have the e-mail"):
        shop.store.read_sync(merging, "dana@mail.example", "c-77")


def test_whoever_is_erased_is_erased_under_all_their_keys(shop: Shop) -> None:
    told(shop, DANA)
    shop.hears(said("r-1", customer=Customer(key="c-12", name="Dana Canary")))
    shop.store.write_sync(merge, "c-77", "c-12", shop.now)
    assert shop.store.write_sync(erase, "dana@mail.example", shop.now).answers == 1
    rows = shop.store.read_sync(lambda tx: tx.execute(select(models.Customer.__table__)).all())  # type: ignore[attr-defined]
    assert {row.key.partition(":")[0] for row in rows} == {"erased"}
    assert [(row.name, row.owner, row.location, row.email) for row in rows] == [(None,) * 4] * 3


def test_a_forgotten_e_mail_is_forgotten_as_a_name_too(shop: Shop) -> None:
    told(shop, DANA)
    row = who(shop, "c-77")
    shop.store.write_sync(personal.forget_column, [row.id], "email")
    keys = shop.store.read_sync(lambda tx: tx.execute(select(models.Customer.__table__.c.key)).scalars().all())  # type: ignore[attr-defined]
    assert [key for key in keys if "dana" in key] == []


def test_an_answer_that_comes_while_two_keys_become_one_is_theirs(shop: Shop) -> None:
    told(shop, *(Customer(key=f"c-{n}") for n in range(20)))
    with ThreadPoolExecutor(8) as crowd:
        merges = [crowd.submit(shop.store.write_sync, merge, "c-0", f"c-{n}", shop.now) for n in range(1, 20)]
        heard = [crowd.submit(shop.hears, said(f"r-{n}", customer=Customer(key=f"c-{n}", phone="1"))) for n in range(1, 20)]
        assert [each.result() for each in (*merges, *heard)]
    table = models.Feedback.__table__  # type: ignore[attr-defined]
    owners = shop.store.read_sync(
        lambda tx: tx.execute(select(table.c.customer_id, func.count()).group_by(table.c.customer_id)).all()
    )
    assert [tuple(row) for row in owners] == [(who(shop, "c-0").id, 19)]


KEYS = st.sampled_from([f"k{n}" for n in range(5)])
STEPS = st.lists(st.tuples(st.sampled_from(["tell", "hear", "merge"]), KEYS, KEYS, st.integers(1, 9)), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_is_told_heard_and_joined_each_answer_has_one_customer_and_no_worth_is_made_up(
    shop: Shop, steps: Sequence[tuple[str, str, str, int]]
) -> None:
    ours = f"{shop._seen.setdefault('run', 0)}-"
    shop._seen["run"] += 1
    said_worth: set[float] = set()
    same: dict[str, str] = {}
    heard: list[tuple[str, str]] = []
    for n, (step, one, other, money) in enumerate(steps):
        if step == "tell":
            told(shop, Customer(key=ours + one, value=money))
            said_worth.add(money)
        elif step == "hear":
            shop.hears(said(f"{ours}{n}", customer=Customer(key=ours + one)))
            heard.append((f"{ours}{n}", one))
        else:
            try:
                shop.store.write_sync(merge, ours + one, ours + other, shop.now)
            except NotTwo:
                continue
            root = same.get(other, other)
            same |= {key: same.get(one, one) for key in (*(k for k, v in same.items() if v == root), root, other)}
    rows = shop.store.read_sync(customers.by_key, "main", [ours + f"k{n}" for n in range(5)])
    assert all(row.value is None or row.value in said_worth for row in rows.values())
    for id, key in heard:
        assert shop.store.read_sync(_key_of, id) == ours + same.get(key, key)


def _key_of(tx: Any, external_id: str) -> str:
    table, people = models.Feedback.__table__, models.Customer.__table__  # type: ignore[attr-defined]
    found = select(people.c.key).join(table, table.c.customer_id == people.c.id).where(table.c.external_id == external_id)
    return str(tx.execute(found).scalar_one())


def test_a_directory_waits_for_nobody_who_answers_just_now(shop: Shop) -> None:
    """Each waiting for a row that the other has would be a deadlock: an answer locks customers by key, and a directory names many."""
    known = [Customer(key=f"c-{n}", name=f"Customer {n}") for n in range(3)]
    shop.store.write_sync(know, known, shop.now)
    tomorrow = shop.now + timedelta(days=2)

    def answers(tx: Any) -> None:
        receive(tx, shop.company, [Arrival("survey", said("r-1", customer=Customer(key="c-1", name="Customer 1")), shop.now)])

    def is_named() -> list[Answer]:
        return [receipt.answer for receipt in shop.store.write_sync(know, known, tomorrow)]

    _, told = overlapped(shop.store, answers, is_named)
    assert told == [Answer.DUPLICATE] * 3
    named_at = shop.store.read_sync(
        lambda tx: tx.execute(select(customers.customer.c.told_at).order_by(customers.customer.c.id)).scalars().all()
    )
    assert [at == tomorrow for at in named_at] == ([True] * 3 if shop.store.sqlite else [True, False, True])
