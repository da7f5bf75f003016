"""What somebody sees who opens the public address in a browser: three pages in plain HTML, without scripts, drawn once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from handlers.forgetting.retention import Retention
from handlers.wording.public_pages import Page, pages


def routes(company: str, retention: Retention, payloads: timedelta) -> list[BaseRoute]:
    """The first page is that of `/`, unless a chat has that one. `payloads`: how long any of them is kept at most."""
    known = pages(company, retention, payloads)
    return [Route(f"/{name}", _shows(_drawn(name, known))) for name in known]


def _shows(page: str) -> Callable[[Request], Awaitable[Response]]:
    async def show(_: Request) -> Response:
        return HTMLResponse(page)

    return show


def _drawn(name: str, known: Mapping[str, Page]) -> str:
    page = known[name]
    words = "".join(f"<p>{escape(text)}</p>\n" for text in page.words)
    listed = "".join(f"<li>{escape(text)}</li>\n" for text in page.listed)
    others = " · ".join(f'<a href="./{other}">{escape(each.title)}</a>' for other, each in known.items() if other != name)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(page.title)}</title>\n'
        f"<main>\n<h1>{escape(page.title)}</h1>\n{words}{f'<ul>{listed}</ul>' if listed else ''}\n</main>\n<nav>{others}</nav>\n"
    )
