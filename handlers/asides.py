"""What a chat says by itself: when nothing could be saved, when a form did not open, and the few words around a list. Pure."""

from __future__ import annotations

from handlers.cards import Button, Card, Form, Target
from handlers.language import gettext as _


def not_saved() -> str:
    """The database is away, or we made a mistake: the unit was rolled back either way."""
    return _("We could not save that just now; nothing was changed. Please tap again in a minute.")


def not_read() -> str:
    """The database is away while somebody asks for a list."""
    return _("We could not look that up just now; nothing is lost. Please ask again in a minute.")


def form_did_not_open() -> str:
    """The platform gives a form only a few seconds to open."""
    return _("The form did not open in time; nothing was changed. Please tap again.")


def not_understood() -> str:
    """A button of an older version, or one that nobody here made."""
    return _("We could not tell what this button is for, so nothing was changed. Type /hero mine to see your follow-ups.")


def my_follow_ups() -> str:
    return _("My follow-ups")


def installed(workspace: str, id: str) -> str:
    """After a workspace installed the app by itself."""
    return _(
        "Action Hero is in {workspace} now. Next: invite it to a channel (/invite @Action Hero), and name that channel in app.yaml "
        "as slack:{id}/C0123456."
    ).format(workspace=workspace, id=id)


def install_cancelled() -> str:
    return _("Nothing was installed. Open the address again whenever you like.")


def install_expired() -> str:
    """Somebody else's link, a copied one, or one that lay open for too long."""
    return _("This link is too old, or belongs to another browser, so nothing was installed. Please open /slack/install again.")


def install_failed() -> str:
    return _("Slack did not finish the installation, so nothing was installed. Please open /slack/install again in a minute.")


def more() -> str:
    """Opens the menu of a card."""
    return _("More…")


def all_of_it(target: Target) -> Button:
    """In the place of a menu that is too large where many cards stand in one message: leads to all that can be done."""
    return Button("show", more(), target, _("More you can do with this customer"))


def cancel() -> str:
    """Leaves a form that stands in a card."""
    return _("Cancel")


def cancelled() -> str:
    return _("Nothing was changed.")


def taking_long() -> str:
    """The platform gives up on an answer after a few seconds; the unit may yet be carried out."""
    return _("This takes longer than usual. The card changes as soon as it is saved; if it cannot be, we tell you in our chat.")


def passed_on() -> str:
    """The title of a window that shows what became of something passed on."""
    return _("Passing it on")


def told_later() -> str:
    """The same where no card will change: a message that was passed on."""
    return _("This takes longer than usual. You can close this; we tell you in our chat what became of it.")


def sent_privately() -> str:
    """What was asked for is too long to be read on a card."""
    return _("It is long, so we sent all of it to you in our chat.")


def in_our_chat() -> str:
    """The answer is cards, or words and cards: it stands in the private chat."""
    return _("We sent it to you in our chat.")


def opens(form: Form) -> Card:
    """Where a typed word cannot open a form by itself: a button that does."""
    button = Button(form.verb, _("Open the form…"), form.target, _("Open the form: {title}").format(title=form.title))
    return Card(plain=form.title, headline=form.title, context=(form.intro,), buttons=(button,))


def back() -> str:
    """Leaves a long text that stands in the place of a card."""
    return _("Back")
