"""raise: this keeps happening, so one follow-up cannot fix it; the team's leaders decide about it."""

from __future__ import annotations

from handlers.cards import Ask, Field, Form, Reply
from handlers.situation import Change, Decision, Situation
from handlers.wording.language import gettext as _
from handlers.wording.words import begin

WORDS = 200


def raise_it(situation: Situation) -> Decision:
    """Anybody may, in any state, as with a note."""
    if situation.tap.answers is None:
        return Reply(form=_form(situation))
    words = " ".join(situation.tap.answer("words").split())[:WORDS]
    if not words:
        return _form(situation).again("words")
    said = situation.tap.answer("cause")
    cause = said if said in situation.team.causes else situation.case.cause
    detail = {"words": words} | ({"cause": cause} if cause else {})
    text = _("Raised: those who lead {team} read it in their weekly post, and you hear what becomes of it.")
    if not (situation.team.leader or situation.leaders()):
        text = _("Raised: the team reads it. {team} has no leader here yet who could decide about it.")
    raised = {"words": words, "cause": cause}
    return Change({}, text.format(team=situation.team.title), detail, aloud=True, raises=raised)


def _form(situation: Situation) -> Form:
    causes = tuple((cause, begin(cause)) for cause in situation.team.causes)
    known = situation.case.cause if situation.case.cause in situation.team.causes else ""
    fields = (
        Field(
            "words", _("What keeps happening?"), Ask.TEXT, max_length=WORDS,
            hint=_("One sentence. The team reads it in the thread and in the weekly post."),
            error=_("Please say in one sentence what keeps happening."),
        ),
        Field("cause", _("What causes it?"), Ask.CHOICE, causes, required=False, value=known or ""),
    )  # fmt: skip
    intro = _("About the cause, not about this customer: leave out who they are.")
    return Form("raise", situation.case.id, _("This keeps happening"), intro, _("Raise it"), fields)
