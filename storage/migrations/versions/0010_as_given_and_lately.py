"""How an answer said to reach the customer, where the directory says otherwise; and what happened lately, without reading all."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0010'
down_revision = '0009'

GIVEN = ('given_name', 'given_email', 'given_phone')
SNOOZED = {"sqlite_where": sa.text("verb = 'snooze'"), "postgresql_where": sa.text("verb = 'snooze'")}


def upgrade() -> None:
    for name in GIVEN:
        op.add_column('feedback', sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index('ix_feedback_source', 'feedback', ['source', 'received_at'], unique=False)
    op.create_index('ix_nudge_due_at', 'nudge', ['due_at'], unique=False)
    op.create_index('ix_bundle_at', 'bundle', ['at'], unique=False)
    op.create_index('ix_act_snoozed', 'act', ['at'], unique=False, **SNOOZED)


def downgrade() -> None:
    op.drop_index('ix_act_snoozed', 'act', **SNOOZED)
    op.drop_index('ix_bundle_at', 'bundle')
    op.drop_index('ix_nudge_due_at', 'nudge')
    op.drop_index('ix_feedback_source', 'feedback')
    for name in reversed(GIVEN):
        op.drop_column('feedback', name)
