"""The tables, one file per subject. Times are aware UTC by the house clock; `_s` are real seconds since 1970."""

from sqlmodel import SQLModel

from storage.models.arrangements import Arrangement
from storage.models.collected import Errand, Payload, Reading
from storage.models.columns import quicken
from storage.models.digests import Digest, Thanks
from storage.models.erasure import Chore, Erased, HouseKey
from storage.models.feedback import Customer, Feedback
from storage.models.followups import Act, FollowUp
from storage.models.messages import Gate, Message
from storage.models.msteams import MsTeamsChannel, MsTeamsPerson
from storage.models.nudges import Bundle, Nudge
from storage.models.people import Duty, Person
from storage.models.practice import PracticePost
from storage.models.raised import Raised
from storage.models.slack import SlackInstallation

__all__ = [
    "Act",
    "Arrangement",
    "Bundle",
    "Chore",
    "Customer",
    "Digest",
    "Duty",
    "Erased",
    "Errand",
    "Feedback",
    "FollowUp",
    "Gate",
    "HouseKey",
    "Message",
    "MsTeamsChannel",
    "MsTeamsPerson",
    "Nudge",
    "Payload",
    "Person",
    "PracticePost",
    "Raised",
    "Reading",
    "SlackInstallation",
    "Thanks",
]

quicken(SQLModel.metadata)
