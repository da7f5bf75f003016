"""The URL of a message in Slack, put together without a call: what chat.getPermalink returns for a message of its own. Pure."""

from __future__ import annotations

import re

from bot.chats import Posted

SITE = re.compile(r"https://[a-z0-9.-]+/")
CHANNEL = re.compile(r"[CG][A-Z0-9]+")
TS = re.compile(r"([0-9]+)\.([0-9]{6})")


def permalink(site: str, posted: Posted) -> str:
    """Returns the URL of a message in a channel of the workspace at `site`, such as `https://northwind.slack.com/`; empty if one of
    the three is anything else."""
    ts = TS.fullmatch(posted.id)
    if ts is None or not SITE.fullmatch(site) or not CHANNEL.fullmatch(posted.channel):
        return ""
    return f"{site}archives/{posted.channel}/p{ts[1]}{ts[2]}"
