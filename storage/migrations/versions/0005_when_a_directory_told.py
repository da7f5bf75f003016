"""When a directory named a customer last. Of those who never answered, it counts from now."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = '0005'
down_revision = '0004'

TIME = UTCDateTime()


def upgrade() -> None:
    op.add_column('customer', sa.Column('told_at', TIME, nullable=True))
    customer = sa.table('customer', sa.column('id'), sa.column('merged_into'), sa.column('told_at', TIME))
    answers = sa.select(sa.literal(1)).where(sa.table('feedback', sa.column('customer_id')).c.customer_id == customer.c.id)
    silent = (customer.c.merged_into.is_(None), ~answers.exists())
    op.execute(sa.update(customer).where(*silent).values(told_at=datetime.now(UTC)))


def downgrade() -> None:
    op.drop_column('customer', 'told_at')
