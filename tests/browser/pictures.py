"""The README's pictures, taken from the practice chat: `make pictures` writes them to docs/pictures.

Beside each picture stands its text, and the picture carries the same text inside, so that a test can tell when the two, or the
page they were taken from, have parted. The bytes of a picture differ from one Chromium to the next; its words do not.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import logging
import struct
import sys
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from playwright.async_api import Browser, Page, async_playwright

from bot.app import web
from bot.clock import HouseClock
from bot.demo import practice_house
from bot.demo.play import moment, play
from bot.demo.week import MONDAY
from bot.house import House
from bot.pages.practice_page import furnish_practice_page
from bot.port import listen
from tests.browser import chromium

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SCREEN = {"width": 390, "height": 720}
ONLY = """
    .top, #tab-feedback, .hush { display: none !important; }
    .list > :not(:nth-last-child(-n + %d)) { display: none !important; }
"""
"""What a phone would show: no clock to push, no customer to be, nothing said to screen readers only, and the end of the talk."""
SAID = """element => [element.innerText, ...[...element.querySelectorAll("textarea")].map(one => one.value),
    ...[...element.querySelectorAll(":checked + span")].map(one => "✓ " + one.innerText)].join("\\n")"""
FRAME = """<body style="margin: 0"><div id="phone" style="display: inline-block; padding: 26px 10px 10px; border-radius: 40px;
    background: #2b2723"><img style="display: block; border-radius: 6px 6px 30px 30px" width="%d" src="data:image/png;base64,%s"></div>"""

PIXELS = """async png => {
    const drawn = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
    const pen = new OffscreenCanvas(drawn.width, drawn.height).getContext("2d");
    pen.drawImage(drawn, 0, 0);
    const pixels = new Blob([pen.getImageData(0, 0, drawn.width, drawn.height).data]), reader = new FileReader();
    await new Promise(done => { reader.onload = done; reader.readAsDataURL(pixels); });
    return [drawn.width, drawn.height, reader.result.split(",")[1]];
}"""


class StandingClock(HouseClock):
    """Stands still until it is pushed, so that a slow machine tells the same times as a fast one."""

    def __init__(self, start: datetime) -> None:
        self._at = start

    def now(self) -> datetime:
        return self._at

    def push_to(self, at: datetime) -> None:
        self._at = max(at, self._at)


