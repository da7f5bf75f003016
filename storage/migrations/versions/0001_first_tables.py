"""The first tables: all that the first release has."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = '0001'
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
TEXT = AutoString()
TIME = UTCDateTime()
TABLES = (
    'message', 'thanks', 'nudge', 'act', 'follow_up', 'feedback', 'duty', 'bundle', 'arrangement',
    'slack_installation', 'reading', 'practice_post', 'person', 'payload', 'msteams_person',
    'msteams_channel', 'house_key', 'gate', 'errand', 'erased', 'digest', 'customer', 'chore',
)
"""In an order in which nobody points at one that is gone."""


def where(condition):
    return {'sqlite_where': sa.text(condition), 'postgresql_where': sa.text(condition)}


def upgrade() -> None:
    op.create_table(
        'chore',
        sa.Column('name', TEXT, nullable=False),
        sa.Column('done_on', TEXT, nullable=False),
        sa.PrimaryKeyConstraint('name', name='pk_chore'),
    )
    op.create_table(
        'customer',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('key', TEXT, nullable=False),
        sa.Column('name', TEXT, nullable=True),
        sa.Column('email', TEXT, nullable=True),
        sa.Column('phone', TEXT, nullable=True),
        sa.Column('company', TEXT, nullable=True),
        sa.Column('value', sa.Float(), nullable=True),
        sa.Column('currency', TEXT, nullable=True),
        sa.Column('segment', TEXT, nullable=True),
        sa.Column('owner', TEXT, nullable=True),
        sa.Column('location', TEXT, nullable=True),
        sa.Column('merged_into', BIG, nullable=True),
        sa.PrimaryKeyConstraint('id', name='pk_customer'),
        sa.UniqueConstraint('workspace', 'key', name='uq_customer_workspace_key'),
    )
    op.create_index('ix_customer_email', 'customer', ['email'])
    op.create_index('ix_customer_merged', 'customer', ['merged_into'], **where('merged_into IS NOT NULL'))
    op.create_table(
        'digest',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('kind', TEXT, nullable=False),
        sa.Column('about', TEXT, nullable=False),
        sa.Column('period', TEXT, nullable=False),
        sa.Column('state', TEXT, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('due_at', TIME, nullable=False),
        sa.Column('made_at', TIME, nullable=False),
        sa.Column('snapshot', sa.JSON(), nullable=False),
        sa.Column('choices', sa.JSON(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'sent', 'withheld', 'passed')", name='ck_digest_state'),
        sa.PrimaryKeyConstraint('id', name='pk_digest'),
        sa.UniqueConstraint('kind', 'about', 'period', name='uq_digest_kind_about_period'),
    )
    op.create_table(
        'erased',
        sa.Column('hash', TEXT, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.PrimaryKeyConstraint('hash', name='pk_erased'),
    )
    op.create_table(
        'errand',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('source', TEXT, nullable=False),
        sa.Column('reference', TEXT, nullable=False),
        sa.Column('wanted', sa.Integer(), nullable=False),
        sa.Column('state', TEXT, nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('next_s', sa.Float(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'parked')", name='ck_errand_state'),
        sa.PrimaryKeyConstraint('id', name='pk_errand'),
        sa.UniqueConstraint('source', 'reference', name='uq_errand_source_reference'),
    )
    op.create_index('ix_errand_due', 'errand', ['next_s'], **where("state = 'waiting'"))
    op.create_table(
        'gate',
        sa.Column('key', TEXT, nullable=False),
        sa.Column('chat', TEXT, nullable=False),
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('channel', TEXT, nullable=False),
        sa.Column('idle', sa.Boolean(), nullable=False),
        sa.Column('next_s', sa.Float(), nullable=False),
        sa.Column('lease_s', sa.Float(), nullable=False),
        sa.Column('fence', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('key', name='pk_gate'),
    )
    op.create_index('ix_gate_due', 'gate', ['next_s'], **where('NOT idle'))
    op.create_table(
        'house_key',
        sa.Column('name', TEXT, nullable=False),
        sa.Column('value', TEXT, nullable=False),
        sa.PrimaryKeyConstraint('name', name='pk_house_key'),
    )
    op.create_table(
        'msteams_channel',
        sa.Column('id', TEXT, nullable=False),
        sa.Column('team_id', TEXT, nullable=False),
        sa.Column('name', TEXT, nullable=False),
        sa.Column('team_name', TEXT, nullable=False),
        sa.Column('tenant', TEXT, nullable=False),
        sa.Column('service_url', TEXT, nullable=False),
        sa.Column('installed', sa.Boolean(), nullable=False),
        sa.Column('blocked_s', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_msteams_channel'),
    )
    op.create_index('ix_msteams_channel_team', 'msteams_channel', ['team_id'])
    op.create_table(
        'msteams_person',
        sa.Column('id', TEXT, nullable=False),
        sa.Column('conversation_id', TEXT, nullable=True),
        sa.Column('seen_in', TEXT, nullable=False),
        sa.Column('tenant', TEXT, nullable=False),
        sa.Column('service_url', TEXT, nullable=False),
        sa.Column('installed', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_msteams_person'),
    )
    op.create_index('ix_msteams_person_conversation', 'msteams_person', ['conversation_id'])
    op.create_table(
        'payload',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('source', TEXT, nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('received_at', TIME, nullable=False),
        sa.Column('rejected', sa.Boolean(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name='pk_payload'),
    )
    op.create_index('ix_payload_received', 'payload', ['received_at'])
    op.create_index('ix_payload_source', 'payload', ['source', 'id'])
    op.create_table(
        'person',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('chat', TEXT, nullable=False),
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('user_id', TEXT, nullable=False),
        sa.Column('name', TEXT, nullable=False),
        sa.Column('email', TEXT, nullable=True),
        sa.Column('timezone', TEXT, nullable=True),
        sa.Column('met_at', TIME, nullable=True),
        sa.Column('admin', sa.Boolean(), nullable=True),
        sa.Column('linked_email', TEXT, nullable=True),
        sa.Column('rhythm', TEXT, nullable=False),
        sa.Column('quiet', TEXT, nullable=False),
        sa.Column('naming', TEXT, nullable=True),
        sa.Column('paused_until', TIME, nullable=True),
        sa.Column('away_until', TIME, nullable=True),
        sa.Column('forward_to', BIG, nullable=True),
        sa.ForeignKeyConstraint(['forward_to'], ['person.id'], name='fk_person_forward_to'),
        sa.PrimaryKeyConstraint('id', name='pk_person'),
        sa.UniqueConstraint('chat', 'workspace', 'user_id', name='uq_person_chat_workspace_user_id'),
    )
    op.create_index('ix_person_linked_email', 'person', ['linked_email'])
    op.create_table(
        'practice_post',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('channel', TEXT, nullable=False),
        sa.Column('thread_id', BIG, nullable=True),
        sa.Column('key', TEXT, nullable=False),
        sa.Column('card', sa.JSON(), nullable=False),
        sa.Column('posted_at', TIME, nullable=False),
        sa.Column('edited_at', TIME, nullable=True),
        sa.Column('edits', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['thread_id'], ['practice_post.id'], name='fk_practice_post_thread_id'),
        sa.PrimaryKeyConstraint('id', name='pk_practice_post'),
        sa.UniqueConstraint('key', name='uq_practice_post_key'),
    )
    op.create_index('ix_practice_post_channel', 'practice_post', ['channel', 'id'])
    op.create_table(
        'reading',
        sa.Column('key', TEXT, nullable=False),
        sa.Column('source', TEXT, nullable=False),
        sa.Column('cursor', sa.Text(), nullable=False),
        sa.Column('next_s', sa.Float(), nullable=False),
        sa.Column('lease_s', sa.Float(), nullable=False),
        sa.Column('fence', sa.Integer(), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('read_s', sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint('key', name='pk_reading'),
    )
    op.create_index('ix_reading_due', 'reading', ['next_s'])
    op.create_table(
        'slack_installation',
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('name', TEXT, nullable=False),
        sa.Column('team_id', TEXT, nullable=True),
        sa.Column('enterprise_id', TEXT, nullable=True),
        sa.Column('bot_user', TEXT, nullable=False),
        sa.Column('token', sa.Text(), nullable=False),
        sa.Column('refresh', sa.Text(), nullable=False),
        sa.Column('expires_s', sa.Float(), nullable=False),
        sa.Column('rotating_s', sa.Float(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('workspace', name='pk_slack_installation'),
    )
    op.create_table(
        'arrangement',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('kind', TEXT, nullable=False),
        sa.Column('name', TEXT, nullable=False),
        sa.Column('keys', sa.JSON(none_as_null=True), nullable=True),
        sa.Column('person_id', BIG, nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.Column('undoes', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_arrangement_person_id'),
        sa.PrimaryKeyConstraint('id', name='pk_arrangement'),
    )
    op.create_index('ix_arrangement_newest', 'arrangement', ['kind', 'name', 'id'])
    op.create_table(
        'bundle',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('person_id', BIG, nullable=False),
        sa.Column('day', TEXT, nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_bundle_person_id'),
        sa.PrimaryKeyConstraint('id', name='pk_bundle'),
        sa.UniqueConstraint('person_id', 'day', 'number', name='uq_bundle_person_id_day_number'),
    )
    op.create_index('ix_bundle_at', 'bundle', ['at'])
    op.create_table(
        'duty',
        sa.Column('team', TEXT, nullable=False),
        sa.Column('role', TEXT, nullable=False),
        sa.Column('person_id', BIG, nullable=False),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_duty_person_id'),
        sa.PrimaryKeyConstraint('team', 'role', 'person_id', name='pk_duty'),
    )
    op.create_table(
        'feedback',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('source', TEXT, nullable=False),
        sa.Column('external_id', TEXT, nullable=False),
        sa.Column('fingerprint', TEXT, nullable=False),
        sa.Column('metric', TEXT, nullable=False),
        sa.Column('band', TEXT, nullable=False),
        sa.Column('score', sa.Float(), nullable=True),
        sa.Column('worst', sa.Float(), nullable=False),
        sa.Column('best', sa.Float(), nullable=False),
        sa.Column('comment', sa.Text(), nullable=False),
        sa.Column('customer_id', BIG, nullable=True),
        sa.Column('touchpoint', TEXT, nullable=True),
        sa.Column('tags', sa.JSON(), nullable=False),
        sa.Column('link', TEXT, nullable=True),
        sa.Column('wants_contact', sa.Boolean(), nullable=False),
        sa.Column('occurred_at', TIME, nullable=False),
        sa.Column('received_at', TIME, nullable=False),
        sa.Column('route', TEXT, nullable=True),
        sa.Column('team', TEXT, nullable=True),
        sa.Column('author_id', BIG, nullable=True),
        sa.Column('given_name', TEXT, nullable=True),
        sa.Column('given_email', TEXT, nullable=True),
        sa.Column('given_phone', TEXT, nullable=True),
        sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name='fk_feedback_customer_id'),
        sa.PrimaryKeyConstraint('id', name='pk_feedback'),
        sa.UniqueConstraint('workspace', 'source', 'external_id', name='uq_feedback_workspace_source_external_id'),
    )
    op.create_index('ix_feedback_customer', 'feedback', ['customer_id', 'received_at'])
    op.create_index('ix_feedback_source', 'feedback', ['source', 'received_at'])
    op.create_index('ix_feedback_team', 'feedback', ['team', 'received_at'])
    op.create_table(
        'follow_up',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('feedback_id', BIG, nullable=False),
        sa.Column('team', TEXT, nullable=False),
        sa.Column('route', TEXT, nullable=False),
        sa.Column('moment', TEXT, nullable=False),
        sa.Column('state', TEXT, nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('owner_id', BIG, nullable=True),
        sa.Column('named_closer_id', BIG, nullable=True),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('claim_by', TIME, nullable=False),
        sa.Column('close_by', TIME, nullable=False),
        sa.Column('next_look_at', TIME, nullable=True),
        sa.Column('claimed_at', TIME, nullable=True),
        sa.Column('taken_at', TIME, nullable=True),
        sa.Column('contacted_at', TIME, nullable=True),
        sa.Column('closed_at', TIME, nullable=True),
        sa.Column('promised_at', TIME, nullable=False),
        sa.Column('promises', sa.Integer(), nullable=False),
        sa.Column('state_since', TIME, nullable=False),
        sa.Column('rungs_unclaimed', sa.Integer(), nullable=False),
        sa.Column('rungs_claimed', sa.Integer(), nullable=False),
        sa.Column('held_until', TIME, nullable=True),
        sa.Column('quiet_until', TIME, nullable=True),
        sa.Column('asked_at', TIME, nullable=True),
        sa.Column('help_at', TIME, nullable=True),
        sa.Column('weighed_at', TIME, nullable=True),
        sa.Column('lost_at', TIME, nullable=True),
        sa.Column('outcome', TEXT, nullable=True),
        sa.Column('cause', TEXT, nullable=True),
        sa.Column('done', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('new', 'claimed', 'waiting', 'closed', 'dismissed')", name='ck_follow_up_state'),
        sa.ForeignKeyConstraint(['feedback_id'], ['feedback.id'], name='fk_follow_up_feedback_id'),
        sa.ForeignKeyConstraint(['owner_id'], ['person.id'], name='fk_follow_up_owner_id'),
        sa.PrimaryKeyConstraint('id', name='pk_follow_up'),
        sa.UniqueConstraint('feedback_id', name='uq_follow_up_feedback_id'),
    )
    op.create_index('ix_follow_up_look', 'follow_up', ['next_look_at'], **where('next_look_at IS NOT NULL'))
    op.create_index('ix_follow_up_lost', 'follow_up', ['lost_at'], **where('lost_at IS NOT NULL'))
    op.create_index('ix_follow_up_named_closer', 'follow_up', ['team'], **where('named_closer_id IS NOT NULL'))
    op.create_index('ix_follow_up_open', 'follow_up', ['team', 'id'], **where("state IN ('new', 'claimed', 'waiting')"))
    op.create_index('ix_follow_up_owner_open', 'follow_up', ['owner_id'], **where("state IN ('claimed', 'waiting')"))
    op.create_table(
        'act',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('follow_up_id', BIG, nullable=False),
        sa.Column('verb', TEXT, nullable=False),
        sa.Column('person_id', BIG, nullable=True),
        sa.Column('at', TIME, nullable=False),
        sa.Column('set', sa.JSON(), nullable=False),
        sa.Column('detail', sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(['follow_up_id'], ['follow_up.id'], name='fk_act_follow_up_id'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_act_person_id'),
        sa.PrimaryKeyConstraint('id', name='pk_act'),
    )
    op.create_index('ix_act_follow_up_id', 'act', ['follow_up_id'])
    op.create_index('ix_act_lost', 'act', ['follow_up_id'], **where("verb = 'lost'"))
    op.create_index('ix_act_reopened', 'act', ['at'], **where("verb = 'reopen'"))
    op.create_index('ix_act_snoozed', 'act', ['at'], **where("verb = 'snooze'"))
    op.create_table(
        'nudge',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('follow_up_id', BIG, nullable=False),
        sa.Column('promise', sa.Integer(), nullable=False),
        sa.Column('step', TEXT, nullable=False),
        sa.Column('role', TEXT, nullable=False),
        sa.Column('audience', TEXT, nullable=False),
        sa.Column('person_id', BIG, nullable=True),
        sa.Column('state', TEXT, nullable=False),
        sa.Column('due_at', TIME, nullable=False),
        sa.Column('send_at', TIME, nullable=True),
        sa.Column('sent_at', TIME, nullable=True),
        sa.Column('off_hours', sa.Boolean(), nullable=False),
        sa.Column('bundle_id', BIG, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dropped', 'muted', 'unaddressed')", name='ck_nudge_state'),
        sa.ForeignKeyConstraint(['bundle_id'], ['bundle.id'], name='fk_nudge_bundle_id'),
        sa.ForeignKeyConstraint(['follow_up_id'], ['follow_up.id'], name='fk_nudge_follow_up_id'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_nudge_person_id'),
        sa.PrimaryKeyConstraint('id', name='pk_nudge'),
        sa.UniqueConstraint('follow_up_id', 'promise', 'step', 'audience', name='uq_nudge_follow_up_id_promise_step_audience'),
    )
    op.create_index('ix_nudge_bundle_id', 'nudge', ['bundle_id'])
    op.create_index('ix_nudge_due_at', 'nudge', ['due_at'])
    op.create_index('ix_nudge_due', 'nudge', ['send_at'], **where("state = 'waiting'"))
    op.create_index('ix_nudge_person_id', 'nudge', ['person_id'])
    op.create_table(
        'thanks',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('digest_id', BIG, nullable=False),
        sa.Column('follow_up_id', BIG, nullable=False),
        sa.Column('from_id', BIG, nullable=False),
        sa.Column('to_id', BIG, nullable=False),
        sa.Column('note', sa.Text(), nullable=False),
        sa.Column('at', TIME, nullable=False),
        sa.ForeignKeyConstraint(['digest_id'], ['digest.id'], name='fk_thanks_digest_id'),
        sa.ForeignKeyConstraint(['follow_up_id'], ['follow_up.id'], name='fk_thanks_follow_up_id'),
        sa.ForeignKeyConstraint(['from_id'], ['person.id'], name='fk_thanks_from_id'),
        sa.ForeignKeyConstraint(['to_id'], ['person.id'], name='fk_thanks_to_id'),
        sa.PrimaryKeyConstraint('id', name='pk_thanks'),
        sa.UniqueConstraint('digest_id', 'follow_up_id', 'from_id', name='uq_thanks_digest_id_follow_up_id_from_id'),
    )
    op.create_table(
        'message',
        sa.Column('id', BIG, autoincrement=True, nullable=False),
        sa.Column('key', TEXT, nullable=False),
        sa.Column('kind', TEXT, nullable=False),
        sa.Column('chat', TEXT, nullable=False),
        sa.Column('workspace', TEXT, nullable=False),
        sa.Column('channel', TEXT, nullable=False),
        sa.Column('gate', TEXT, nullable=False),
        sa.Column('follow_up_id', BIG, nullable=True),
        sa.Column('act_id', BIG, nullable=True),
        sa.Column('person_id', BIG, nullable=True),
        sa.Column('bundle_id', BIG, nullable=True),
        sa.Column('thread_of', TEXT, nullable=True),
        sa.Column('wanted', sa.Integer(), nullable=False),
        sa.Column('shown', sa.Integer(), nullable=False),
        sa.Column('state', TEXT, nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('doubts', sa.Integer(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('remote_channel', TEXT, nullable=True),
        sa.Column('remote_id', TEXT, nullable=True),
        sa.Column('created_at', TIME, nullable=False),
        sa.Column('created_s', sa.Float(), nullable=False),
        sa.Column('sent_s', sa.Float(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'shown', 'parked')", name='ck_message_state'),
        sa.ForeignKeyConstraint(['act_id'], ['act.id'], name='fk_message_act_id'),
        sa.ForeignKeyConstraint(['bundle_id'], ['bundle.id'], name='fk_message_bundle_id'),
        sa.ForeignKeyConstraint(['follow_up_id'], ['follow_up.id'], name='fk_message_follow_up_id'),
        sa.ForeignKeyConstraint(['person_id'], ['person.id'], name='fk_message_person_id'),
        sa.PrimaryKeyConstraint('id', name='pk_message'),
        sa.UniqueConstraint('key', name='uq_message_key'),
    )
    op.create_index('ix_message_bundle_id', 'message', ['bundle_id'])
    op.create_index('ix_message_due', 'message', ['gate', 'id'], **where("shown < wanted AND state <> 'parked'"))
    op.create_index('ix_message_follow_up_id', 'message', ['follow_up_id'])
    op.create_index('ix_message_parked', 'message', ['id'], **where("state = 'parked'"))
    op.create_index('ix_message_remote', 'message', ['remote_id'])


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
