"""Goal 11: the time from the command to ready, and the idle memory, next to a bare process that imports the same libraries."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench import northwind
from bench.processes import LOAD, SERVER, resident_mb, running, spawned, stop
from bench.report import Figure, Outcome

NAMES = "import atexit, json, sys; atexit.register(lambda: open({file!r}, 'w').write(json.dumps(list(sys.modules)))); "
RUN = "sys.argv[0] = 'hero'; from bot.__main__ import main; main()"
OURS = ("bot", "handlers", "storage", "bench", "__main__")
CHATS = {"slack": ("slack_bolt", "slack_sdk", "aiohttp"), "msteams": ("botbuilder", "botframework", "msrest", "msal", "aiohttp")}
"""The libraries of each chat; msrest imports aiohttp wherever that is installed."""
NEVER = ("matplotlib", "numpy", "pandas")
SETTLED_S = 0.3


def check(rounds: int, folder: Path) -> Outcome:
    """Measure practice alone, Slack, and Microsoft Teams. The latter two are unreachable, which must not matter."""
    figures, absolutes = [], []
    for chat in ("practice", "slack", "msteams"):
        house = northwind.app_yaml(folder / chat, slack=9 if chat == "slack" else None, msteams=9 if chat == "msteams" else None)
        modules = _modules(house)
        taken = [(_hero(house), _bare(modules, folder)) for _ in range(rounds)]
        (ready, mb), (imported, bare_mb) = [[median(both[side][n] for both in taken) for n in (0, 1)] for side in (0, 1)]
        ratios = [median(ours[n] / theirs[n] for ours, theirs in taken) for n in (0, 1)]
        strangers = {name.partition(".")[0] for name in modules} & set(_unwanted(chat))
        figures += [
            Figure(11, f"start to ready, {chat} ÷ importing the same libraries", ratios[0], "×", 1.5, 1.2, "at most"),
            Figure(11, f"memory when idle, {chat} ÷ the same libraries", ratios[1], "×", 1.2, 1.1, "at most"),
            Figure(11, f"libraries loaded that {chat} has no use for", len(strangers), "libraries", 0, 0, "at most"),
        ]
        told = f" ({', '.join(sorted(strangers))} should not be there)" if strangers else ""
        absolutes.append(f"{chat}: {ready:.0f} ms and {mb:.0f} MB beside {imported:.0f} ms and {bare_mb:.0f} MB{told}")
    return Outcome(figures, "; ".join(absolutes))


def _serve(house: Path) -> list[str]:
    return ["serve", "--config", str(house), "--port", "0"]


def _hero(house: Path) -> tuple[float, float]:
    """Returns the milliseconds from the command to the first 200 of /readyz, and the megabytes a moment later."""
    with running(["-m", "bot", *_serve(house)], house.parent / "hero.log") as hero:
        hero.get("/readyz")
        ready = time.perf_counter() - hero.began
        time.sleep(SETTLED_S)
        return ready * 1000, hero.resident_mb


def _bare(modules: Sequence[str], folder: Path) -> tuple[float, float]:
    """Returns the same for a process that only imports."""
    begun = time.perf_counter()
    process = spawned(["-m", "bench.yardsticks.bare_imports"], folder / "bare.log", SERVER)
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{' '.join(modules)}\n")
        process.stdin.flush()
        process.stdout.readline()
        took = time.perf_counter() - begun
        time.sleep(SETTLED_S)
        return took * 1000, resident_mb(process.pid)
    finally:
        stop(process)


def _modules(house: Path) -> list[str]:
    """Returns the modules imported by a bot that is ready, in order of import, without our own."""
    file = house.parent / "modules.json"
    with running(["-c", NAMES.format(file=str(file)) + RUN, *_serve(house)], house.parent / "hero.log", LOAD) as hero:
        hero.get("/readyz")
    return [name for name in json.loads(file.read_text()) if name.partition(".")[0] not in OURS]


def _unwanted(chat: str) -> list[str]:
    return [*NEVER, *({library for libraries in CHATS.values() for library in libraries} - {*CHATS.get(chat, ())})]
