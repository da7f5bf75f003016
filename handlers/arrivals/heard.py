"""heard: colleagues are a listening post. What a customer told one becomes a follow-up, and they hear what became of it."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection

from handlers import colleagues
from handlers.arranged.who_is_ops import whom_to_ask
from handlers.arrivals.arrival import Arrival
from handlers.cards import Ask, Field, Form, Reply
from handlers.company import Company
from handlers.feedback import Customer, Feedback, FieldError, Metric, Moment
from handlers.receive import receive
from handlers.rules import Route, When
from handlers.situation import Tap, Word
from handlers.team import Team
from handlers.wording import masking
from handlers.wording.language import gettext as _

SOURCE = "frontline"
"""The source under which feedback that colleagues passed on is stored; routes may name it."""
MOST_WORDS = 2500
MOST_REACH = 60
"""Characters of what is no e-mail; a telephone number must not lose its last digits."""
FORM_ID = 16


def kinds() -> dict[str, str]:
    """Returns what a colleague can pass on, by the tag that is stored."""
    return {
        "customer": _("A customer told me"),
        "customers": _("Customers keep asking"),
        "idea": _("My own idea"),
    }


def heard(tx: Connection, company: Company, word: Word) -> Reply:
    """The typed word, with the text that follows it, if any; a message that was passed on arrives in the same way."""
    teams = company.within_reach(word.person)
    if not teams:
        text = _("No team has a channel in this workspace, so nobody would follow it up. Please ask {whom}.")
        return Reply(text.format(whom=whom_to_ask(tx, company, word.person)))
    here = next((team.name for team in teams if word.place in team.channels), teams[0].name)
    return Reply(form=_form(teams, here, word.rest[:MOST_WORDS]))


def pass_on(tx: Connection, company: Company, tap: Tap) -> Reply:
    """The submitted form of `heard`. It asks for a team only if there are several. A form delivered twice is stored once."""
    teams = company.within_reach(tap.person)
    words, kind = tap.answer("words"), tap.answer("kind")
    team = next((each for each in teams if each.name == tap.answer("team")), teams[0] if len(teams) == 1 else None)
    errors = {}
    if not words:
        errors["words"] = _("Please write what you heard.")
    if kind not in kinds():
        errors["kind"] = _("Please choose where it comes from.")
    if team is None:
        errors["team"] = _("Please choose who should look after it.")
    if not teams:
        return Reply(_nobody(whom_to_ask(tx, company, tap.person)))
    name, reach = tap.answer("name"), tap.answer("reach")
    if len(reach) > MOST_REACH and "@" not in reach:
        errors["reach"] = _("Please keep this to {n} characters.").format(n=MOST_REACH)
    if errors or team is None:
        return Reply(errors=errors, form=_form(teams, tap.answer("team"), words))
    who = colleagues.remember(tx, tap.person)
    ways = {"email" if "@" in reach else "phone": reach} if reach else {}
    customer = Customer(name=name or None, **ways)
    try:
        said = Feedback(id=_form_id(tap), metric=Metric.COMMENT, comment=words, customer=customer, tags=(kind,))
    except (FieldError, ValueError):
        return Reply(errors={"words": _("That is too long; please make it shorter.")}, form=_form(teams, team.name, ""))
    [receipt] = receive(tx, _listening(company, team, kind), [Arrival(SOURCE, said, tap.at, author_id=who.id)])
    if not receipt.routed:
        return Reply(_nobody(whom_to_ask(tx, company, tap.person)))
    return Reply(
        _("Thank you for passing it on! {team} has it now, and you will read here what became of it.").format(team=team.title)
    )


def _form_id(tap: Tap) -> str:
    """Returns the form's own id, so that a form delivered twice is one follow-up. Forms of an older version share one target, so
    each gets a random id."""
    name = tap.named("heard") or ""
    return name if len(name) == FORM_ID else secrets.token_hex(FORM_ID // 2)


def told(case_words: str, verb: str, outcome: str, done: str) -> str:
    """Returns what the author reads about what became of what they passed on."""
    if verb == "dismiss":
        return _("What you passed on, “{words}”, was looked at. No reply was needed: {outcome}.").format(
            words=case_words, outcome=outcome
        )
    return (
        _("What you passed on, “{words}”, was looked after: {outcome}. {done}")
        .format(words=case_words, outcome=outcome, done=done)
        .strip()
    )


def _nobody(whom: str) -> str:
    return _("No team took it, so it was only written down. Please ask {whom}.").format(whom=whom)


def _listening(company: Company, team: Team, kind: str) -> Company:
    """Returns the company with only the routes that name this source, and a last one that always matches, so that whatever a
    colleague passes on reaches a team."""
    named = [route for route in company.routes if SOURCE in route.when.source]
    moment = Moment.RESCUE if kind == "customer" else Moment.RESPONSE
    chosen = Route(name=_("heard by a colleague"), when=When(source=(SOURCE,)), team=team.name, moment=moment)
    return company.model_copy(update={"routes": (*named, chosen)})


def _form(teams: list[Team], here: str, words: str) -> Form:
    missing = _("Please choose where it comes from.")
    fields = [
        Field(
            "words", _("What did you hear?"), Ask.TEXT, max_length=MOST_WORDS, value=words,
            hint=_("In the customer's own words, if you can."), error=_("Please write what you heard."),
        ),
        Field("kind", _("Where does it come from?"), Ask.CHOICE, tuple(kinds().items()), error=missing, value="customer"),
        Field("name", _("Who was it?"), Ask.TEXT, required=False, max_length=200, short=True),
        Field(
            "reach", _("How can we reach them?"), Ask.TEXT, required=False, max_length=200, short=True,
            hint=_("E-mail or telephone; only whoever claims it reads it."),
        ),
    ]  # fmt: skip
    if len(teams) > 1:
        options = tuple((team.name, team.title) for team in teams[:100])
        fields.append(
            Field("team", _("Who should look after it?"), Ask.CHOICE, options, error=_("Please choose a team."), value=here)
        )
    intro = _("It becomes a follow-up like any other, and you will hear what became of it.")
    return Form("heard", f"heard:{secrets.token_hex(FORM_ID // 2)}", _("What did you hear?"), intro, _("Pass it on"), tuple(fields))


def first_words(comment: str, customer: Customer, team: Team) -> str:
    """Returns the beginning of the comment, enough to recognise it, masked as in a channel of the team."""
    words = " ".join(masking.hide(comment, customer, team).split())
    return words if len(words) <= 80 else words[:79].rstrip() + "…"
