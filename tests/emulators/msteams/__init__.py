"""An emulation of Microsoft Teams on loopback: connector, login and issuer. It signs, limits, refuses and is pressed like the real
one, or is stricter.

It is written from documented facts about Teams and shares no code with bot/chats/msteams. What it refuses is in `teams.rejections`,
what came too fast in `teams.violations`, the errors people saw in `teams.errors`: a test of the bot asserts that all are empty.

In a test, synchronous or not (it serves from its own thread):

    with MsTeams(time_scale=0.05) as teams:
        ana = teams.user("ana", name="Ana Sæther", email="ana@northwind.example")          # her id is 29:ana
        # point the bot here with teams.options, then set where it listens and add it to the team "Northwind":
        teams.bot_url = "http://127.0.0.1:8080/msteams/messages"
        await teams.install(channels=["Oak Street"])    # channel("Oak Street").id is 19:…@thread.tacv2; ids may be given too
        await teams.eventually(lambda: teams.channel("Oak Street").messages)
        [card] = teams.channel("Oak Street").messages
        seen = await ana.press(card, "Claim")           # or ana.press(card, "claim").wait() in a plain test
        assert "yours" in seen.text and not seen.error  # seen.text: the words, or the card she now sees (seen.card)
        form = (await ana.press(card, "Close…")).form   # a ShowCard unfolded, or a card with fields the bot answered with
        assert (await ana.submit(form, {})).missing == ["What did you do?"]
        await ana.submit(form, {"What did you do?": "Called her"})
        await teams.eventually(lambda: "closed" in str(card))          # the edit that everybody sees; ana.sees(card) is hers
        assert not card.live_markup() and not card.unseen()
        assert not teams.rejections and not teams.violations and not teams.errors

    teams.upload(package)                               # the message actions it offers; a dialog may hold no Action.Execute
    dialog = (await ana.act(ana.say("…", "Oak Street"), "A customer told us…")).form
    await ana.press(card, "Claim", twice=True)          # a double tap
    await ana.press(card, "Claim", as_submit=True)      # an older client: the fallback, as a message
    await ana.press_stale(card_as_it_was, "Claim")      # card_as_it_was = card.snapshot()
    await ana.command("mine"), await ana.command("mine", "Oak Street")     # private chat; with a mention in a channel
    await teams.create_channel("Elm"), teams.rename_channel(…), teams.delete_channel(…), teams.uninstall(), teams.install_for(ana)
    teams.fail_next("send", "drop")                     # faults.KINDS, or a code of errors.CODES; also token, metadata, keys
    MsTeams(chances={"502": 0.05, "drop": 0.05}, seed=1)                   # the same faults again with the same seed
    teams.channel("Elm", private=True)                  # 403; deleted=True: 404; people={ana.id}; ana.blocked, teams.disabled: 403
    teams.posts("Oak Street"), teams.calls, teams.dm("ana").messages, teams.deliveries, teams.largest_card
    teams.issuer.fetches["metadata"], .fetches["token"], .roll_keys(publish=False), .publish_keys(), .expire_tokens()
    await teams.present(teams.written("ana", "help"), "wrong audience")    # every one of FORGERIES must be 401 or 403
    await teams.present({**teams.written("ana", "help"), "serviceUrl": "https://evil.example/"})
    await teams.redeliver(teams.deliveries[0])

As a process: `python -m tests.emulators.msteams --help`.

Stricter than Teams: one rate limit for sending, editing and deleting in a channel with all its threads; unknown fields, other
attachments and text beside a card refused; every card of version 1.5 with fallbackText, speak and summary, unique ids, labelled
inputs, wrapped text, titles of at most 24 characters, no styled buttons, a fallback on each Action.Execute, and under 28 KB.

As in Teams, a person's own view of a card ends with the next edit; a form they have open can still be submitted after it.
Not emulated: sign-in, dialogs opened by cards, searching message extensions, group chats, reactions, files, automatic refresh,
private and shared channels.
"""

from tests.emulators.mistakes import Rejection, Violation
from tests.emulators.msteams.bot import Answer, Delivery
from tests.emulators.msteams.dialogs import Dialog
from tests.emulators.msteams.emulator import MsTeams
from tests.emulators.msteams.forms import Form
from tests.emulators.msteams.person import Person
from tests.emulators.msteams.seen import Seen
from tests.emulators.msteams.tokens import FORGERIES
from tests.emulators.msteams.world import Call, Channel, Message, Shown, Team
from tests.emulators.pending import Pending

__all__ = [
    "FORGERIES",
    "Answer",
    "Call",
    "Channel",
    "Delivery",
    "Dialog",
    "Form",
    "Message",
    "MsTeams",
    "Pending",
    "Person",
    "Rejection",
    "Seen",
    "Shown",
    "Team",
    "Violation",
]
