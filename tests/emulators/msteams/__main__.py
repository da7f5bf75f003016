"""The emulator as a process of its own, for storms that kill the bot and for benches.

It prints `listening` and a line of JSON with the bot's msteams options, and serves until SIGTERM or Ctrl-C. With --bot it adds the
bot to the team at once and tries again until it is heard. GET /_log shows posts, violations, rejections, calls and fetches; --log
writes each accepted post, edit and deletion as a line of JSON, at once.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from pathlib import Path

from tests.emulators.msteams.emulator import MsTeams
from tests.emulators.msteams.faults import KINDS
from tests.emulators.msteams.tenant import HOME


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.msteams", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="of the faults; the same seed strikes the same calls")
    parser.add_argument("--fail", type=float, default=0.0, metavar="SHARE", help="share of calls answered 502, not accepted")
    parser.add_argument("--drop", type=float, default=0.0, metavar="SHARE", help="share of calls accepted without an answer")
    parser.add_argument("--late", type=float, default=0.0, metavar="SHARE", help="share of calls accepted after the caller gave up")
    parser.add_argument("--late-by", type=float, default=0.0, metavar="SECONDS", help="how long after that")
    parser.add_argument("--chance", action="append", default=[], metavar="KIND=SHARE", help=f"any other fault: {', '.join(KINDS)}")
    parser.add_argument("--faulty", action="append", metavar="METHOD", help="let faults strike this method only; may be repeated")
    parser.add_argument("--no-limits", action="store_true", help="take the rate limits away")
    parser.add_argument("--time-scale", type=float, default=1.0, help="real seconds per platform second")
    parser.add_argument("--team", default=HOME, metavar="NAME")
    parser.add_argument("--channel", action="append", default=[], metavar="ID|NAME", help="make this channel; may be repeated")
    parser.add_argument(
        "--user", action="append", default=[], metavar="KEY[=NAME[=EMAIL]]", help="make this person; may be repeated"
    )
    parser.add_argument("--bot", metavar="URL", help="where the bot listens: …/msteams/messages")
    parser.add_argument("--log", type=Path, help="append accepted posts, edits and deletions to this JSONL file")
    return parser.parse_args()


def _install(teams: MsTeams, team: str, over: threading.Event) -> None:
    """Add the bot to the team, retrying until it answers. Without a bot URL it is installed silently."""
    teams.team(team).installed = True
    while teams.bot_url and not over.is_set():
        if all(delivery.delivered for delivery in teams.install(team).wait()):
            return
        over.wait(0.2)


def main() -> None:
    given = _arguments()
    chances = {"502": given.fail, "drop": given.drop, "late": given.late}
    chances |= {kind: float(share) for kind, _, share in (text.partition("=") for text in given.chance)}
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with MsTeams(
        port=given.port,
        seed=given.seed,
        chances={kind: share for kind, share in chances.items() if share},
        faulty=given.faulty,
        late_by=given.late_by,
        limits=not given.no_limits,
        time_scale=given.time_scale,
        log=given.log,
    ) as teams:
        for channel in given.channel:
            teams.channel(channel, team=given.team)
        for text in given.user:
            key, name, email = (*text.split("="), "", "")[:3]
            teams.user(key, name or None, email=email or None)
        teams.bot_url = given.bot
        print(f"listening {json.dumps(teams.options)}", flush=True)
        _install(teams, given.team, over)
        over.wait()


if __name__ == "__main__":
    main()
