"""Who ended a follow-up though the customer names them."""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'

NAMED = {"sqlite_where": sa.text("named_closer_id IS NOT NULL"), "postgresql_where": sa.text("named_closer_id IS NOT NULL")}


def upgrade() -> None:
    # Not a foreign key: SQLite would have to copy the whole table to get one.
    op.add_column('follow_up', sa.Column('named_closer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True))
    op.create_index('ix_follow_up_named_closer', 'follow_up', ['team'], unique=False, **NAMED)


def downgrade() -> None:
    op.drop_index('ix_follow_up_named_closer', 'follow_up', **NAMED)
    op.drop_column('follow_up', 'named_closer_id')
