"""Reading a file loads no chat library: `hero check` answers at once."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {"slack_bolt", "slack_sdk", "botbuilder", "sqlmodel", "uvicorn", "httpx", "aiohttp", "apscheduler", "alembic", "jinja2"}


def test_checking_a_file_imports_no_heavy_library() -> None:
    code = (
        "import sys, bot.config.check as check, bot.config as config;"
        "check.findings(config.load('app.yaml', environ={})); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {module.partition(".")[0] for module in done.stdout.split()} & HEAVY == set()
