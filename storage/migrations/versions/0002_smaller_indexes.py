"""Indexes over columns that most rows leave open hold only the others."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'

INDEXES = (
    ('ix_message_bundle_id', 'message', 'bundle_id'),
    ('ix_message_remote', 'message', 'remote_id'),
    ('ix_nudge_bundle_id', 'nudge', 'bundle_id'),
    ('ix_nudge_person_id', 'nudge', 'person_id'),
)


def upgrade() -> None:
    for name, table, column in INDEXES:
        op.drop_index(name, table)
        known = sa.text(f'{column} IS NOT NULL')
        op.create_index(name, table, [column], sqlite_where=known, postgresql_where=known)


def downgrade() -> None:
    for name, table, column in INDEXES:
        op.drop_index(name, table)
        op.create_index(name, table, [column])
