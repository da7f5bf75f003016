"""The emulator as a process of its own, for storms that kill the bot and for benches.

It prints `listening http://127.0.0.1:PORT/api/` and serves until SIGTERM or Ctrl-C. GET /_log shows posts, violations,
rejections and calls; --log writes each accepted post, edit and deletion as a line of JSON, at once.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

from tests.emulators.slack.emulator import Slack
from tests.emulators.slack.faults import KINDS


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.emulators.slack", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0, help="of the faults; the same seed strikes the same calls")
    parser.add_argument("--fail", type=float, default=0.0, metavar="SHARE", help="share of calls answered 500, not accepted")
    parser.add_argument("--drop", type=float, default=0.0, metavar="SHARE", help="share of calls accepted without an answer")
    parser.add_argument("--late", type=float, default=0.0, metavar="SHARE", help="share of calls accepted after the caller gave up")
    parser.add_argument("--late-by", type=float, default=0.0, metavar="SECONDS", help="how long after that")
    parser.add_argument("--chance", action="append", default=[], metavar="KIND=SHARE", help=f"any other fault: {', '.join(KINDS)}")
    parser.add_argument("--faulty", action="append", metavar="METHOD", help="let faults strike this method only; may be repeated")
    parser.add_argument("--rate", type=float, default=1.0, help="posts per second and channel, 0 for no limit")
    parser.add_argument("--burst", type=int, default=1)
    parser.add_argument("--time-scale", type=float, default=1.0, help="real seconds per platform second")
    parser.add_argument("--channels", type=int, default=0, metavar="N", help="make the channels C000001 to N")
    parser.add_argument("--channel", action="append", default=[], metavar="ID", help="make this channel; may be repeated")
    parser.add_argument(
        "--user", action="append", default=[], metavar="ID[=NAME[=EMAIL]]", help="make this person; may be repeated"
    )
    parser.add_argument("--token", default="xoxb-emulated")
    parser.add_argument("--signing-secret", default="emulated-signing-secret")
    parser.add_argument("--log", type=Path, help="append accepted posts, edits and deletions to this JSONL file")
    return parser.parse_args()


def main() -> None:
    given = _arguments()
    chances = {"500": given.fail, "drop": given.drop, "late": given.late}
    chances |= {kind: float(share) for kind, _, share in (text.partition("=") for text in given.chance)}
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    with Slack(
        port=given.port,
        token=given.token,
        signing_secret=given.signing_secret,
        seed=given.seed,
        chances={kind: share for kind, share in chances.items() if share},
        faulty=given.faulty,
        late_by=given.late_by,
        rate=given.rate,
        burst=given.burst,
        time_scale=given.time_scale,
        log=given.log,
    ) as slack:
        for id in (*given.channel, *(f"C{number:06d}" for number in range(1, given.channels + 1))):
            slack.channel(id)
        for text in given.user:
            id, name, email = (*text.split("="), "", "")[:3]
            slack.user(id, name or None, email=email or None)
        print(f"listening {slack.api_url}", flush=True)
        over.wait()


if __name__ == "__main__":
    main()
