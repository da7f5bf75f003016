"""The keys of messages: only this file builds and parses them. A key is unique for ever, so nothing is posted twice."""

from __future__ import annotations

from collections.abc import Iterable

MOST_CHANNELS = 20
"""The most channels of a team in which one message may stand."""


def card(follow_up_id: int) -> str:
    return f"card:{follow_up_id}"


def line(act_id: int) -> str:
    return f"line:{act_id}"


def private(follow_up_id: int, person_id: int) -> str:
    return f"private:{follow_up_id}:{person_id}"


def answer(follow_up_id: int, channel: str, id: str) -> str:
    """Returns the key of a private answer about this follow-up; `channel` and `id` say where it stands, in the chat's own ids."""
    return f"answer:{follow_up_id}:{channel}:{id}"


def closing(follow_up_id: int, act_id: int, person_id: int) -> str:
    return f"closing:{follow_up_id}:{act_id}:{person_id}"


def told(act_id: int) -> str:
    return f"told:{act_id}"


def became(raised_id: int, state: str) -> str:
    return f"became:{raised_id}:{state}"


def bundle(bundle_id: int) -> str:
    return f"bundle:{bundle_id}"


def welcome(change: int) -> str:
    return f"welcome:{change}"


def link_request(change: int, person_id: int) -> str:
    return f"wish:{change}:{person_id}"  # stored under this word, as its kind is


def silent(period: str, person_id: int) -> str:
    return f"silent:{period}:{person_id}"


def thanks(thanks_id: int) -> str:
    return f"thanks:{thanks_id}"


def of_team(kind: str, team: str, period: str) -> str:
    """Returns the key of a post to a team's channels: `digest`, `huddle` or `wins`, with its week or day, or `opening`, with its
    moment in seconds since 1970."""
    return f"{kind}:{team}:{period}"


def about_digest(kind: str, digest_id: int, person_id: int | str) -> str:
    """Returns the key of what one person sees of a post."""
    return f"{kind}:{digest_id}:{person_id}"


def of_whoever(kind: str, digest_id: int) -> str:
    """Returns the prefix that the keys of `about_digest` share, whoever the person is."""
    return f"{kind}:{digest_id}:"


def in_channel(key: str, n: int) -> str:
    """Returns the key of the same message in the team's n-th channel, counted from 0."""
    return key if n == 0 else f"{key}:{n + 1}"


def number_of(key: str) -> int:
    """Returns n for a key that `in_channel` made."""
    kind, *rest = key.split(":")
    number = rest[1 if kind in ("card", "line") else 2 :]  # the others are of a team and a period
    return int(number[0]) - 1 if number else 0


def in_first_channel(key: str) -> str:
    """Returns the key of the same message in the team's first channel."""
    n = number_of(key)
    return key.removesuffix(f":{n + 1}") if n else key


def in_all_channels(keys: Iterable[str]) -> list[str]:
    return [in_channel(key, n) for key in keys for n in range(MOST_CHANNELS)]


def parts(key: str) -> list[str]:
    """Returns the parts of a key after the kind. The number of the channel comes last; the first channel has none."""
    return key.split(":")[1:]


def id_in(key: str) -> int:
    """Returns the id that follows the kind in a key, as in `thanks:17`."""
    return int(parts(key)[0])
