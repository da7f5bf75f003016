"""How an answer said to reach the customer, where the directory says otherwise."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = '0010'
down_revision = '0009'

GIVEN = ('given_name', 'given_email', 'given_phone')


def upgrade() -> None:
    for name in GIVEN:
        op.add_column('feedback', sa.Column(name, sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    for name in reversed(GIVEN):
        op.drop_column('feedback', name)
