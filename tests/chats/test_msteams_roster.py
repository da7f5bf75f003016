"""Who is in a conversation, as Microsoft Teams tells it."""

from __future__ import annotations

import pytest

from bot.chats.msteams.roster import colleague

OURS, THEIRS = "7e4a47e4-0000-4000-8000-000000000001", "0bad0bad-0000-4000-8000-000000000002"


@pytest.mark.parametrize(
    ("home", "tenant", "believed"),
    [(OURS, OURS, True), (OURS.upper(), OURS, True), (None, OURS, True), (THEIRS, OURS, False), (OURS, "northwind.example", True)],
)
def test_an_address_counts_only_where_our_own_admins_wrote_it_down(home: str | None, tenant: str, believed: bool) -> None:
    """By an address somebody leads a team or is ops; in a shared channel there are people whose admins may write down any."""
    said = {"id": "29:lea", "name": "Lea", "email": "lea@northwind.example", "tenantId": home}
    known = colleague(said, tenant)
    assert known is not None
    assert (known.name, known.email) == ("Lea", "lea@northwind.example" if believed else None)
