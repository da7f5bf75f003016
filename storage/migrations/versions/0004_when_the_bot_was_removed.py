"""When the bot was removed from a person or a channel of Microsoft Teams."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.add_column('msteams_person', sa.Column('parted_s', sa.Float(), nullable=True))
    op.add_column('msteams_channel', sa.Column('left_s', sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column('msteams_channel', 'left_s')
    op.drop_column('msteams_person', 'parted_s')
