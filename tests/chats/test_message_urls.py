"""The URL of a message, put together by each chat's own rules; for whatever is no message of a channel there is none."""

from __future__ import annotations

import pytest

from bot.chats import Posted
from bot.chats.msteams import Options
from bot.chats.msteams.deep_link import deep_link
from bot.chats.slack.permalink import permalink

SITE = "https://northwind.slack.com/"
TENANT = "0d9b645f-597b-41f0-a2a3-ef103fbd91bb"
OURS = Options.model_fields["service_urls"].default


def test_slacks_permalink_is_the_workspace_the_channel_and_the_time_without_its_point() -> None:
    assert permalink(SITE, Posted("C0123", "1355517523.000008")) == "https://northwind.slack.com/archives/C0123/p1355517523000008"
    of_a_company = permalink("https://northwind.enterprise.slack.com/", Posted("G1", "1.000001"))
    assert of_a_company == "https://northwind.enterprise.slack.com/archives/G1/p1000001"


@pytest.mark.parametrize(
    "site", ["", "http://northwind.slack.com/", "https://a.example/?", "https://x@y.example/", "javascript:a//"]
)
def test_while_slack_has_not_told_a_workspaces_own_address_there_is_no_link(site: str) -> None:
    assert permalink(site, Posted("C0123", "1355517523.000008")) == ""


@pytest.mark.parametrize(("channel", "id"), [("D0123", "1.000001"), ("oak-street", "42"), ("C1/../x", "1.000001"), ("C1", "1.1")])
def test_slack_has_links_to_messages_of_channels_only(channel: str, id: str) -> None:
    assert permalink(SITE, Posted(channel, id)) == ""


OAK, THREAD = "19:oak street@thread.tacv2", "19:oak street@thread.tacv2;messageid=1648741500652"


@pytest.mark.parametrize("conversation", [OAK, THREAD])
def test_a_deep_link_names_the_channel_the_message_and_what_is_known_of_them(conversation: str) -> None:
    assert deep_link(Posted(conversation, "1648741500652"), TENANT, OURS) == (
        "https://teams.microsoft.com/l/message/19%3Aoak%20street%40thread.tacv2/1648741500652"
        f"?tenantId={TENANT}&parentMessageId=1648741500652&createdTime=1648741500652"
    )


@pytest.mark.parametrize(
    ("service_urls", "host"),
    [
        (OURS, "teams.microsoft.com"),
        (("https://smba.infra.gov.teams.microsoft.us/teams",), "gov.teams.microsoft.us"),
        (("https://smba.infra.dod.teams.microsoft.us/teams",), "dod.teams.microsoft.us"),
        (("http://127.0.0.1:3978/",), "teams.microsoft.com"),
    ],
)
def test_in_another_cloud_teams_is_where_its_connector_is(service_urls: tuple[str, ...], host: str) -> None:
    assert deep_link(Posted(OAK, "1"), TENANT, service_urls).startswith(f"https://{host}/l/message/19%3A")


@pytest.mark.parametrize(("conversation", "id"), [("a:1qEB", "1648741500652"), ("oak-street", "42"), (OAK, "f:31?x=1"), (OAK, "")])
def test_teams_has_links_to_posts_of_channels_only(conversation: str, id: str) -> None:
    assert deep_link(Posted(conversation, id), TENANT, OURS) == ""
