"""The tables of digests: what was said about which period, and who thanked whom for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint

from storage.models.columns import Row, json, key, prose, ref


class Digest(Row, table=True):
    """What was said about one period (such as 2026-W47) to one audience. One row for ever, whatever happens later.

    `kind` is `team`, `leader`, `month`, `own`, or `huddle` or `wins` (whose period is a day); `about` is a team's name or a
    person's id. `state` is `draft` (a leader was shown it), `sent`, `withheld` (there was nothing true to say) or `passed` (it was
    too late, and a later one was posted instead). `snapshot` holds what was said; `choices` holds what people changed or added;
    `version` rises with each choice.
    """

    __table_args__ = (
        UniqueConstraint("kind", "about", "period"),
        CheckConstraint("state IN ('draft', 'sent', 'withheld', 'passed')", name="state"),
    )

    id: int | None = key()
    kind: str
    about: str
    period: str
    state: str
    version: int = 1
    due_at: datetime
    made_at: datetime
    snapshot: dict[str, Any] = json(dict)
    choices: dict[str, Any] = json(dict)


class Thanks(Row, table=True):
    """Somebody thanked a colleague for a story of a digest."""

    __table_args__ = (UniqueConstraint("digest_id", "follow_up_id", "from_id"),)

    id: int | None = key()
    digest_id: int = ref("digest.id")
    follow_up_id: int = ref("follow_up.id")
    from_id: int = ref("person.id")
    to_id: int = ref("person.id")
    note: str = prose()
    at: datetime