@asynccontextmanager
async def friday_morning() -> AsyncIterator[tuple[str, House]]:
    """The demo after its week, on loopback: its address, and its house."""
    async with practice_house(StandingClock) as house:
        furnish_practice_page(house)
        async for _ in play(house):
            pass
        listening = listen("127.0.0.1", 0)
        server = uvicorn.Server(uvicorn.Config(web(house), log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", house
        finally:
            server.should_exit = True
            await serving


async def story(page: Page, address: str, house: House) -> AsyncIterator[tuple[str, Any]]:
    """Ana's morning, and what the team reads on Monday: each picture's name, and the element to take it of."""
    await page.goto(f"{address}/?as=ana")
    yield "new", await only_the_last(page, 2)
    await page.locator("#channel article").last.get_by_role("button", name="I'll reply").click()
    await page.get_by_text("It is yours").wait_for()
    await page.goto(f"{address}/?as=ana&view=private")
    await page.locator("#private").get_by_text("You are replying to Nora").wait_for()
    yield "yours", await only_the_last(page, 2)
    house.clock.push_to(house.clock.now() + timedelta(minutes=25))
    await page.locator("#private article").last.get_by_role("button", name="Done").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Fixed", exact=True).check()
    await form.get_by_label("What did we do").fill("Rang Nora. Her next coffee is on us; the reader is repaired.")
    await form.get_by_label("Product fault").check()
    await form.evaluate("form => { document.activeElement.blur(); form.scrollTop = 0; }")
    yield "done", form
    await form.get_by_role("button", name="Close it").click()
    await form.wait_for(state="hidden")
    await page.goto(f"{address}/?as=ben")
    card = page.locator("#channel article").last
    for told in ("Ana replied after", "Ana closed this"):
        await card.get_by_text(told).wait_for()
    yield "closed", await only_the_last(page, 2)
    async for _ in house.pass_time(moment(house, MONDAY)):
        await all_is_said(house)
    await all_is_said(house)
    await page.goto(f"{address}/?as=lea")
    await card.get_by_text("Customer action heroes").wait_for()
    yield "week", await only_the_last(page, 2)


async def all_is_said(house: House) -> None:
    await house.delivery.until_idle()


async def only_the_last(page: Page, lines: int) -> Any:
    """The conversation with no more than its last lines in it: posts, and where a day begins."""
    await page.add_style_tag(content=ONLY % lines)
    return page.locator("#talk")


async def taken(browser: Browser) -> dict[str, tuple[bytes, str]]:
    """Every picture and its text, by name."""
    made = {}
    context = await browser.new_context(viewport=SCREEN, reduced_motion="reduce", bypass_csp=True)
    page, table = await context.new_page(), await context.new_page()
    async with friday_morning() as (address, house):
        async for name, element in story(page, address, house):
            text = "\n".join(line.strip() for line in (await element.evaluate(SAID)).splitlines() if line.strip()) + "\n"
            await table.set_viewport_size({"width": SCREEN["width"] + 40, "height": SCREEN["height"] + 60})
            await table.set_content(FRAME % (SCREEN["width"], base64.b64encode(await page.screenshot()).decode()))
            png = await table.locator("#phone").screenshot(omit_background=True)
            width, height, pixels = await table.evaluate(PIXELS, base64.b64encode(png).decode())
            made[name] = written(width, height, base64.b64decode(pixels), text), text
        await context.close()
    return made


def written(width: int, height: int, pixels: bytes, text: str) -> bytes:
    """A PNG in 256 colours, a third of what the browser would write, with its text inside. Of each pixel red, green, blue and how
    opaque it is."""
    often = Counter(struct.unpack(f">{width * height}I", pixels))
    palette = [colour.to_bytes(4, "big") for colour, _ in often.most_common(256)]
    place = {colour: min(range(len(palette)), key=lambda at: apart(palette[at], colour.to_bytes(4, "big"))) for colour in often}
    at = bytes(place[colour] for colour in struct.unpack(f">{width * height}I", pixels))
    rows = b"".join(b"\0" + at[row : row + width] for row in range(0, len(at), width))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(kind, body)
        for kind, body in (
            (b"IHDR", struct.pack(">II5B", width, height, 8, 3, 0, 0, 0)),
            (b"PLTE", b"".join(colour[:3] for colour in palette)),
            (b"tRNS", bytes(colour[3] for colour in palette)),
            (b"IDAT", zlib.compress(rows, 9)),
            (b"iTXt", b"Description\0\0\0\0\0" + text.encode()),
            (b"IEND", b""),
        )
    )


def apart(one: bytes, other: bytes) -> int:
    """How different two colours are."""
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


async def with_a_browser(path: str) -> dict[str, tuple[bytes, str]]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=chromium.QUIET)
        made = await taken(browser)
        await browser.close()
    return made


def main(folder: Path) -> None:
    path = chromium.found()
    if path is None:
        sys.exit(chromium.MISSING)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    made = asyncio.run(with_a_browser(path))
    folder.mkdir(parents=True, exist_ok=True)
    for name, (png, text) in made.items():
        (folder / f"{name}.png").write_bytes(png)
        (folder / f"{name}.txt").write_text(text, "utf-8")
    print(f"{', '.join(made)}: in {folder}. Please look at them before they are committed.")


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description="Take the README's pictures anew.")
    asked.add_argument("--to", type=Path, default=FOLDER, help="the folder to write to (docs/pictures)")
    main(asked.parse_args().to)
