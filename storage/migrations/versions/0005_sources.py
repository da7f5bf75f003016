"""How far tools were read, what they only named, payloads to be read again; whose customer it is, and who passed it on."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0005'
down_revision = '0004'


def big():
    return sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('reading',
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('cursor', sa.Text(), nullable=False),
    sa.Column('next_s', sa.Float(), nullable=False),
    sa.Column('lease_s', sa.Float(), nullable=False),
    sa.Column('fence', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('read_s', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_reading'))
    )
    with op.batch_alter_table('reading', schema=None) as batch_op:
        batch_op.create_index('ix_reading_due', ['next_s'], unique=False)

    op.create_table('errand',
    sa.Column('id', big(), autoincrement=True, nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('reference', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('wanted', sa.Integer(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_s', sa.Float(), nullable=False),
    sa.Column('named_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.CheckConstraint("state IN ('waiting', 'parked')", name=op.f('ck_errand_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_errand')),
    sa.UniqueConstraint('source', 'reference', name=op.f('uq_errand_source_reference'))
    )
    with op.batch_alter_table('errand', schema=None) as batch_op:
        batch_op.create_index('ix_errand_due', ['next_s'], unique=False, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))

    op.create_table('payload',
    sa.Column('id', big(), autoincrement=True, nullable=False),
    sa.Column('source', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('received_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('rejected', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payload'))
    )
    with op.batch_alter_table('payload', schema=None) as batch_op:
        batch_op.create_index('ix_payload_source', ['source', 'id'], unique=False)
        batch_op.create_index('ix_payload_received', ['received_at'], unique=False)

    op.add_column('customer', sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('customer', sa.Column('location', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.add_column('follow_up', sa.Column('weighed_at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column('feedback', sa.Column('author_id', big(), nullable=True))


def downgrade() -> None:
    op.drop_column('feedback', 'author_id')
    op.drop_column('follow_up', 'weighed_at')
    op.drop_column('customer', 'location')
    op.drop_column('customer', 'owner')

    with op.batch_alter_table('payload', schema=None) as batch_op:
        batch_op.drop_index('ix_payload_received')
        batch_op.drop_index('ix_payload_source')

    op.drop_table('payload')
    with op.batch_alter_table('errand', schema=None) as batch_op:
        batch_op.drop_index('ix_errand_due')

    op.drop_table('errand')
    with op.batch_alter_table('reading', schema=None) as batch_op:
        batch_op.drop_index('ix_reading_due')

    op.drop_table('reading')
