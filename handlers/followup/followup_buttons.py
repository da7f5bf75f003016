"""What can be pressed on the card of a follow-up, by its state. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from handlers.cards import Button, Style
from handlers.case import Case, State
from handlers.wording.language import gettext as _
from handlers.wording.words import QUOTED


def buttons_and_menu(case: Case, *, own: bool = False) -> tuple[tuple[Button, ...], tuple[Button, ...]]:
    """Returns at most two buttons, only those that fit the state, and the further actions. `own`: for the private card of its
    owner."""
    note = Button("note", _("Add a note…"), case.id, _("Add a note for the team"))
    again = Button("raise", _("This keeps happening…"), case.id, _("Tell our leaders that this keeps happening"))
    rest = Button("read", _("Read all of it"), case.id, _("Read all the customer said, privately"))
    read = (rest,) if len(case.comment) > QUOTED else ()
    if case.state not in (State.CLAIMED, State.WAITING):
        whoever = (choose(case),) if case.state is State.NEW and not case.in_question else ()
        return _of_anybody(case), (*whoever, *read, note, again)
    theirs = of_owner(case)
    buttons = _of_claimed(case, theirs, own=own)
    shown, first = {button.verb for button in buttons}, ("hand_over", "contacted", "tried", "wait", "snooze", "help", "no_help")
    known = (theirs[verb] for verb in first if verb in theirs and verb not in shown)
    return buttons, (*known, note, again, theirs["release"], _dismiss(case), *read)


def _of_anybody(case: Case) -> tuple[Button, ...]:
    match case.state:
        case State.NEW if case.in_question:
            return (
                Button("problem", _("Yes, a problem"), case.id, _("Yes, this customer has a problem"), Style.PRIMARY),
                Button("no_problem", _("No"), case.id, _("No, this customer has no problem")),
            )
        case State.NEW:
            return Button("claim", _("I'll reply"), case.id, _("I'll reply to this customer"), Style.PRIMARY), _dismiss(case)
        case State.CLOSED | State.DISMISSED if case.erased:
            return ()
        case State.CLOSED:
            return (Button("reopen", _("Reopen"), case.id, _("Reopen this follow-up")),)
        case _:
            return (undo(case),)


def _of_claimed(case: Case, theirs: Mapping[str, Button], *, own: bool) -> tuple[Button, ...]:
    if own and case.state is State.CLAIMED and case.contacted_at is None:
        return replace(theirs["contacted"], style=Style.PRIMARY), theirs["close"]
    if case.help_at is not None and not own:
        return take_over(case), theirs["close"]
    return replace(theirs["close"], style=Style.PRIMARY), theirs["hand_over"]


def of_owner(case: Case) -> Mapping[str, Button]:
    """Returns what whoever has the case can do about it now, by verb."""
    each = [
        Button("close", _("Done…"), case.id, _("Close this follow-up, say what we did")),
        Button("hand_over", _("Hand over…"), case.id, _("Hand this customer over to a colleague")),
        Button("wait", _("Wait for the customer…"), case.id, _("We have answered and wait for the customer")),
        Button("snooze", _("Snooze…"), case.id, _("Remind me of this customer later")),
        Button("release", _("Give it back"), case.id, _("Give this follow-up back to the team")),
    ]
    if case.contacted_at is None:
        each += [
            Button("contacted", _("I've been in touch"), case.id, _("Note that I was in touch with this customer")),
            Button("tried", _("No answer"), case.id, _("Note that I tried, and this customer did not answer")),
        ]
    if case.help_at is None:
        each.append(Button("help", _("Need help"), case.id, _("Ask the channel for a hand with this customer")))
    else:
        each.append(Button("no_help", _("No hand needed"), case.id, _("Stop asking for a hand with this customer")))
    return {button.verb: button for button in each}


def take_over(case: Case) -> Button:
    return Button("claim", _("I'll take it"), case.id, _("I'll take this customer over"), Style.PRIMARY)


def undo(case: Case) -> Button:
    return Button("reopen", _("Undo"), case.id, _("Undo: this customer needs a reply after all"))


def _dismiss(case: Case) -> Button:
    if case.happy:
        return Button("dismiss", _("No thanks needed…"), case.id, _("This customer needs no thanks, say why"))
    return Button("dismiss", _("Not a problem…"), case.id, _("This is not a customer problem, say why"))


def choose(case: Case) -> Button:
    """For anybody but its owner."""
    label = _("Choose who replies…") if case.owner is None else _("Reassign…")
    return Button("hand_over", label, case.id, _("Choose who replies to this customer"))
