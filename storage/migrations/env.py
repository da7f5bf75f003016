"""Alembic's environment: migrates our tables on the connection of the current unit of work."""

from alembic import context
from sqlmodel import SQLModel

from storage import models  # noqa: F401  (its import fills the metadata)

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_server_default=True,
)
context.run_migrations()
