"""An emulation of Slack on loopback: it signs, retries, limits, refuses and is pressed like the real one, or is stricter.

It is written from documented facts about Slack and shares no code with bot/chats/slack. What it refuses is in `slack.rejections`,
what came too fast in `slack.violations`, the errors people saw in `slack.errors`: a test of the bot asserts that all are empty.

In a test, synchronous or not (it serves from its own thread):

    with Slack(time_scale=0.05) as slack:
        slack.channel("C1", name="oak-street")
        ana = slack.user("U1", name="Ana Sæther", email="ana@northwind.example")
        # point the bot at slack.api_url with slack.token and slack.signing_secret, then set where it listens:
        slack.bot_url = "http://127.0.0.1:8080/slack/events"
        await slack.eventually(lambda: slack.channel("C1").messages)
        [card] = slack.channel("C1").messages
        seen = await ana.press(card, "Claim")           # or ana.press(card, "claim").wait() in a plain test
        assert "yours" in seen.text and not seen.error
        form = (await ana.press(card, "Close…")).modal
        assert (await ana.submit(form, {})).missing == ["What did you do?"]
        await ana.submit(form, {"What did you do?": "Called her"})
        assert "closed" in str(card) and not card.live_markup()
        assert not slack.rejections and not slack.violations

    await ana.press(card, "Claim", twice=True)          # a double tap
    await ana.press_stale(card_as_it_was, "Claim")      # card_as_it_was = card.snapshot()
    await ana.command("/hero", "mine", "C1")            # Seen, as for press
    await ana.open_home()                               # the View that the bot published, also slack.home("U1")
    slack.user("U9", "Sam", team="T0OTHER", stranger=True)            # somebody from another company, by Slack Connect
    slack.fail_next("chat.postMessage", "drop")         # faults.KINDS, or any of Slack's error codes
    Slack(chances={"500": 0.05, "drop": 0.05}, seed=1)  # the same faults again with the same seed
    slack.channel("C2", member=False, private=True)     # channel_not_found; archived=True, missing=True, people={"U1"}
    slack.posts("C1"), slack.calls, slack.dm("U1").messages, slack.deliveries

With an `app_token` of `slack.app_token` and no `bot_url`, the same taps reach the bot over Socket Mode;
`slack.refresh_sockets()` asks it to reconnect. As a process: `python -m tests.emulators.slack --help`.

Stricter than Slack: a text twin beside blocks, action_ids unique in the whole payload and never missing, unknown keys, arguments
and blocks refused, `parse=full` and `link_names` refused, no inputs in App Home or messages. A failed
call counts against its rate limit, too.

`slack.oauth` is the app as other workspaces install it. Not emulated: attachments, files, global shortcuts, workflow steps,
streaming, and Slack's workspace-wide cap on posts, whose figure is not known.
"""

from tests.emulators.mistakes import Rejection, Violation
from tests.emulators.pending import Pending
from tests.emulators.slack.bot import Answer, Delivery
from tests.emulators.slack.emulator import Slack
from tests.emulators.slack.payloads import sign
from tests.emulators.slack.person import Person
from tests.emulators.slack.rates import Rate
from tests.emulators.slack.seen import Seen
from tests.emulators.slack.world import Call, Channel, Message, View

__all__ = [
    "Answer",
    "Call",
    "Channel",
    "Delivery",
    "Message",
    "Pending",
    "Person",
    "Rate",
    "Rejection",
    "Seen",
    "Slack",
    "View",
    "Violation",
    "sign",
]
