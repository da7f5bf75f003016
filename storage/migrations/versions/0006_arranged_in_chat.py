"""What ops arrange in chat; who runs the workspace."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0006'
down_revision = '0005'


def upgrade() -> None:
    op.create_table('arrangement',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('keys', sa.JSON(none_as_null=True), nullable=True),
    sa.Column('person_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('at', sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
    sa.Column('undoes', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_arrangement_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_arrangement'))
    )
    with op.batch_alter_table('arrangement', schema=None) as batch_op:
        batch_op.create_index('ix_arrangement_newest', ['kind', 'name', 'id'], unique=False)
    op.add_column('person', sa.Column('admin', sa.Boolean(), nullable=True))
    op.add_column('person', sa.Column('linked_email', sqlmodel.sql.sqltypes.AutoString(), nullable=True))
    op.create_index(op.f('ix_person_linked_email'), 'person', ['linked_email'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_person_linked_email'), 'person')
    op.drop_column('person', 'linked_email')
    op.drop_column('person', 'admin')
    op.drop_table('arrangement')
