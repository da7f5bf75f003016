"""What can be pressed on the card of a follow-up, by its state. Pure."""

from __future__ import annotations

from dataclasses import replace

from handlers.cards import Button, Style
from handlers.feedback import Case, State
from handlers.wording.language import gettext as _
from handlers.wording.words import QUOTED


def buttons(case: Case, *, own: bool = False) -> tuple[Button, ...]:
    """Returns at most two buttons, only those that fit the state. `own`: for the private card of its owner."""
    close = Button("close", _("Done…"), case.id, _("Close this follow-up, say what we did"))
    match case.state:
        case State.NEW if case.in_question:
            return (
                Button("problem", _("Yes, a problem"), case.id, _("Yes, this customer has a problem"), Style.PRIMARY),
                Button("no_problem", _("No"), case.id, _("No, this customer has no problem")),
            )
        case State.NEW:
            return (
                Button("claim", _("I'll reply"), case.id, _("I'll reply to this customer"), Style.PRIMARY),
                _dismiss(case),
            )
        case State.CLAIMED if own and case.contacted_at is None:
            return replace(_contacted(case), style=Style.PRIMARY), close
        case State.CLAIMED | State.WAITING if case.help_at is not None and not own:
            return Button("claim", _("I'll take it"), case.id, _("I'll take this customer over"), Style.PRIMARY), close
        case State.CLAIMED | State.WAITING:
            return replace(close, style=Style.PRIMARY), _hand_over(case)
        case State.CLOSED | State.DISMISSED if case.erased:
            return ()
        case State.CLOSED:
            return (Button("reopen", _("Reopen"), case.id, _("Reopen this follow-up")),)
        case _:
            return (undo(case),)


def undo(case: Case) -> Button:
    return Button("reopen", _("Undo"), case.id, _("Undo: this customer needs a reply after all"))


def menu(case: Case, *, own: bool = False) -> tuple[Button, ...]:
    """Returns the further actions on the card. `own` as for `buttons`."""
    note = Button("note", _("Add a note…"), case.id, _("Add a note for the team"))
    again = Button("raise", _("This keeps happening…"), case.id, _("Tell those who lead that this keeps happening"))
    rest = Button("read", _("Read all of it"), case.id, _("Read all the customer said, privately"))
    read = (rest,) if len(case.comment) > QUOTED else ()
    if case.state not in (State.CLAIMED, State.WAITING):
        whoever = (choose(case),) if case.state is State.NEW and not case.in_question else ()
        return (*whoever, *read, note, again)
    hand_over, contacted = _hand_over(case), _contacted(case)
    tried = Button("tried", _("No answer"), case.id, _("Note that I tried to reach this customer and nobody answered"))
    asked = Button("help", _("Need help"), case.id, _("Ask the channel for a hand with this customer"))
    managed = Button("no_help", _("No hand needed"), case.id, _("Stop asking the channel for a hand with this customer"))
    shown = {button.verb for button in buttons(case, own=own)}
    return (
        *((hand_over,) if hand_over.verb not in shown else ()),
        *((contacted,) if case.contacted_at is None and contacted.verb not in shown else ()),
        *((tried,) if case.contacted_at is None else ()),
        Button("wait", _("Wait for the customer…"), case.id, _("We have answered and wait for the customer")),
        Button("snooze", _("Snooze…"), case.id, _("Remind me of this customer later")),
        asked if case.help_at is None else managed,
        note,
        again,
        Button("release", _("Give it back"), case.id, _("Give this follow-up back to the team")),
        _dismiss(case),
        *read,
    )


def _dismiss(case: Case) -> Button:
    if case.happy:
        return Button("dismiss", _("No thanks needed…"), case.id, _("This customer needs no thanks, say why"))
    return Button("dismiss", _("Not a problem…"), case.id, _("This is not a customer problem, say why"))


def choose(case: Case) -> Button:
    """For anybody but its owner."""
    label = _("Choose who replies…") if case.owner is None else _("Reassign…")
    return Button("hand_over", label, case.id, _("Choose who replies to this customer"))


def _hand_over(case: Case) -> Button:
    return Button("hand_over", _("Hand over…"), case.id, _("Hand this customer over to a colleague"))


def _contacted(case: Case) -> Button:
    return Button("contacted", _("I've been in touch"), case.id, _("Note that I have been in touch with this customer"))
