"""A team: who shares a channel, when they are there, what they promise and what their channel may show. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, ConfigDict

from handlers.calendar.hours import OpeningHours
from handlers.calendar.promise import Promise
from handlers.calendar.weeks import Posting
from handlers.feedback import Person, Place
from handlers.ladder import USUAL, Role, Step

SHOWN = frozenset({"words", "touchpoint", "history", "wishes", "owner"})
"""What a channel may be shown beside the score: the customer's words, the touchpoint, earlier low scores, a wish to be called, and
which colleague's customer it is."""


class Team(BaseModel):
    """People who share a channel. `channels` has at least one place; the card is mirrored in all of them.

    `leader`, `backup` and `manager` name people by e-mail, or as `slack:U…`, and user groups as `slack:S…`. A private bundle of
    reminders goes out no earlier than `bundle` after the opening; the weekly post goes out at `posting`. `written` is the place in
    app.yaml, such as `app.yaml:14`; empty when the team was made in chat. `mask` describes numbers that its channel must not read;
    `show` says what else it may. `places` are what answers call the places that it looks after, beside its name and title.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    name: str
    title: str
    channels: tuple[Place, ...]
    hours: OpeningHours
    promise: Promise
    causes: tuple[str, ...]
    leader: tuple[str, ...] = ()
    backup: tuple[str, ...] = ()
    manager: tuple[str, ...] = ()
    ladder: tuple[Step, ...] = USUAL
    bundle: timedelta = timedelta(minutes=15)
    written: str = ""
    posting: Posting = Posting()
    mask: tuple[str, ...] = ()
    show: frozenset[str] = SHOWN
    places: tuple[str, ...] = ()

    @property
    def called(self) -> tuple[str, ...]:
        """Returns all that answers may call it."""
        return (self.name, self.title, *self.places)

    @property
    def workspace(self) -> str:
        """Returns the workspace of its first channel: what happens to its follow-ups is logged there."""
        return self.channels[0].workspace

    @property
    def duties(self) -> Mapping[Role, tuple[str, ...]]:
        """Returns whom app.yaml names for each duty."""
        return {Role.LEADER: self.leader, Role.BACKUP: self.backup, Role.MANAGER: self.manager}

    def reaches(self, person: Person) -> bool:
        """Returns whether the team has a channel in this person's workspace: people elsewhere must not read what it hears."""
        return any(place.is_near(person.place) for place in self.channels)

    def names_as_leader(self, email: str | None) -> bool:
        """Returns whether app.yaml names this e-mail as its leader's. A person's e-mail is known once the chat has told us."""
        return email is not None and email.casefold() in map(str.casefold, self.leader)
