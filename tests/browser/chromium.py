"""The browser on this machine, and how it is started: quietly, and without asking anybody outside for anything."""

from __future__ import annotations

import shutil

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MISSING = f"No browser was found ({', '.join(BROWSERS)}). Please install one: apt-get install chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def found() -> str | None:
    """Where the browser is, if there is one."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)
