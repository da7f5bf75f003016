"""The tables of what was erased, and of daily chores."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from storage.models.columns import Row


class Erased(Row, table=True):
    """An erased answer, as a keyed hash of its origin: enough to recognise it, and nothing else."""

    hash: str = Field(primary_key=True)
    at: datetime


class HouseKey(Row, table=True):
    """A random key of this installation, made when it is first needed. It outlives a change of `server.secret`."""

    __tablename__ = "house_key"

    name: str = Field(primary_key=True)
    value: str


class Chore(Row, table=True):
    """A daily chore. `done_on`: the last day it was done, as 2026-11-25, or how far a run has come."""

    name: str = Field(primary_key=True)
    done_on: str
