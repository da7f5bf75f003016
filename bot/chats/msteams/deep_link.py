"""The URL at which Microsoft Teams opens a message of a channel, as its documentation gives it for deep links. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from bot.chats import Posted
from bot.chats.msteams import addresses
from bot.chats.msteams.places import base

HOST = "teams.microsoft.com"
SERVES, OTHER_CLOUDS = "smba.infra.", ".teams.microsoft.us"
"""In other clouds Teams is at the address of its connector without the first two names: smba.infra.gov.teams.microsoft.us."""


def deep_link(posted: Posted, tenant: str, service_urls: Iterable[str]) -> str:
    """Returns the URL of a post that began a thread in a channel; empty for anything else. It omits documented parameters that
    we do not store: the id of the team's Microsoft 365 group, and the names of team and channel."""
    channel = base(posted.channel)
    if not (channel.startswith("19:") and posted.id.isdecimal()):
        return ""
    about = {"tenantId": tenant, "parentMessageId": posted.id, "createdTime": posted.id}
    return f"https://{_host(service_urls)}/l/message/{quote(channel, safe='')}/{posted.id}?{urlencode(about)}"


def _host(service_urls: Iterable[str]) -> str:
    hosts = [found.host for url in service_urls if (found := addresses.server(url)) is not None]
    elsewhere = [host.removeprefix(SERVES) for host in hosts if host.startswith(SERVES) and host.endswith(OTHER_CLOUDS)]
    return elsewhere[0] if elsewhere else HOST
