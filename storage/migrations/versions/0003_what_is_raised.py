"""What keeps happening has a table."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = '0003'
down_revision = '0002'

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
TEXT = AutoString()
TIME = UTCDateTime()


def upgrade() -> None:
    op.create_table(
        'raised',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('team', TEXT, nullable=False),
        sa.Column('cause', TEXT, nullable=True),
        sa.Column('words', sa.Text(), nullable=False),
        sa.Column('follow_up_id', BIG, nullable=False),
        sa.Column('raised_by', BIG, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('owner_id', BIG, nullable=True),
        sa.Column('state', TEXT, nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('decided_at', TIME, nullable=True),
        sa.CheckConstraint("state IN ('open', 'doing', 'done', 'no')", name='ck_raised_state'),
        sa.ForeignKeyConstraint(['follow_up_id'], ['follow_up.id'], name='fk_raised_follow_up_id'),
        sa.ForeignKeyConstraint(['owner_id'], ['person.id'], name='fk_raised_owner_id'),
        sa.ForeignKeyConstraint(['raised_by'], ['person.id'], name='fk_raised_raised_by'),
        sa.PrimaryKeyConstraint('id', name='pk_raised'),
    )
    op.create_index('ix_raised_follow_up_id', 'raised', ['follow_up_id'])
    op.create_index('ix_raised_team', 'raised', ['team'])


def downgrade() -> None:
    op.drop_table('raised')
