"""Sentences outside the cards: when nothing could be saved, when a form did not open, and the few words around a list. Pure."""

from __future__ import annotations

from handlers.cards import Button, Card, Form, Target
from handlers.wording.language import gettext as _


def not_saved() -> str:
    """When the database is unavailable or our code failed; either way the unit of work was rolled back."""
    return _("We could not save that just now; nothing was changed. Please tap again in a minute.")


def not_read() -> str:
    """When the database is unavailable while somebody asks for a list."""
    return _("We could not look that up just now; nothing is lost. Please ask again in a minute.")


def form_did_not_open() -> str:
    """When the few seconds that the platform gives a form to open have passed."""
    return _("The form did not open in time; nothing was changed. Please tap again.")


def not_a_colleague() -> str:
    """When somebody of another company was chosen in a form, or no person at all."""
    return _("They are not of our company, so they cannot see our customers. Please choose a colleague.")


def not_looked_up() -> str:
    """When a chat did not say in time whether whoever was chosen in a form is a colleague."""
    return _("We could not look up who that is, so nothing was changed. Please try again in a moment.")


def not_understood() -> str:
    """For a button of an older version, or one that this bot never made."""
    return _("We could not tell what this button is for, so nothing was changed. Type /hero mine to see your follow-ups.")


def my_follow_ups() -> str:
    return _("My follow-ups")


def installed(workspace: str, channel: str) -> str:
    """After somebody has installed the app in a workspace at /slack/install. `channel` is the address of some channel there."""
    return _(
        "Action Hero is in {workspace} now. Next: invite it to a channel (/invite @Action Hero), and name that channel in app.yaml "
        "as {channel}."
    ).format(workspace=workspace, channel=channel)


def install_cancelled() -> str:
    return _("Nothing was installed. Open the address again whenever you like.")


def install_expired() -> str:
    """For an install link that was started in another browser, was copied, or has expired."""
    return _("This link is too old, or belongs to another browser, so nothing was installed. Please open /slack/install again.")


def install_failed() -> str:
    return _("Slack did not finish the installation, so nothing was installed. Please open /slack/install again in a minute.")


def more() -> str:
    """The label that opens the menu of a card."""
    return _("More…")


def in_the_channel() -> str:
    """The link from a private message to the card of its follow-up, where colleagues' notes are in the thread."""
    return _("Open in the channel")


def all_of_it(target: Target) -> Button:
    """Returns a button that replaces a card's menu where many cards share one message; it shows everything that can be done."""
    return Button("show", more(), target, _("More you can do with this customer"))


def cancel() -> str:
    """The label that leaves a form shown inside a card."""
    return _("Cancel")


def cancelled() -> str:
    return _("Nothing was changed.")


def taking_long() -> str:
    """When the few seconds that the platform waits for an answer have passed; the unit of work may still be committed."""
    return _("This takes longer than usual. The card changes as soon as it is saved; if it cannot be, we tell you in our chat.")


def answer_follows() -> str:
    """Like `taking_long`, for a word that was typed: the answer comes where it was typed."""
    return _("This takes longer than usual. The answer comes here as soon as we have it.")


def passed_on() -> str:
    """The title of the window that shows what became of something passed on."""
    return _("Passing it on")


def told_later() -> str:
    """Like `taking_long`, in a window that may be closed: for a form that was sent, and for a message that was passed on."""
    return _("This takes longer than usual. You can close this; we tell you in our chat what became of it.")


def sent_privately() -> str:
    """When what was asked for is too long to be read on a card."""
    return _("It is long, so we sent all of it to you in our chat.")


def in_our_chat() -> str:
    """When the answer contains cards, and was therefore sent to the private chat."""
    return _("We sent it to you in our chat.")


def opens(form: Form) -> Card:
    """Returns a card with a button that opens the form, for chats in which a typed word cannot open one."""
    button = Button(form.verb, _("Open the form…"), form.target, _("Open the form: {title}").format(title=form.title))
    return Card(plain=form.title, headline=form.title, context=(form.intro,), buttons=(button,))


def back() -> str:
    """The label that leaves a long text shown in place of a card."""
    return _("Back")
