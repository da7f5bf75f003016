"""A route that is said never to match is never matched, whatever customers say."""

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config.unreachable import why_never
from handlers.feedback import Band, Customer, Feedback, Metric
from handlers.places import TeamOf
from handlers.rules import Comparison, Route, When
from handlers.rules import route as first_match

SOURCES = ("shop", "till")
TAGS = ("Harbour", "harbour", "straße", "STRASSE")
PHRASES = ("refund", "Full refund", "full  refund please", "please")
COMMENTS = ("", "I want a full refund please", "REFUND", "please", "full\nrefund")


def some(*values: object) -> st.SearchStrategy[tuple[object, ...]]:
    return st.one_of(st.just(()), st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True).map(tuple))


comparisons = st.builds(
    Comparison,
    sign=st.sampled_from((">=", "<=", ">", "<", "=")),
    number=st.sampled_from((-1.0, 0.0, 3.0, 6.0, 6.5, 7.0, 9.0, 10.0)),
)
whens = st.builds(
    When,
    source=some(*SOURCES),
    band=some(*Band),
    metric=some(Metric.NPS, Metric.CES, Metric.COMMENT),
    score=st.lists(comparisons, max_size=2).map(tuple),
    tag=some(*TAGS),
    value=st.lists(comparisons, max_size=1).map(tuple),
    wants_contact=st.sampled_from((None, True, False)),
    words=some(*PHRASES),
)
route_lists = st.lists(whens, min_size=1, max_size=5).map(
    lambda all_: [Route(name=str(n), when=when, team="a") for n, when in enumerate(all_)]
)


def samples() -> list[Feedback]:
    scored: list[tuple[Metric, float | None, tuple[float, float] | None]] = [
        (Metric.NPS, score, None) for score in (0.0, 3.0, 6.0, 6.5, 6.9, 7.0, 8.0, 9.0, 10.0)
    ]
    scored += [(Metric.CES, score, scale) for score in (1.0, 3.0, 4.0, 6.5, 7.0) for scale in (None, (7.0, 1.0), (0.0, 10.0))]
    talk = [(Metric.COMMENT, None, None), (Metric.NPS, None, None), (Metric.CES, None, None)]
    return [
        Feedback(
            id="1", metric=m, score=s, scale=scale, comment=words, tags=tags, wants_contact=contact, customer=Customer(value=value)
        )
        for (m, s, scale), words, tags, contact, value in product(
            [*scored, *talk], COMMENTS, ((), ("harbour",), ("STRASSE",)), (True, False), (None, 0.0, 6.5, 10.0, 11.0)
        )
        if words or s is not None
    ]


SAMPLES = samples()


@settings(deadline=None, max_examples=150)
@given(route_lists)
def test_a_route_said_never_to_match_is_reached_by_no_feedback(routes: list[Route]) -> None:
    never = why_never(routes)
    if never:
        reached = {routes.index(found) for f in SAMPLES for source in SOURCES if (found := first_match(f, source, routes))}
        assert not reached & never.keys()


@settings(deadline=None, max_examples=150)
@given(route_lists)
def test_the_routes_named_as_taking_it_stand_above_it(routes: list[Route]) -> None:
    assert all(taker < index for index, takers in why_never(routes).items() for taker in takers)


def never(*whens: When) -> list[int]:
    return list(why_never([Route(name=str(n), when=when, team="a") for n, when in enumerate(whens)]))


def number(text: str) -> tuple[Comparison, ...]:
    return (Comparison.parse(text),)


def test_a_catch_all_hides_all_that_follow() -> None:
    assert never(When(), When(band=(Band.DETRACTOR,)), When(words=("refund",))) == [1, 2]


def test_a_narrower_route_below_a_wider_one_never_matches() -> None:
    assert never(When(value=number(">=1000")), When(value=number(">=10000"), tag=("a",))) == [1]
    assert never(When(words=("refund",)), When(words=("full refund", "REFUND"))) == [1]
    assert never(When(metric=(Metric.NPS,), score=number("<7")), When(metric=(Metric.NPS,), band=(Band.DETRACTOR,))) == [1]


def test_several_routes_may_hide_one_between_them() -> None:
    halves = [When(wants_contact=True), When(wants_contact=False, band=(Band.DETRACTOR, Band.PASSIVE, Band.PROMOTER))]
    assert never(*halves, When(band=(Band.DETRACTOR,))) == [2]
    assert never(*halves, When(tag=("a",))) == []


