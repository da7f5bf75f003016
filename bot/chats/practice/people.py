"""The made-up people of the practice chat."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.feedback import MAIN_WORKSPACE, Person


@dataclass(frozen=True, slots=True)
class Member:
    """A person to act as. `id` is their user id in the practice chat."""

    id: str
    name: str
    role: str
    email: str

    @property
    def initials(self) -> str:
        return "".join(word[0] for word in self.name.split())[:2].upper()

    @property
    def person(self) -> Person:
        return Person("practice", MAIN_WORKSPACE, self.id, self.name, email=self.email)


# Must include everybody whom the shipped app.yaml names.
PEOPLE = (
    Member("ana", "Ana", "Shop floor, Oak Street", "ana@northwind.example"),
    Member("ben", "Ben", "Support desk", "ben@northwind.example"),
    Member("lea", "Lea", "Leader, Oak Street", "lea@northwind.example"),
    Member("omar", "Omar", "Leader, Harbour", "omar@northwind.example"),
    Member("ida", "Ida", "Leader, Online shop", "ida@northwind.example"),
    Member("kim", "Kim", "Operations", "kim@northwind.example"),
)

_BY_ID = {member.id: member for member in PEOPLE}


def member(user_id: str) -> Member | None:
    """Returns the person with this user id; None when nobody has it."""
    return _BY_ID.get(user_id)
