"""What the house counts about itself, for Prometheus."""

from __future__ import annotations

import hashlib
import time
from importlib.metadata import version

from prometheus_client import Counter, Gauge, Histogram

feedback = Counter(
    "action_hero_feedback", "Pieces of feedback and refused requests, by what the sender was answered.", ["source", "answer"]
)

unrouted = Counter(
    "action_hero_feedback_unrouted", "Pieces of feedback that matched no route: stored, and nobody was asked.", ["source"]
)
unplaced = Counter(
    "action_hero_feedback_unknown_place",
    "Answers, unhappy or without a score, whose place is no team's, so that a route to the team of the place did not take them.",
    ["source"],
)
missed = Gauge(
    "action_hero_recent_unhappy_unrouted",
    "Answers of the last day, unhappy or without a score, that matched no route; counted once a minute.",
)
collected = Gauge(
    "action_hero_collected_seconds",
    "When a tool that is asked every few minutes was last read, in seconds since 1970; looked up once a minute.",
    ["source"],
)
collecting_failed = Counter("action_hero_collecting_failed", "Questions to a tool that were not answered.", ["source"])
unfetched = Gauge(
    "action_hero_unfetched_answers",
    "Answers that a tool named and that could not be fetched when last tried, by what becomes of them; counted once a minute.",
    ["source", "state"],
)
taps = Counter(
    "action_hero_taps", "Taps and forms, by verb and by what came back: a form, errors in one, or a sentence.", ["verb", "answer"]
)
handling = Histogram(
    "action_hero_handling_seconds", "From a tap read to its commit.", buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3)
)
delivered = Counter("action_hero_delivered", "Messages a chat accepted.", ["chat", "kind"])
collapsed = Counter(
    "action_hero_edits_collapsed", "Changes that never cost an edit of their own, because a newer one was shown instead.", ["chat"]
)
throttled = Counter("action_hero_throttled", "Times a chat asked us to wait.", ["chat"])
doubts = Counter("action_hero_doubts", "Sends whose outcome nobody could say at first.", ["chat"])
perhaps_doubled = Counter("action_hero_perhaps_doubled", "Messages sent again although an earlier send may have arrived.", ["chat"])
safety_net = Counter(
    "action_hero_delivery_safety_net",
    "Lanes found only by looking every so often: `forgotten` counts mistakes of ours, `unwoken` also what other processes wanted.",
    ["how"],
)
parked = Counter("action_hero_parked", "Messages parked for ops, with a reason.", ["chat"])
nudges = Gauge(
    "action_hero_recent_nudges", "Reminders of the last 30 days, by what became of them and for whom.", ["state", "role"]
)
nudges_off_hours = Gauge(
    "action_hero_recent_nudges_outside_opening",
    "Those sent while the team was closed: 0, but for at_once, and for what a message tells of another team that is closed.",
)
bundles = Gauge("action_hero_recent_bundles", "Private messages with reminders, of the last 30 days.")
bundles_per_day = Gauge(
    "action_hero_bundles_most_per_person_and_day",
    "The most that one person had on one day of the last 30; above 2 only where they asked to be reminded.",
)
muted = Gauge("action_hero_people_muted", "People who want no reminders.")
snoozes = Gauge("action_hero_recent_snoozes", "Times somebody snoozed a case in the last 30 days.")
last_tick = Gauge("action_hero_last_tick_seconds", "When the clock last ticked to the end, in seconds since 1970.")
tick_age = Gauge("action_hero_tick_age_seconds", "How long ago that was.")
follow_ups = Gauge("action_hero_follow_ups", "Open follow-ups by team and state, counted once a minute.", ["team", "state"])
past_promise = Gauge(
    "action_hero_customers_past_promise",
    "Customers who still wait for a word from us past our promise, by team; counted once a minute.",
    ["team"],
)
promises = Gauge(
    "action_hero_recent_promises",
    "Customers of the last seven days whom we had let down, by team and by what became of our promise; counted once a minute.",
    ["team", "became"],
)
last_feedback = Gauge(
    "action_hero_last_feedback_seconds",
    "When each source was last heard, in seconds since 1970; looked up once a minute.",
    ["source"],
)
in_doubt = Gauge("action_hero_in_doubt_messages", "Messages that were sent, and nobody knows yet whether they arrived.")
running = Gauge(
    "action_hero_running",
    "1, with the release that runs and the beginning of the SHA-256 of the app.yaml it was started with; replicas have the same.",
    ["release", "app_yaml"],
)
database_up = Gauge("action_hero_database_up", "1 while the database can be read and written, else 0.")
depth = Gauge("action_hero_waiting_messages", "Messages not shown yet, by chat and state.", ["chat", "state"])
oldest = Gauge(
    "action_hero_oldest_waiting_seconds", "Age of the oldest message that was never shown yet, parked ones left out.", ["chat"]
)


def started(app_yaml: bytes) -> None:
    """Note with which file this process has been started. What the file names in the environment is no part of the digest."""
    running.labels(version("action-hero"), hashlib.sha256(app_yaml).hexdigest()[:8]).set(1)


def ticked() -> None:
    """Note that a tick of the clock has just completed."""
    at = time.time()
    last_tick.set(at)
    tick_age.set_function(lambda: time.time() - at)
