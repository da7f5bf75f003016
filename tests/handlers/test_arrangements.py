"""What ops arrange in chat: a channel becomes a team's, routes are added and moved, and every change can be taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from handlers import requests
from handlers.actions import act
from handlers.arranged import arrangements
from handlers.arranged.conditions import in_words
from handlers.cards import Card, Reply
from handlers.colleagues import meet
from handlers.commands import BY_OPS, answer
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.rules import Comparison, Route, When
from handlers.situation import Tap
from handlers.survey_tools import Source
from storage import arrangements as kept
from storage import delivery_log, feedback, people
from tests.conftest import ANA, BEN, FRIDAY, LEA, Shop, person, said
from tests.handlers.test_ladder import ticks

KIM = replace(person("kim"), email="kim@northwind.example")
HARBOUR = Place.parse("slack:C9")
FILLED = {
    "title": "Harbour",
    "hours": "mon-fri 08:00-16:00, sat 10:00-14:00",
    "claim": "2h",
    "close": "1d",
    "causes": "cold coffee\n\nwaiting time\ncold coffee",
    "tag": "harbour",
}


class Desk:
    """Kim, who is ops, at work: words and presses, with the company as it then is."""

    def __init__(self, shop: Shop, base: Company) -> None:
        self.shop, self.base = shop, base
        shop.company = base
        self._catch_up()

    def types(self, word: str, who: Person = KIM, place: Place = HARBOUR) -> Reply:
        return self.shop.store.write_sync(answer, self.shop.company, word, who, place, self.shop.now)

    def presses(self, card: Card, label: str, who: Person = KIM, nth: int = 0, **filled: str) -> Reply:
        parts = [card, *card.items]
        buttons = [button for part in parts for button in (*part.buttons, *part.menu) if button.label == label]
        button = buttons[nth]
        return self.does(button.verb, button.target, who, **filled)

    def does(
        self, verb: str, target: int | str, who: Person = KIM, chosen: dict[str, Person] | None = None, **filled: str
    ) -> Reply:
        answers = filled or (dict.fromkeys(chosen, "x") if chosen else None)
        reply = self.shop.store.write_sync(act, self.shop.company, Tap(verb, target, who, self.shop.now, answers, chosen))
        self._catch_up()
        return reply

    def sets_up(self, place: Place = HARBOUR, chosen: dict[str, Person] | None = None, **changed: str) -> Reply:
        form = self.types("here", place=place).form
        assert form is not None
        return self.does(form.verb, form.target, chosen=chosen, **(FILLED | changed))

    def routes(self) -> Card:
        [card] = self.types("routes").cards
        return card

    def link_request(self) -> str:
        """The key of the last question that ops are asked."""
        wanted = self.shop.keys()
        return max(key for key in wanted if key.startswith("wish:"))

    def _catch_up(self) -> None:
        self.shop.company = self.shop.store.read_sync(arrangements.arranged, self.base)


@pytest.fixture
def desk(shop: Shop, company: Company) -> Desk:
    shop.store.write_sync(meet, KIM, KIM.email, "Europe/Oslo", shop.now)
    teams = {name: team.model_copy(update={"written": "app.yaml:14"}) for name, team in company.teams.items()}
    routes = tuple(route.model_copy(update={"written": "app.yaml:20"}) for route in company.routes)
    return Desk(shop, company.model_copy(update={"ops": ("kim@northwind.example",), "teams": teams, "routes": routes}))


def test_a_channel_becomes_a_teams_and_the_next_customer_with_its_tag_is_shown_there(desk: Desk) -> None:
    reply = desk.sets_up()
    assert reply.cards[0].headline == "This is the channel of Harbour now."
    team = desk.shop.company.teams["harbour"]
    assert (team.channels, str(team.promise.claim), team.causes) == ((HARBOUR,), "2h", ("cold coffee", "waiting time"))
    desk.shop.hears(said(tags=("harbour",)))
    keys = {row.key: row.channel for row in desk.shop.store.read_sync(delivery_log.unfinished, 10)}
    assert keys == {"welcome:1": "C9", "card:1": "C9"}
    assert desk.shop.card("welcome:1").plain.endswith(
        "Our promise: somebody takes it on within 2 h, and the customer is looked after within 1 day. Only the time we are open counts."
    )


def test_of_two_who_send_the_form_of_one_channel_in_the_same_moment_one_wins_and_the_other_reads_who(desk: Desk) -> None:
    company, at = desk.shop.company, desk.shop.now
    company = company.model_copy(update={"ops": (KIM.place.address, LEA.place.address)})
    taps = [
        Tap("set_up", f"place:{HARBOUR.address}", who, at, FILLED | {"title": title}) for who, title in ((KIM, "A"), (LEA, "B"))
    ]
    with ThreadPoolExecutor(2) as both:
        replies = list(both.map(lambda tap: desk.shop.store.write_sync(act, company, tap), taps))
    desk._catch_up()
    [made] = [team for team in desk.shop.company.teams.values() if HARBOUR in team.channels]
    winner, loser = sorted(replies, key=lambda reply: not reply.cards)
    assert winner.cards[0].headline == f"This is the channel of {made.title} now."
    who = "Kim" if made.title == "A" else "Lea"
    assert loser.text.startswith(f"{who} made this the channel of {made.title} meanwhile, so yours was not saved.")


def test_a_form_that_was_opened_before_somebody_changed_the_team_changes_nothing(desk: Desk) -> None:
    desk.sets_up()
    old = desk.types("here").form
    assert old is not None
    desk.sets_up(title="Harbour café")
    assert "yours was not saved" in desk.does(old.verb, old.target, **(FILLED | {"title": "Pier"})).text
    assert desk.shop.company.teams["harbour"].title == "Harbour café"


def test_a_form_sent_twice_is_one_team_and_told_as_the_first_time(desk: Desk) -> None:
    form = desk.types("here").form
    assert form is not None
    first, second = (desk.does(form.verb, form.target, **FILLED) for _twice in range(2))
    assert first.cards[0].headline == second.cards[0].headline
    assert len(desk.shop.store.read_sync(kept.latest, 10)) == 2, "the team and its route"


def test_the_hours_are_the_teams_own_and_the_holidays_those_of_the_company(desk: Desk) -> None:
    desk.sets_up()
    hours = desk.shop.company.teams["harbour"].hours
    assert [len(day) for day in hours.week] == [1, 1, 1, 1, 1, 1, 0]
    assert hours.zone == desk.base.timezone


def test_the_form_of_a_channel_that_is_a_teams_says_what_holds(desk: Desk) -> None:
    desk.sets_up(chosen={"leader": LEA})
    form = desk.types("here").form
    assert form is not None
    values = {field.name: field.value for field in form.fields}
    assert values["hours"] == "mon-fri 08:00-16:00, sat 10:00-14:00"
    assert (values["title"], values["claim"], values["close"], values["leader"]) == ("Harbour", "2h", "1d", LEA.user_id)


def test_a_team_is_changed_and_keeps_its_name_and_its_customers(desk: Desk) -> None:
    desk.sets_up()
    desk.shop.hears(said(tags=("harbour",)))
    desk.sets_up(title="Harbour café", tag="")
    assert desk.shop.company.teams["harbour"].title == "Harbour café"
    assert "Harbour café" in desk.shop.card("card:1").plain


def test_two_channels_may_be_called_the_same(desk: Desk) -> None:
    desk.sets_up(tag="")
    desk.sets_up(Place.parse("slack:C10"), tag="")
    assert set(desk.shop.company.teams) == {"oak-street", "harbour", "harbour-2"}


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("title", " "), ("title", "x" * 76), ("hours", "whenever"), ("hours", "foo 08:00-16:00"), ("hours", ""), ("claim", "soon"),
     ("close", "0d"), ("causes", "\n \n")],
)  # fmt: skip
def test_what_cannot_be_read_is_said_at_its_field_and_nothing_is_kept(desk: Desk, field: str, wrong: str) -> None:
    reply = desk.sets_up(**{field: wrong})
    assert list(reply.errors) == [field]
    assert reply.form is not None
    assert [each.value for each in reply.form.fields if each.name == "title"] == ["Harbour" if field != "title" else wrong.strip()]
    assert desk.shop.store.read_sync(kept.revision) == 0


def test_what_is_typed_as_people_do_is_kept_as_app_yaml_has_it(desk: Desk) -> None:
    desk.sets_up(hours="mon-fri 9-17", claim="4 hours", close="2 days")
    row = desk.shop.store.read_sync(kept.newest, "team", "harbour")
    assert (row.keys["hours"], row.keys["promise"]) == ({"mon-fri": "09:00-17:00"}, {"claim": "4h", "close": "2d"})


def test_a_route_whose_name_app_yaml_has_too_says_that_it_takes_nothing_and_none_is_made_so(desk: Desk) -> None:
    desk.sets_up()
    answers = {"band": "any", "team": "harbour", "moment": "rescue"}
    refused = desk.presses(desk.routes(), "Add a route…", **answers, name="everyone")
    assert refused.errors == {"name": "There is a route of that name already. Please choose another."}
    desk.presses(desk.routes(), "Add a route…", **answers, name="all")
    later = desk.base.routes[0].model_copy(update={"name": "all"})  # app.yaml names one like that afterwards
    desk.base = desk.base.model_copy(update={"routes": (*desk.base.routes, later)})
    desk._catch_up()
    [made] = [item.plain for item in desk.routes().items if item.plain.startswith("all ")]
    assert made.endswith("(it takes nothing: app.yaml has a route of this name)")


def test_what_app_yaml_names_is_told_and_not_changed(desk: Desk) -> None:
    place = desk.base.teams["oak-street"].channels[0]
    reply = desk.types("here", place=place)
    assert (reply.form, "app.yaml:14" in reply.text) == (None, True)
    assert "cannot be changed here" in desk.does("set_up", f"place:{place.address}", **FILLED).text
    assert desk.shop.store.read_sync(kept.revision) == 0


def test_a_private_chat_is_no_teams_channel(desk: Desk) -> None:
    assert "a private chat cannot be one" in desk.types("here", place=KIM.place).text


def test_a_form_about_a_place_that_is_none_changes_nothing(desk: Desk) -> None:
    for target in ("place:nowhere", "place:msteams:19:abc", 7):
        assert "nothing was changed" in desk.does("set_up", target, **FILLED).text
    assert desk.shop.store.read_sync(kept.revision) == 0


def test_a_change_is_undone_and_that_can_be_undone_too(desk: Desk) -> None:
    desk.sets_up(tag="")
    [card] = desk.sets_up(title="Quay", tag="").cards
    assert "Undone" in desk.presses(card, "Undo").text
    assert desk.shop.company.teams["harbour"].title == "Harbour"
    [status] = desk.types("status").cards
    desk.presses(status, "Undo")
    assert desk.shop.company.teams["harbour"].title == "Quay"


def test_undoing_the_first_set_up_takes_the_team_away_and_its_route_with_it(desk: Desk) -> None:
    [card] = desk.sets_up().cards
    desk.presses(card, "Undo")
    assert set(desk.shop.company.teams) == {"oak-street"}
    assert [route.name for route in desk.shop.company.routes] == ["everyone"]


def test_a_change_somebody_made_since_is_not_undone_by_an_old_button(desk: Desk) -> None:
    [old] = desk.sets_up(tag="").cards
    desk.sets_up(title="Quay", tag="")
    assert "nothing was undone" in desk.presses(old, "Undo").text
    assert desk.shop.company.teams["harbour"].title == "Quay"


def test_a_new_route_is_tried_before_all_others(desk: Desk) -> None:
    desk.sets_up(tag="")
    form = desk.presses(desk.routes(), "Add a route…").form
    assert form is not None
    filled = {"name": "big ones", "band": "detractor", "value": "5000", "team": "harbour", "moment": "revenue"}
    desk.does(form.verb, form.target, **filled)
    desk.shop.hears(said("a", customer={"key": "c", "value": 9000}), said("b", customer={"key": "d", "value": 20}))
    assert [desk.shop.row(n).route for n in (1, 2)] == ["big ones", "everyone"]
    assert "big ones → Harbour: unhappy customers, worth 5,000 or more (made in chat)" in desk.routes().items[0].headline
    assert desk.routes().below[0].startswith("everyone → "), "app.yaml's come after those made in chat: so they are tried"


@pytest.mark.parametrize(("value", "told"), [
    (">=10000", "worth 10,000 or more"), ("<=3", "worth 3 or less"), (">48000.5", "worth more than 48,000.5"),
    ("<1000000000000", "worth less than 1,000,000,000,000"), ("=7", "worth 7"), (-7, "worth -7"),
])  # fmt: skip
def test_a_number_in_a_condition_is_told_in_words(value: str | int, told: str) -> None:
    assert in_words(When(value=(Comparison.parse(value),))) == told


def test_routes_are_moved_switched_off_and_on_and_changed(desk: Desk) -> None:
    desk.sets_up(tag="")
    for name in ("one", "two"):
        desk.does("route_add", "route:new", name=name, band="any", team="harbour", moment="rescue")
    assert [route.name for route in desk.shop.company.routes] == ["two", "one", "everyone"]
    desk.presses(desk.routes(), "Try it earlier")
    assert [route.name for route in desk.shop.company.routes] == ["one", "two", "everyone"]
    desk.presses(desk.routes(), "Switch off", nth=0)
    assert [route.name for route in desk.shop.company.routes] == ["two", "everyone"]
    desk.presses(desk.routes(), "Switch on")
    form = desk.presses(desk.routes(), "Change…", nth=1).form
    assert form is not None
    desk.does(form.verb, form.target, band="promoter", tag="a, b", team="harbour", moment="relationship")
    [one, two, _] = desk.shop.company.routes
    assert (one.name, two.when.tag, two.moment) == ("one", ("a", "b"), "relationship")


def test_a_route_may_name_its_source_where_there_are_several(desk: Desk) -> None:
    def asked() -> list[str]:
        form = desk.does("route_add", "route:new").form
        assert form is not None
        return [label for field in form.fields if field.name == "source" for _, label in field.options]

    assert asked() == []
    desk.base = desk.base.model_copy(update={"sources": {name: Source("plain", "app.yaml:9") for name in ("survey", "shop")}})
    desk.sets_up(tag="")
    assert asked() == ["any of them", "survey", "shop"]
    whole = {"band": "detractor", "team": "harbour", "moment": "rescue"}
    desk.does("route_add", "route:new", name="all", source="*", **whole)
    desk.does("route_add", "route:new", name="web", source="shop", **whole)
    assert [route.when.source for route in desk.shop.company.routes] == [("shop",), (), ()]
    assert "web → Harbour: unhappy customers, from shop (made in chat)" in desk.routes().items[0].headline
    form = desk.presses(desk.routes(), "Change…").form
    assert form is not None
    assert {field.name: field.value for field in form.fields}["source"] == "shop"


def test_a_press_on_an_old_list_of_routes_changes_nothing(desk: Desk) -> None:
    desk.sets_up()
    old = desk.routes()
    desk.presses(old, "Switch off")
    assert "nothing was changed" in desk.presses(old, "Switch off").text
    assert [route.name for route in desk.shop.company.routes] == ["everyone"]


@pytest.mark.parametrize(
    ("field", "filled"),
    [("name", {"name": ""}), ("name", {"name": "everyone"}), ("team", {"team": "nowhere"}), ("value", {"value": "lots"})],
)
def test_a_route_that_cannot_be_is_refused_at_its_field(desk: Desk, field: str, filled: dict[str, str]) -> None:
    whole = {"name": "new", "band": "any", "team": "oak-street", "moment": "rescue"} | filled
    assert list(desk.does("route_add", "route:new", **whole).errors) == [field]


def test_ops_name_others_and_take_it_back(desk: Desk) -> None:
    [card] = desk.types("ops").cards
    assert card.context == ("kim@northwind.example, in app.yaml",)
    form = desk.presses(card, "Name somebody…").form
    assert form is not None
    assert "Ben may set up" in desk.does(form.verb, form.target, chosen={"who": BEN}).text
    assert desk.types("routes", BEN).cards
    [card] = desk.types("ops", BEN).cards
    desk.presses(card, "Take back", BEN)
    assert "Only ops can do that" in desk.types("routes", BEN).text


def test_who_may_not_is_told_by_name_whom_to_ask(desk: Desk) -> None:
    assert desk.types("routes", BEN).text.endswith("Please ask whoever set up Action Hero.")
    desk.does("name_ops", "ops:slack", chosen={"who": LEA})
    assert desk.types("routes", BEN).text == "Only ops can do that, so nothing was changed. Please ask Lea."
    assert desk.does("claim", 77, BEN).text.endswith("Please ask Lea.")
    desk.does("name_ops", "ops:slack", chosen={"who": ANA})
    assert desk.types("routes", BEN).text.endswith("Please ask Lea or Ana.")
    elsewhere = Person("slack", "T9ELSEWHERE", "U666", "Kim")
    assert desk.types("routes", elsewhere).text.endswith("Please ask whoever set up Action Hero.")


@pytest.mark.parametrize("word", sorted(BY_OPS))
def test_every_word_for_ops_says_no_to_others(desk: Desk, word: str) -> None:
    assert "Only ops can do that" in desk.types(word, ANA).text


@pytest.mark.parametrize("verb", sorted(requests.BY_OPS))
def test_every_request_of_ops_says_no_to_others_and_changes_nothing(desk: Desk, verb: str) -> None:
    desk.sets_up()
    before = desk.shop.store.read_sync(kept.revision)
    for target in ("change:1", "route:2", "place:slack:C9", "source:survey", 1):
        assert "Only ops can do that" in desk.does(verb, target, ANA, **FILLED).text
    assert desk.shop.store.read_sync(kept.revision) == before


@pytest.mark.parametrize("chat", ["slack", "msteams"])
def test_an_address_that_another_company_gave_its_own_people_makes_nobody_ops(desk: Desk, chat: str) -> None:
    """Whoever is here by a shared channel has the address that their own admins wrote down, and they may write down any."""
    guest = Person(chat, "T9ELSEWHERE", "U666", "Kim")
    desk.shop.store.write_sync(meet, guest, KIM.email, "Europe/Oslo", desk.shop.now)
    assert "Only ops can do that" in desk.types("sources", guest).text
    assert "Only ops can do that" in desk.does("source_add", "made:new", guest).text


def test_a_channel_that_is_set_up_again_leaves_the_route_it_made_as_ops_have_it_now(desk: Desk) -> None:
    desk.sets_up()
    desk.presses(desk.routes(), "Switch off")
    reply = desk.sets_up(title="Harbour Street")
    assert "No feedback comes here yet" in reply.cards[0].plain
    assert [route.name for route in desk.shop.company.routes if route.team == "harbour"] == []
    assert "off" in str(desk.routes().items[0].headline)


def test_a_form_for_a_channel_of_another_workspace_changes_nothing(desk: Desk) -> None:
    assert "cannot be changed here" in desk.does("set_up", "place:slack:T9ELSEWHERE/C9", **FILLED).text
    assert "harbour" not in desk.shop.company.teams


def test_until_somebody_is_named_an_admin_of_the_workspace_is_ops(shop: Shop, company: Company) -> None:
    desk = Desk(shop, company)
    assert "Nobody is named as ops yet" in desk.types("routes", BEN).text
    shop.store.write_sync(lambda tx: meet(tx, BEN, None, None, shop.now, admin=True))
    assert desk.types("routes", BEN).cards
    desk.does("name_ops", "ops:slack", BEN, chosen={"who": ANA})
    assert desk.types("routes", ANA).cards
    assert desk.types("routes", BEN).cards


def test_whoever_the_chats_know_as_ops_is_ops_also_without_an_address(desk: Desk) -> None:
    from storage import nudges

    def on_duty(tx: object) -> None:
        row = people.ensure(tx, BEN.chat, BEN.workspace, BEN.user_id, BEN.name)  # type: ignore[arg-type]
        nudges.put_on_duty(tx, "", "ops", [row.id])  # type: ignore[arg-type]

    desk.shop.store.write_sync(on_duty)
    assert desk.types("routes", BEN).cards


def test_status_says_who_waits_and_what_was_changed_without_a_customers_words(desk: Desk) -> None:
    desk.sets_up()
    desk.shop.hears(said("a", tags=("harbour",), customer={"name": "Dana Reyes"}), said("b", score=10), said("c", score=None))
    desk.shop.passes(hours=5)
    [card] = desk.types("status").cards
    assert "Harbour: 1 open, 1 of them unclaimed, 1 late" in card.context
    assert "Oak Street: nobody waits" in card.context
    unasked = "One answer of the last 7 days, unhappy or without a score, matched no route, so nobody was asked to reply."
    assert unasked in card.context, "and not the happy one"
    assert [item.headline.split(",")[0] for item in card.items] == [
        "Kim added the route harbour: harbour",
        "Kim added the team Harbour",
    ]
    assert not any(secret in str(card) for secret in ("Dana", "45 minutes"))


def test_a_source_says_its_address_and_sends_a_test_to_the_team(desk: Desk) -> None:
    desk.base = desk.base.model_copy(
        update={"sources": {"survey": Source("plain", "app.yaml:9")}, "address": "https://hero.northwind.example"}
    )
    desk.shop.company = desk.base
    [card] = desk.types("sources").cards
    assert card.items[0].context == ("https://hero.northwind.example/feedback/survey", "nothing has come from it yet")
    assert "A test went to Oak Street, by the route everyone" in desk.presses(card, "Send a test").text
    assert "This is a test" in desk.shop.card("card:1").quote
    [card] = desk.types("sources").cards
    assert card.items[0].context[1] == "nothing has come from it yet", "ops tried it, and the survey tool sent nothing"
    desk.shop.hears(said("r-1"))
    desk.shop.passes(hours=1)
    desk.presses(card, "Send a test")
    [card] = desk.types("sources").cards
    assert card.items[0].context[1] == "last heard from 1 h ago"


def test_a_test_outside_opening_hours_says_when_its_card_appears(desk: Desk) -> None:
    desk.base = desk.shop.company = desk.base.model_copy(update={"sources": {"survey": Source("plain", "app.yaml:9")}})
    desk.shop.passes(hours=9)
    [card] = desk.types("sources").cards
    first, second = (desk.presses(card, "Send a test").text for _ in range(2))
    assert first == second
    assert first == (
        "A test went to Oak Street, by the route everyone. Oak Street is closed now; the card appears Mon 08:00. "
        "It ends by itself an hour later, and nobody is reminded of it."
    )
    assert desk.shop.keys() == []


def test_a_test_that_would_be_told_as_a_win_is_not_sent(desk: Desk) -> None:
    wins = Route(name="all of them", team="oak-street", wins=True)
    desk.base = desk.shop.company = desk.base.model_copy(update={"sources": {"survey": Source("plain")}, "routes": (wins,)})
    reply = desk.does("send_test", "source:survey")
    assert reply.text.startswith("The route all of them takes it as a win, for which no card is made, so nothing was sent.")


@pytest.mark.parametrize(
    "when",
    [
        When(band=("detractor",), metric=("csat",), source=("survey",)),
        When(band=("detractor",), tag=("oslo", "bergen")),
        When(band=("detractor",), touchpoint=("till",), segment=("gold",), wants_contact=True),
        When(metric=("comment",)),
    ],
)
def test_a_test_is_such_a_customer_as_the_routes_ask_for(desk: Desk, when: When) -> None:
    happy = Route(name="happy", when=When(band=("promoter",)), team="oak-street")
    asked = Route(name="unhappy shoppers", when=when, team="oak-street")
    known = {"sources": {"survey": Source("plain")}, "routes": (happy, asked)}
    desk.base = desk.shop.company = desk.base.model_copy(update=known)
    assert desk.does("send_test", "source:survey").text.startswith("A test went to Oak Street, by the route unhappy shoppers.")
    assert desk.shop.row(1).state == "new"


def test_a_test_knows_nothing_of_earlier_ones_and_stands_where_it_says(desk: Desk) -> None:
    oak = desk.base.teams["oak-street"]
    gold = oak.model_copy(update={"name": "gold-desk", "title": "Gold desk", "channels": (Place.parse("slack:C9"),)})
    routes = (
        Route(name="gold", when=When(band=("detractor",), segment=("gold",)), team="gold-desk"),
        Route(name="shops", when=When(band=("detractor",), source=("shops",)), team="oak-street"),
    )
    known = {
        "teams": {oak.name: oak, gold.name: gold},
        "routes": routes,
        "sources": {"crm": Source("plain"), "shops": Source("plain")},
    }
    desk.base = desk.shop.company = desk.base.model_copy(update=known)
    for n, source in enumerate(("crm", "shops", "crm"), 1):
        desk.shop.passes(minutes=1)
        reply, row = desk.does("send_test", f"source:{source}").text, desk.shop.row(n)
        title = {"crm": "Gold desk", "shops": "Oak Street"}[source]
        assert reply.startswith(f"A test went to {title}, by the route {row.route}.")
        assert desk.base.teams[row.team].title == title
        assert "needs somebody by Fri 15:0" in desk.shop.card(f"card:{n}").headline, "the whole promise, as for a first complaint"


def test_a_test_is_not_sent_where_routes_ask_for_a_value_though_customers_may_be_taken(desk: Desk) -> None:
    rich = Route(name="key accounts", when=When(value=(Comparison.parse(">=10000"),)), team="oak-street")
    desk.base = desk.shop.company = desk.base.model_copy(update={"sources": {"survey": Source("plain")}, "routes": (rich,)})
    assert desk.does("send_test", "source:survey").text == (
        "No route takes a test from survey, so nothing was sent. Some routes look for words or numbers that a test does not have; "
        "customers may still reach a team."
    )
    assert desk.shop.keys() == []


def test_status_says_which_cards_wait_for_an_opening(desk: Desk) -> None:
    desk.shop.hears(said("a"))
    desk.shop.passes(hours=9)
    desk.shop.hears(said("b"), said("c"))
    desk.shop.passes(hours=30)
    desk.shop.hears(said("d"))
    desk.shop.tap("dismiss", target=4, reason="test")
    [status] = desk.types("status").cards
    assert status.context[1] == "Oak Street: 2 cards wait for the opening, Mon 08:00"
    desk.shop.now = FRIDAY + timedelta(days=3)
    [status] = desk.types("status").cards
    assert status.context[1] == "Oak Street: 2 cards are due since Mon 08:00", "the clock did not look yet"
    ticks(desk.shop)
    [status] = desk.types("status").cards
    assert not any("opening" in line for line in status.context)


def test_a_test_tapped_twice_is_sent_once_and_said_twice(desk: Desk) -> None:
    desk.base = desk.shop.company = desk.base.model_copy(update={"sources": {"survey": Source("plain", "app.yaml:9")}})
    [card] = desk.types("sources").cards
    first, second = (desk.presses(card, "Send a test").text for _ in range(2))
    assert first == second
    assert desk.shop.keys() == ["card:1"]


def test_a_test_that_no_route_takes_is_not_sent(desk: Desk) -> None:
    desk.base = desk.shop.company = desk.base.model_copy(
        update={"sources": {"survey": Source("plain", "app.yaml:9")}, "routes": ()}
    )
    [card] = desk.types("sources").cards
    assert "nobody would hear of one" in desk.presses(card, "Send a test").text
    assert desk.shop.store.read_sync(feedback.last_by_source) == {}


def test_arrangements_of_a_later_release_are_left_out(desk: Desk) -> None:
    desk.sets_up()
    who = desk.shop.store.write_sync(lambda tx: people.ensure(tx, KIM.chat, KIM.workspace, KIM.user_id, "Kim")).id
    for kind, name, keys in (
        ("team", "odd", {"title": "Odd"}),
        ("route", "odd", {"team": "harbour", "moment": "?"}),
        ("x", "y", {}),
    ):
        desk.shop.store.write_sync(kept.add, kind, name, keys, who, desk.shop.now)
    company = desk.shop.store.read_sync(arrangements.arranged, desk.base)
    assert set(company.teams) == {"oak-street", "harbour"}
    assert [route.name for route in company.routes] == ["harbour: harbour", "everyone"]


def test_somebody_with_another_address_is_linked_once_ops_confirm_it(desk: Desk) -> None:
    desk.sets_up(tag="")
    desk.does("name_ops", "ops:slack", chosen={"who": KIM})
    assert "We asked ops whether lea@northwind.example is you" in desk.types("link Lea@Northwind.example", LEA).text
    key = desk.link_request()
    card = desk.shop.card(key)
    assert card.headline == "Lea says they are lea@northwind.example. Is that so?"
    desk.shop.hears(said())
    desk.shop.tap("claim", ANA)
    assert "is replying to this customer" in desk.shop.tap("hand_over", LEA).text
    assert "Lea is lea@northwind.example from now on" in desk.presses(card, "Yes, it is").text
    assert desk.shop.tap("hand_over", LEA).form is not None
    assert desk.shop.card(key).plain == "Lea is lea@northwind.example: somebody of ops confirmed it."


def test_a_link_is_refused_or_undone_and_its_rights_go_with_it(desk: Desk) -> None:
    desk.does("name_ops", "ops:slack", chosen={"who": KIM})
    desk.types("link lea@northwind.example", BEN)
    key = desk.link_request()
    card = desk.shop.card(key)
    desk.presses(card, "No")
    assert "answered this already" in desk.presses(card, "Yes, it is").text
    desk.types("link lea@northwind.example", BEN)
    desk.presses(desk.shop.card(desk.link_request()), "Yes, it is")
    desk.shop.hears(said())
    desk.shop.tap("claim", ANA)
    assert desk.shop.tap("hand_over", BEN).form is not None
    [status] = desk.types("status").cards
    desk.presses(status, "Undo")
    assert desk.shop.tap("hand_over", BEN).form is None


def test_status_says_of_each_change_what_it_was_and_of_a_question_that_it_is_one(desk: Desk) -> None:
    def changes() -> list[str]:
        [card] = desk.types("status").cards
        return [item.headline.split(",")[0] for item in card.items]

    desk.sets_up()
    desk.sets_up(title="Harbour Street", tag="")
    desk.does("name_ops", "ops:slack", chosen={"who": LEA})
    desk.does("name_ops", "ops:slack", chosen={"who": KIM})
    assert "You are known by that address already" in desk.types("link kim@northwind.example").text
    desk.types("link ben@northwind.example", BEN)
    [status] = desk.types("status").cards
    assert not status.items[0].buttons, "nothing has changed that could be undone"
    assert changes()[:4] == [
        "Ben asks to be known as ben@northwind.example: not answered yet",
        "Kim named Kim as ops",
        "Kim named Lea as ops",
        "Kim changed the team Harbour Street",
    ]
    desk.presses(desk.shop.card(desk.link_request()), "Yes, it is")
    assert changes()[:2] == ["Kim confirmed that Ben is ben@northwind.example", "Ben asked to be known as ben@northwind.example"]
    desk.presses(desk.types("status").cards[0], "Undo")
    assert changes()[0] == "Kim said that Ben is not ben@northwind.example"


def test_nobody_links_themselves_to_an_address_without_ops(desk: Desk) -> None:
    desk.types("link kim@northwind.example", BEN)
    assert "Only ops can do that" in desk.types("routes", BEN).text
    assert "Only ops can do that" in desk.does("link_yes", "link:1", BEN).text
    assert "Which address" in desk.types("link somebody", BEN).text
