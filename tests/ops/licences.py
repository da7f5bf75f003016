"""Writes docs/licences.md: under which terms each library of requirements.lock may be used. Run by `make licences`."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/licences.md"
HEAD = """# Licences of the libraries

Written by `make licences` from what the libraries say about themselves; a test holds it against `requirements.lock`.

| library | licence |
| --- | --- |
"""
ELSEWHERE = {"colorama": "BSD-3-Clause"}
"""Libraries that are installed on other kinds of machines only."""
USUAL = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "BSD License": "BSD",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "Python Software Foundation License": "PSF-2.0",
    "ISC License (ISCL)": "ISC",
}


def locked() -> list[str]:
    """The libraries the bot runs with, by name."""
    return sorted(
        set(re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)), key=str.lower
    )


def licence(name: str) -> str | None:
    """What the library says, in SPDX's words where they are known; None where it is not installed on this kind of machine."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return None
    said = about.get("License-Expression") or ""
    listed = [
        each.rpartition(" :: ")[2] for each in about.get_all("Classifier", ()) if each.startswith("License :: OSI Approved ::")
    ]
    said = said or " or ".join(listed) or (about.get("License") or "").strip().split("\n")[0]
    return " or ".join(USUAL.get(part, part) for part in said.split(" or ")) or "unknown"


def page(before: str = "") -> str:
    """The page. What cannot be looked up here keeps what stood there before."""
    known = dict(re.findall(r"^\| (\S+) \| (.*) \|$", before, re.MULTILINE))
    return HEAD + "".join(
        f"| {name} | {licence(name) or ELSEWHERE.get(name) or known.get(name, 'unknown')} |\n" for name in locked()
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8") if PAGE.exists() else ""), "utf-8")
