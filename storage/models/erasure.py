"""The tables of what was erased, and of the work that is done once a day."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from storage.models.columns import Row


class Erased(Row, table=True):
    """An answer that was erased, as a keyed hash of where it came from: enough to know it again, and nothing else."""

    hash: str = Field(primary_key=True)
    at: datetime


class HouseKey(Row, table=True):
    """A random key of this installation, made when it is first needed. It outlives a change of `server.secret`."""

    __tablename__ = "house_key"

    name: str = Field(primary_key=True)
    value: str


class Chore(Row, table=True):
    """Work that is done once a day; `done_on` is the last day it was, as 2026-11-25."""

    name: str = Field(primary_key=True)
    done_on: str
