"""The weekly post: whose customer an answer was, what was said of which week, who thanked whom."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0003'
down_revision = '0002'

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
LOW = {"sqlite_where": sa.text("band = 'detractor'"), "postgresql_where": sa.text("band = 'detractor'")}
REOPENED = {"sqlite_where": sa.text("verb = 'reopen'"), "postgresql_where": sa.text("verb = 'reopen'")}
SEEN_BEFORE = "UPDATE feedback SET team = (SELECT follow_up.team FROM follow_up WHERE follow_up.feedback_id = feedback.id)"


def upgrade() -> None:
    op.add_column('feedback', sa.Column('team', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.execute(SEEN_BEFORE)
    op.add_column('follow_up', sa.Column('taken_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.execute("UPDATE follow_up SET taken_at = claimed_at")
    op.drop_index('ix_feedback_customer_low', 'feedback')
    op.create_index('ix_feedback_customer', 'feedback', ['customer_id', 'received_at'], unique=False)
    op.create_index('ix_feedback_team', 'feedback', ['team', 'received_at'], unique=False)
    op.create_index('ix_act_reopened', 'act', ['at'], unique=False, **REOPENED)
    op.add_column('person', sa.Column('naming', sqlmodel.sql.sqltypes.AutoString(), nullable=True))

    op.create_table('digest',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('about', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('period', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('due_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('made_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('snapshot', sa.JSON(), nullable=False),
    sa.Column('choices', sa.JSON(), nullable=False),
    sa.CheckConstraint("state IN ('draft', 'sent', 'withheld', 'passed')", name=op.f('ck_digest_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_digest')),
    sa.UniqueConstraint('kind', 'about', 'period', name='uq_digest_kind_about_period')
    )
    op.create_table('thanks',
    sa.Column('id', BIG, autoincrement=True, nullable=False),
    sa.Column('digest_id', BIG, nullable=False),
    sa.Column('follow_up_id', BIG, nullable=False),
    sa.Column('from_id', BIG, nullable=False),
    sa.Column('to_id', BIG, nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.ForeignKeyConstraint(['digest_id'], ['digest.id'], name=op.f('fk_thanks_digest_id')),
    sa.ForeignKeyConstraint(['follow_up_id'], ['follow_up.id'], name=op.f('fk_thanks_follow_up_id')),
    sa.ForeignKeyConstraint(['from_id'], ['person.id'], name=op.f('fk_thanks_from_id')),
    sa.ForeignKeyConstraint(['to_id'], ['person.id'], name=op.f('fk_thanks_to_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_thanks')),
    sa.UniqueConstraint('digest_id', 'follow_up_id', 'from_id', name='uq_thanks_digest_id_follow_up_id_from_id')
    )


def downgrade() -> None:
    op.drop_table('thanks')
    op.drop_table('digest')
    op.drop_column('person', 'naming')
    op.drop_index('ix_act_reopened', 'act', **REOPENED)
    op.drop_index('ix_feedback_team', 'feedback')
    op.drop_index('ix_feedback_customer', 'feedback')
    op.create_index('ix_feedback_customer_low', 'feedback', ['customer_id', 'received_at'], unique=False, **LOW)
    op.drop_column('follow_up', 'taken_at')
    op.drop_column('feedback', 'team')
