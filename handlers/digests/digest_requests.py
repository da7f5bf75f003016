"""The buttons of a weekly post: show who waits, say thanks; and of its preview: swap a story, leave it out, send as is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from handlers import cases, colleagues, wanted
from handlers.calendar.weeks import Week
from handlers.cards import Ask, Field, Form, Reply, number
from handlers.company import Company
from handlers.digests import digest_card, snapshot
from handlers.followup import followup_card
from handlers.leaders import leads
from handlers.situation import Tap
from handlers.team import Team
from handlers.wording.language import gettext as _
from handlers.wording.language import ngettext
from handlers.wording.words import cut, when
from storage import digests, material, messages, people, thanks
from storage.prepared import AnyRow

LISTED = 10


def show_waiting(tx: Connection, company: Company, tap: Tap) -> Reply:
    """List privately who waits for a word from us now, the longest waiting first."""
    found = weekly_post(tx, company, tap)
    if found is None:
        return _unknown()
    _row, team = found
    waiting = material.waiting_cases(tx, team.name, LISTED + 1)
    if not waiting:
        return Reply(_("Every customer has heard from us by now. Thank you."))
    known = cases.read_all(tx, waiting[:LISTED])
    shown = [cases.with_history(tx, known[id]) for id in waiting[:LISTED]]
    cards = tuple(followup_card.channel_card(case, team, company.people, tap.at) for case in shown)
    if len(waiting) > LISTED:
        return Reply(_("More than {n} customers wait; these have waited longest.").format(n=LISTED), cards=cards)
    text = ngettext(
        "One customer waits for a word from us.", "{n} customers wait for a word from us, the longest waiting first.", len(waiting)
    )
    return Reply(text.format(n=len(waiting)), cards=cards)


def thank(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Thank the colleague of one story privately."""
    found = weekly_post(tx, company, tap)
    if found is None or found[0].state != "sent":
        return _unknown()
    row, team = found
    post = snapshot.post_of(tx, company, team, row)
    stories = {str(told.follow_up): told for told in post.stories}
    tellers = {str(story["follow_up"]): story["person"] for story in row.snapshot["stories"]}
    if not stories:
        return Reply(_("There is no story in this post to thank for."))
    options = tuple((key, cut(digest_card.story(told), 75)) for key, told in stories.items())
    form = _thanks_form(row.id, options)
    if tap.answers is None:
        return Reply(form=form)
    key = tap.answer("story")
    if key not in stories:
        return form.again("story")
    giver, to = colleagues.remember(tx, tap.person), colleagues.person_of(tx, tellers[key])
    if people.selves(tx, [giver.id], [to.id]):
        return Reply(errors={"story": _("That is your own story. Well done.")}, form=form)
    note = cut(tap.answer("note"), 300)
    given = {"digest_id": row.id, "follow_up_id": int(key), "from_id": giver.id, "to_id": to.id, "note": note, "at": tap.at}
    thanks_id = thanks.thank(tx, given)
    if thanks_id is None:
        return Reply(_("You have thanked them for this already. It was read with pleasure."))
    messages.want(tx, [wanted.thanks(thanks_id, to)], tap.at)
    return Reply(_("They are told privately. Thank you for saying so."))


def swap_story(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Replace this story with the next eligible one: nobody chooses favourites."""
    return _choose(tx, company, tap, "swapped", _("Another story stands in its place. It goes out {at}."))


def leave_out(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Leave out one story; the log says who did."""
    return _choose(tx, company, tap, "left_out", _("Left out, and noted who did. The post goes out {at}."))


def send_digest(tx: Connection, company: Company, tap: Tap) -> Reply:
    """Record that the leader agrees with the post. It is sent at its time, as it would have been anyway."""
    return _choose(tx, company, tap, "agreed", _("Thank you. It goes out {at}."))


def _choose(tx: Connection, company: Company, tap: Tap, what: str, done: str) -> Reply:
    found = weekly_post(tx, company, tap)
    if found is None:
        return _unknown()
    row, team = found
    who = colleagues.remember(tx, tap.person)
    if not leads(tx, team, who, tap.at):
        return Reply(_("Only those who lead {team} can change its post, so nothing was changed.").format(team=team.title))
    if row.state != "draft":
        return _gone_out()
    story = number(tap.more[0]) if tap.more else None
    if what != "agreed" and story not in {each["follow_up"] for each in row.snapshot["stories"]}:
        return Reply(_("This story is not in the post any more, so nothing was changed."))
    if what == "swapped" and not row.snapshot["spares"]:
        return Reply(_("There is no other story to tell this week. You can leave this one out."))
    choices = _with(row.choices, what, story, who.id, tap)
    if not digests.note(tx, row.id, row.version, choices, draft=True):
        meanwhile = digests.by_id(tx, row.id)
        if meanwhile is None or meanwhile.state != "draft":
            return _gone_out()
        return Reply(_("Somebody else decided about this post at the same moment. Please look at it and tap again."))
    _draw_again(tx, company, team, row, choices, tap)
    return Reply(done.format(at=when(row.due_at, team.hours.zone, tap.at)))


def _with(choices: Mapping[str, Any], what: str, story: int | None, who: int, tap: Tap) -> dict[str, Any]:
    """Returns the choices with this one, and a log entry of who made it."""
    noted = {"what": what, "follow_up": story, "who": who, "at": tap.at.isoformat()}
    chosen = True if what == "agreed" else [*choices.get(what, ()), story]
    return {**choices, what: chosen, "log": [*choices.get("log", ()), noted]}


def _draw_again(tx: Connection, company: Company, team: Team, row: AnyRow, choices: Mapping[str, Any], tap: Tap) -> None:
    """Show every leader the changed preview."""
    week = Week.parse(row.period)
    digests.redraw(tx, row.id, snapshot.take(tx, company, team, week, choices, tap.at), tap.at)
    messages.want(tx, snapshot.previews(tx, team, row.id), tap.at)


def weekly_post(tx: Connection, company: Company, tap: Tap) -> tuple[AnyRow, Team] | None:
    """Returns the weekly post that was pressed, and its team, as `team_post` does."""
    return team_post(tx, company, tap, "digest", snapshot.KIND)


def team_post(tx: Connection, company: Company, tap: Tap, named: str, kind: str) -> tuple[AnyRow, Team] | None:
    """Returns the post that the target, `named` so, refers to, and its team; None if it is gone, is of another kind, or its team
    has no channel in this person's workspace."""
    digest_id = tap.numbered(named)
    row = digests.by_id(tx, digest_id) if digest_id is not None and len(tap.more) <= 1 else None
    team = company.teams.get(row.about) if row is not None and row.kind == kind else None
    if row is None or team is None or not team.reaches(tap.person):
        return None
    return row, team


def _gone_out() -> Reply:
    return Reply(_("The post has gone out already, so nothing was changed."))


def _unknown() -> Reply:
    return Reply(_("This post does not belong to a team here, so nothing was changed. Please ask whoever runs Action Hero."))


def _thanks_form(digest_id: int, options: tuple[tuple[str, str], ...]) -> Form:
    first = options[0][0] if len(options) == 1 else ""
    return Form(
        verb="thank",
        target=f"digest:{digest_id}",
        title=_("Say thanks"),
        intro=_("Only they read it."),
        submit=_("Say thanks"),
        fields=(
            Field("story", _("Whom do you thank?"), Ask.CHOICE, options, value=first, error=_("Please choose whom you thank.")),
            Field("note", _("A word from you"), Ask.TEXT, required=False, max_length=300),
        ),
    )
