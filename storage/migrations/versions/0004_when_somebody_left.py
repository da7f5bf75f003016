"""Of whoever removes the bot from Microsoft Teams it is known when."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'


def upgrade() -> None:
    op.add_column('msteams_person', sa.Column('parted_s', sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column('msteams_person', 'parted_s')
