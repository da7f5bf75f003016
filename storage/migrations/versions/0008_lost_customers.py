"""When a customer was lost."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0008'
down_revision = '0007'

LOST = {"sqlite_where": sa.text("lost_at IS NOT NULL"), "postgresql_where": sa.text("lost_at IS NOT NULL")}
MARKED = {"sqlite_where": sa.text("verb = 'lost'"), "postgresql_where": sa.text("verb = 'lost'")}


def upgrade() -> None:
    op.add_column('follow_up', sa.Column('lost_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.create_index('ix_follow_up_lost', 'follow_up', ['lost_at'], unique=False, **LOST)
    op.create_index('ix_act_lost', 'act', ['follow_up_id'], unique=False, **MARKED)


def downgrade() -> None:
    op.drop_index('ix_act_lost', 'act', **MARKED)
    op.drop_index('ix_follow_up_lost', 'follow_up', **LOST)
    op.drop_column('follow_up', 'lost_at')
