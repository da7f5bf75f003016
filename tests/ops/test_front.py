"""What somebody reads who opens the public address: an admin who is to approve the app, a works council, a customer."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest
from starlette.applications import Starlette

from bot.pages import front
from handlers.forgetting.retention import Retention

pytestmark = pytest.mark.anyio


async def reads(path: str, company: str = "Northwind Coffee", retention: Retention | None = None) -> str:
    app = Starlette(routes=front.routes(company, retention or Retention(), timedelta(days=7)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://hero.northwind.example") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return answer.text


async def test_the_first_page_says_what_this_is_and_leads_to_the_others() -> None:
    page = await reads("/")
    assert "When a customer tells Northwind Coffee that it let them down, somebody on the team gets back to them" in page
    assert '<a href="./privacy">Privacy</a> · <a href="./terms">Terms of use</a>' in page
    assert '<a href="./">Action Hero</a>' in await reads("/terms")


async def test_the_privacy_page_says_how_long_each_thing_is_kept_here() -> None:
    page = await reads("/privacy", retention=Retention(comment=timedelta(days=730), phone=timedelta(days=1)))
    assert "<li>What customers wrote, and the link to it: 730 days</li>" in page
    assert "<li>Their telephone numbers: 1 day</li>" in page
    assert "<li>What a survey tool sent, as it came, at most: 7 days</li>" in page, "it holds their words and how to reach them"
    forgotten, never = len(Retention.model_fields), 1  # no key of retention forgets where they live and what they were asked about
    assert page.count("until the customer is erased") == forgotten - 2 + never


@pytest.mark.parametrize("path", ["/", "/privacy", "/terms"])
async def test_a_page_names_the_company_and_holds_nothing_live(path: str) -> None:
    page = await reads(path, "Salt & Pepper <script>")
    assert "Salt &amp; Pepper &lt;script&gt;" in page
    assert "<script" not in page
