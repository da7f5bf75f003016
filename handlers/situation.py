"""What a verb is given and what it may return. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from handlers.cards import Button, Reply, Target, number
from handlers.case import Case, State
from handlers.company import Company
from handlers.feedback import Person, Place
from handlers.team import Team

if TYPE_CHECKING:
    from storage.prepared import AnyRow


@dataclass(frozen=True, slots=True)
class Tap:
    """A button pressed or a form sent. `answers` is None for a press; an empty answer is a field left blank.

    `people` holds the people chosen in the form's PERSON fields, by field name: the chat looks them up. `at` is the time of the
    house clock, aware, in UTC.
    """

    verb: str
    target: Target
    person: Person
    at: datetime
    answers: Mapping[str, str] | None = None
    people: Mapping[str, Person] | None = None

    def answer(self, name: str) -> str:
        """Returns a form's answer without surrounding space; empty when left blank."""
        return (self.answers or {}).get(name, "").strip()

    def named(self, kind: str) -> str | None:
        """Returns what follows `kind:` in the target, such as `in_time:10` of `list:in_time:10`; None for another kind."""
        said, colon, name = str(self.target).partition(":")
        return name if colon and said == kind else None

    def numbered(self, kind: str) -> int | None:
        """Returns the id in a target such as `raised:17`; None for any other. More may follow it, as in `call:17:3`: see `more`."""
        return number((self.named(kind) or "").partition(":")[0])

    @property
    def more(self) -> Sequence[str]:
        """The parts after the id in a target such as `list:17:in_time:10`."""
        return str(self.target).split(":")[2:]


@dataclass(frozen=True, slots=True)
class Word:
    """A word typed to the bot; `rest` is what follows it. `at` is the time of the house clock, aware, in UTC."""

    person: Person
    place: Place
    at: datetime
    rest: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote in the thread of one of our messages. `posted` is where that message stands, in the chat's own ids; `id`
    identifies what was written. `changed` means that it was edited and `words` are the new text, empty when it was deleted."""

    person: Person
    posted: tuple[str, str]
    id: str
    words: str
    at: datetime
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Away:
    """Until when somebody is away, and who is reminded in their place."""

    until: datetime
    stand_ins: Sequence[Person]


@dataclass(frozen=True, slots=True)
class Situation:
    """A tap with everything needed to decide about it. `actor` and `chosen` are remembered people: they have ids. `leaders` returns
    the ids of those who may decide for the team, `asked` of those whom the ladder asked to step in; `is_one_of` says whether the
    actor is one of these people, in whichever chat; `history` returns the case with what the log knows; `away` says whether
    somebody is away; `ending` returns the act by which somebody ended the case last. They are called only by decisions that need
    them."""

    case: Case
    team: Team
    company: Company
    actor: Person
    tap: Tap
    chosen: Mapping[str, Person] = field(default_factory=dict)
    leaders: Callable[[], Collection[int]] = tuple
    asked: Callable[[], Collection[int]] = tuple
    is_one_of: Callable[[Collection[int]], bool] = lambda ids: False  # noqa: ARG005 - nobody is known in a second chat
    history: Callable[[Case], Case] = lambda case: case
    away: Callable[[Person], Away | None] = lambda _person: None
    ending: Callable[[], AnyRow | None] = lambda: None

    @property
    def is_owner(self) -> bool:
        """Whether this person has the follow-up, in whichever chat they took it."""
        owner, actor = self.case.owner, self.actor
        if owner is None or owner.id == actor.id:
            return owner is not None
        return not owner.place.is_near(actor.place) and self.is_one_of([owner.id])  # in one chat, nobody is two people

    @property
    def is_leader(self) -> bool:
        return self.team.names_as_leader(self.actor.email) or self.is_one_of(self.leaders())

    @property
    def may_steer(self) -> bool:
        """Whether this person may decide about a claimed follow-up."""
        return self.is_owner or self.is_leader

    def new_promise(self) -> dict[str, Any]:
        """Returns the columns that start the promise of a follow-up again with this tap."""
        return promise_anew(self.company, self.case, self.tap.at)

    @property
    def may_step_in(self) -> bool:
        """Whether this person was privately asked to step in, as backup or manager, and either the customer has not heard from us
        since, or help is wanted anyway."""
        return (self.case.contacted_at is None or self.case.help_at is not None) and self.is_one_of(self.asked())


def promise_anew(company: Company, case: Case, at: datetime) -> dict[str, Any]:
    """Returns the columns that start the promise of a follow-up again at that time."""
    until = company.deadlines(case.team, case.route, at)
    return {
        "claim_by": until.claim_by,
        "close_by": until.close_by,
        "promised_at": at,
        "promises": case.promises + 1,
        "rungs_unclaimed": 0,
        "rungs_claimed": 0,
    }


@dataclass(frozen=True, slots=True)
class Change:
    """What a verb wants to happen: columns of the follow-up to set, what to say to the person who tapped, what to log.

    `aloud` posts a sentence about the act in the card's thread. `tell` gets a private message about the follow-up. `remind_at` is
    when the owner asked to be reminded. `confirm`: these people are asked, privately, whether the case may stay ended. `raises`:
    the words and the cause of what keeps happening. `undo` is a button shown with the reply. `verb` is what it is logged
    and told as, where that is not the verb that was pressed.
    """

    columns: Mapping[str, Any]
    reply: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    aloud: bool = False
    tell: Person | None = None
    remind_at: datetime | None = None
    confirm: Collection[int] = ()
    raises: Mapping[str, Any] | None = None
    undo: Button | None = None
    verb: str | None = None


AFRESH: Mapping[str, Any] = {"asked_at": None, "quiet_until": None, "help_at": None}
"""The columns to reset when a follow-up gets another owner, or ends."""
UNCLAIMED: Mapping[str, Any] = {"state": State.NEW, "owner_id": None, "claimed_at": None}
"""The columns of a follow-up that is nobody's again."""

Decision = Change | Reply
