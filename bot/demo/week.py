"""A week at Northwind Coffee: who says what, and who does what about it. Times are local to the company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

BEGINS = datetime(2026, 11, 16, 8, 0)  # noqa: DTZ001  (the caller attaches the company's time zone)


@dataclass(frozen=True, slots=True)
class CustomerSaid:
    """A customer answers a survey. `feedback` is a payload of a source of kind `plain`."""

    at: str
    feedback: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Did:
    """Somebody presses a button on the case opened by the feedback `about`, and fills in the form if it has one."""

    at: str
    who: str
    verb: str
    about: str
    answers: Mapping[str, str] | None = None


def _nps(number: str, score: int, comment: str, name: str, **more: Any) -> dict[str, Any]:
    email = f"{name.split(maxsplit=1)[0].lower()}@mail.example"
    customer = {"key": f"c-{number}", "name": name, "email": email} | more.pop("customer", {})
    return {"id": f"r-{number}", "metric": "nps", "score": score, "comment": comment, "customer": customer} | more


WEEK: tuple[CustomerSaid | Did, ...] = (
    CustomerSaid(
        "Mon 09:12",
        _nps(
            "1001",
            3,
            "Waited 45 minutes for my order and nobody came to help.",
            "Dana Reyes",
            touchpoint="collection",
            wants_contact=True,
            customer={"phone": "+47 400 00 000"},
        ),
    ),
    Did("Mon 09:20", "ana", "claim", "r-1001"),
    Did("Mon 09:20", "ben", "claim", "r-1001"),
    Did("Mon 09:41", "ana", "contacted", "r-1001"),
    Did(
        "Mon 09:55",
        "ana",
        "close",
        "r-1001",
        {"outcome": "fixed", "done": "Called Dana, apologised and sent the order by taxi.", "cause": "waiting time"},
    ),
    CustomerSaid("Mon 14:30", _nps("1002", 10, "Best flat white in town.", "Jonas Lie")),
    CustomerSaid(
        "Tue 10:05",
        _nps(
            "1003",
            4,
            "Third invoice in a row with a mistake in it. We are looking around.",
            "Erik Holm",
            touchpoint="invoice",
            customer={"company": "Holm Offices", "value": 48000, "currency": "NOK"},
        ),
    ),
    Did("Tue 10:15", "ben", "claim", "r-1003"),
    Did("Tue 10:30", "ben", "hand_over", "r-1003", {"to": "lea", "words": "I told him we call before three."}),
    Did("Tue 11:10", "lea", "note", "r-1003", {"note": "Finance corrects all three today; I ring him at two."}),
    Did(
        "Tue 14:20",
        "lea",
        "close",
        "r-1003",
        {"outcome": "fixed", "done": "Rang Erik, corrected the three invoices and named one contact for him.", "cause": "service"},
    ),
    CustomerSaid("Wed 12:02", _nps("1004", 2, "", "Mia Berg", touchpoint="counter")),
    CustomerSaid("Wed 12:06", _nps("1004", 2, "The new lids leak. Coffee all over my coat.", "Mia Berg", touchpoint="counter")),
    Did("Wed 12:15", "kim", "dismiss", "r-1004", {"reason": "no-problem"}),
    Did("Wed 12:16", "kim", "reopen", "r-1004"),
    Did("Wed 12:25", "ana", "claim", "r-1004"),
    CustomerSaid("Wed 17:10", _nps("1005", 5, "Nobody answers the phone after five.", "Per Aas", touchpoint="phone")),
    CustomerSaid(
        "Fri 09:05",
        _nps(
            "1006",
            6,
            "Friendly people, but the card reader was down again and I had no cash on me.",
            "Nora Vik",
            touchpoint="counter",
        ),
    ),
)
"""Five unhappy customers: two helped, one claimed and being helped, one that nobody claimed in time, one who has just written."""

ENDS = "Fri 09:10"

AND_THEN: tuple[CustomerSaid | Did, ...] = (
    Did("Fri 09:30", "lea", "claim", "r-1005"),
    Did(
        "Fri 10:05",
        "lea",
        "close",
        "r-1005",
        {"outcome": "fixed", "done": "Rang Per; after five the phone rings at the counter now.", "cause": "service"},
    ),
    Did(
        "Fri 10:20",
        "ana",
        "close",
        "r-1004",
        {"outcome": "fixed", "done": "Paid for cleaning Mia's coat and took the lids off the shelf.", "cause": "product fault"},
    ),
    Did("Fri 10:40", "ben", "claim", "r-1006"),
    Did(
        "Fri 11:15",
        "ben",
        "close",
        "r-1006",
        {"outcome": "partly", "done": "Offered Nora a coffee; a new card reader comes on Tuesday.", "cause": "product fault"},
    ),
)
"""How the week may go on, so that the text version of the demo ends well."""

MONDAY = "next Mon 09:00"
"""When the weekly post has gone out."""