def test_a_wider_route_below_a_narrower_one_still_matches() -> None:
    assert never(When(value=number(">=10000")), When(value=number(">=1000"))) == []
    assert never(When(score=number("<=6")), When(band=(Band.DETRACTOR,), metric=(Metric.NPS,))) == []
    assert never(When(source=("shop",)), When()) == []
    assert never(When(words=("full refund",)), When(words=("refund",))) == []


def test_conditions_that_contradict_each_other_never_match() -> None:
    assert never(When(metric=(Metric.COMMENT,), band=(Band.DETRACTOR,))) == [0]
    assert never(When(metric=(Metric.NPS,), band=(Band.PROMOTER,), score=number("<9"))) == [0]
    assert never(When(band=(Band.UNSCORED,), score=number(">=1"))) == [0]
    assert never(When(value=number("<0"))) == [0]


SHOPS = {"oak": "oak-street", "oak-street": "oak-street", "harbour": "harbour"}
WITH_ONE_MADE_IN_CHAT = SHOPS | {"mill lane": "mill-lane"}
OF_A_PLACE = st.sampled_from((None, *TeamOf))
whens_of_places = st.builds(
    When,
    band=some(Band.DETRACTOR, Band.PROMOTER),
    touchpoint=some("Oak", "oak-street", "harbour", "Mill  Lane"),
    location=some("Oak", "oak-street", "harbour", "Mill  Lane"),
    tag=some("Oak", "oak-street", "harbour", "vip"),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(whens_of_places, OF_A_PLACE), min_size=1, max_size=5))
def test_a_route_to_the_team_of_a_place_that_is_said_never_to_match_is_reached_by_no_feedback(
    asked: list[tuple[When, TeamOf | None]],
) -> None:
    routes = [Route(name=str(n), when=when, team="" if of else "a", team_of=of) for n, (when, of) in enumerate(asked)]
    never = why_never(routes, SHOPS)
    places = (None, "Oak", "oak-street", "harbour", "mill lane")
    tags = ((), ("vip",), ("vip", "Oak"), ("oak-street",), ("harbour", "oak"))
    for score, touchpoint, location, tagged in product((3, 10), places, places, tags):
        customer = Customer(location=location)
        said = Feedback(id="1", metric=Metric.NPS, score=score, touchpoint=touchpoint, tags=tagged, customer=customer)
        for known in (SHOPS, WITH_ONE_MADE_IN_CHAT):
            found = first_match(said, "shop", routes, known)
            assert found is None or int(found.name) not in never


def of_places(*asked: tuple[When, TeamOf | None]) -> list[int]:
    return list(why_never([Route(name=str(n), when=when, team_of=of) for n, (when, of) in enumerate(asked)], SHOPS))


def test_a_route_to_the_team_of_a_place_takes_only_what_names_one() -> None:
    unhappy = When(band=(Band.DETRACTOR,))
    assert of_places((unhappy, TeamOf.TOUCHPOINT), (unhappy, None)) == []
    assert of_places((unhappy, TeamOf.TOUCHPOINT), (unhappy, TeamOf.TOUCHPOINT)) == [1]
    assert of_places((unhappy, TeamOf.TOUCHPOINT), (unhappy, TeamOf.LOCATION)) == []
    assert of_places((unhappy, None), (unhappy, TeamOf.TAG)) == [1]


def test_it_stands_for_the_plain_routes_of_its_places() -> None:
    oak, mill = When(touchpoint=("OAK", "harbour")), When(touchpoint=("oak", "mill lane"))
    assert of_places((When(), TeamOf.TOUCHPOINT), (oak, None), (mill, None)) == [1]
    assert of_places((When(touchpoint=("oak", "mill lane")), None), (mill, TeamOf.TOUCHPOINT)) == [1]
    assert of_places((When(tag=("oak",)), None), (When(tag=("vip",)), TeamOf.TAG)) == []
    assert of_places((When(touchpoint=("mill lane",)), TeamOf.TOUCHPOINT)) == [], "another warning says that no team is called so"


def test_what_a_team_is_called_that_is_made_in_chat_may_still_match() -> None:
    mill = When(touchpoint=("oak", "mill lane"))
    assert of_places((When(touchpoint=tuple(SHOPS)), None), (When(), TeamOf.TOUCHPOINT)) == []
    assert of_places((When(touchpoint=("oak",)), None), (mill, TeamOf.TOUCHPOINT)) == []
