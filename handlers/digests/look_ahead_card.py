"""What a leader reads about a weekly post: the preview, and why no post was made. Pure."""

from __future__ import annotations

from handlers.calendar.weeks import Week
from handlers.cards import Button, Card, Style
from handlers.digests.digest_card import Post, StoryInWords, span, story, who_waits
from handlers.digests.week_sentence import sentence
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import TITLE, cut, when


def preview_card(post: Post, *, agreed: bool, gone_out: bool) -> Card:
    """Returns the preview that the leader gets the working day before. Whatever they do, the post goes out at its time."""
    at = when(post.due_at, post.zone, post.made_at)
    if gone_out:
        return Card(plain=_("The weekly post of {team} went out {at}.").format(team=cut(post.title, TITLE), at=at))
    target = f"digest:{post.digest_id}"
    send = Button("send_digest", _("Send as is"), target, _("Send the weekly post as it is"), Style.PRIMARY)
    said = _("It goes out {at} by itself, with the numbers of that moment. Nobody sees this but you.").format(at=at)
    if agreed:
        said = _("Thank you. It goes out {at}, with the numbers of that moment.").format(at=at)
    no_story = () if post.stories else (_("There is no story to tell this time."),)
    return Card(
        plain=_("The weekly post of {team}, before it goes out {at}.").format(team=cut(post.title, TITLE), at=at),
        headline=_("A look ahead · the weekly post of {team} goes out {at}").format(team=cut(post.title, TITLE), at=at),
        context=(sentence(post.figures, post.promise), *no_story, *who_waits(post), said),
        buttons=() if agreed else (send,),
        items=tuple(_choosable(told, target, open=not agreed) for told in post.stories),
        footer=_("Week {number}").format(number=post.week.number),
    )


def not_sent_card(title: str, week: Week, *, passed: bool) -> Card:
    """Returns what a preview becomes when no post came of it."""
    said = (
        _("The weekly post of {team} on {days} did not go out: we were away at its time, and a later week was told instead.")
        if passed
        else _("The weekly post of {team} on {days} did not go out: no answer reached any team, see below.")
    )
    return Card(plain=said.format(team=cut(title, TITLE), days=span(week)))


def silent_card(week: Week, unrouted: int) -> Card:
    """Tells a leader, instead of a post: nothing arrived from anywhere, or only the `unrouted` that no route took, so nothing true
    can be said."""
    if unrouted:
        return Card(
            plain=ngettext(
                "{n} answer arrived in the week of {days}, but it reached no team because no route took it. A customer may be "
                "waiting for a reply without anybody knowing. The channel gets no weekly post until that is fixed; please ask "
                "whoever runs Action Hero to look at the routes.",
                "{n} answers arrived in the week of {days}, but none reached a team because no route took them. Customers may be "
                "waiting for a reply without anybody knowing. The channel gets no weekly post until that is fixed; please ask "
                "whoever runs Action Hero to look at the routes.",
                unrouted,
            ).format(n=unrouted, days=span(week))
        )
    return Card(
        plain=_(
            "No answer from any customer arrived in the week of {days}, from no survey at all. That is rarely good news: the feed "
            "is probably broken, and customers may wait for a reply nobody knows of. The channel gets no weekly post until it is "
            "mended; please ask whoever runs Action Hero to look at the survey tools."
        ).format(days=span(week))
    )


def _choosable(told: StoryInWords, target: str, *, open: bool) -> Card:
    """Returns a story in the preview, with the facts that selected it."""
    about = f"{target}:{told.follow_up}"
    buttons = (
        Button("swap_story", _("Swap a story"), about, _("Tell another story in place of this one")),
        Button("leave_out", _("Leave out"), about, _("Leave this story out of the post")),
    )
    return Card(
        plain=story(told),
        headline=story(told),
        context=(_("Why: {facts}").format(facts=", ".join(told.why)),) if told.why else (),
        buttons=buttons if open else (),
        footer=f"#{told.follow_up}",
    )
