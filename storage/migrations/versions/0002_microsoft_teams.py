"""Where Microsoft Teams can be spoken to: channels and people."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0002'
down_revision = '0001'


def upgrade() -> None:
    op.create_table('msteams_channel',
    sa.Column('id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('team_id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('team_name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('tenant', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('service_url', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('installed', sa.Boolean(), nullable=False),
    sa.Column('blocked_s', sa.Float(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_msteams_channel'))
    )
    with op.batch_alter_table('msteams_channel', schema=None) as batch_op:
        batch_op.create_index('ix_msteams_channel_team', ['team_id'], unique=False)

    op.create_table('msteams_person',
    sa.Column('id', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('conversation_id', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('seen_in', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('tenant', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('service_url', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('installed', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_msteams_person'))
    )
    with op.batch_alter_table('msteams_person', schema=None) as batch_op:
        batch_op.create_index('ix_msteams_person_conversation', ['conversation_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('msteams_person', schema=None) as batch_op:
        batch_op.drop_index('ix_msteams_person_conversation')

    op.drop_table('msteams_person')
    with op.batch_alter_table('msteams_channel', schema=None) as batch_op:
        batch_op.drop_index('ix_msteams_channel_team')

    op.drop_table('msteams_channel')
