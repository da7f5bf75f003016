"""Kinds of columns, the same on every database, and how constraints are named."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, ForeignKey, Integer, Text
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def big() -> Any:
    return BigInteger().with_variant(Integer, "sqlite")


def key() -> Any:
    return Field(default=None, sa_column=Column(big(), primary_key=True, autoincrement=True))


def ref(target: str, *, nullable: bool = False, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(big(), ForeignKey(target), nullable=nullable, index=index))


def json(default: type[Any]) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


def prose() -> Any:
    return Field(default="", sa_column=Column(Text, nullable=False))
