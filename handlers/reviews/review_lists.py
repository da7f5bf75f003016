"""Every figure of the monthly review leads to the list behind it: the titles of the lists, and what each figure counts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.cards import Button
from handlers.digests import figure_lists
from handlers.digests.figure_lists import Titled
from handlers.wording.language import gettext as _

WHY = "why-"
"""Prefix of the name of a cause's list; the id of one case with that cause follows. An index would not do: the order of causes
changes as more becomes known."""
REST = "why-rest"
NOBODY = "why-nobody"
CAUSES = 3
"""Causes listed separately; the others are counted together."""
CONTACTED = "contacted_"
"""Prefix of the lists that answer “Did we even call?”."""


def titles() -> dict[str, Titled]:
    """Returns the titles by the names of the lists; `behind` gives those of causes."""
    return {
        "told": Titled(_("All unhappy"), _("Customers who told us that month that we let them down, or who left")),
        "recovered": Titled(_("Recovered"), _("Customers whose last answer, after we had been in touch, is no longer low")),
        "again": Titled(_("Came back before"), _("Recovered, and came back once before, so that their value is not added again")),
        "unhappy": Titled(_("Kept but not happy"), _("Customers whose last answer, after we had been in touch, is low again")),
        "lost": Titled(_("Lost"), _("Customers who left")),
        "unknown": Titled(_("Unknown"), _("Customers who never answered again, so that nobody knows")),
        "contacted_in_time": Titled(_("Contacted in time"), _("Customers who left although we were in touch in time")),
        "contacted_late": Titled(_("Contacted late"), _("Customers who left, and whom we were in touch with late")),
        "contacted_never": Titled(_("No contact noted"), _("Customers who left, with no contact noted")),
    }


def counts(groups: Mapping[str, int], reached: Mapping[str, int], again: int) -> dict[str, int]:
    """Returns the number behind each figure except the causes."""
    called = {f"{CONTACTED}{name}": number for name, number in reached.items()}
    return {"told": sum(groups.values()), **groups, "again": again, **called}


def deepest(chain: Sequence[str]) -> str:
    """Returns the last cause that somebody knew; empty if nobody knew any."""
    return next((level for level in reversed(chain) if level), "")


def same(chain: Sequence[str]) -> str:
    """Returns the key that cases with the same deepest cause share."""
    return deepest(chain).casefold()


def whys(chains: Mapping[int, Sequence[str]]) -> dict[str, list[int]]:
    """Returns the cases behind each cause, by the name of its list: the most frequent first, then all others, then the
    unexplained."""
    groups: dict[str, list[int]] = {}
    for id, chain in chains.items():
        groups.setdefault(same(chain), []).append(id)
    unknown = groups.pop("", [])
    first = sorted(groups.values(), key=lambda ids: (-len(ids), same(chains[ids[0]])))
    found = {f"{WHY}{ids[0]}": ids for ids in first[:CAUSES]}
    found |= {REST: [id for ids in first[CAUSES:] for id in ids], NOBODY: unknown}
    return {name: ids for name, ids in found.items() if ids}


def behind(name: str, cause: str) -> str:
    """Returns the title of a cause's list."""
    if name == REST:
        return _("Customers who left for another cause")
    return (
        _("Customers who left because of “{cause}”").format(cause=cause) if cause else _("Customers who left, nobody has said why")
    )


def menu(review_id: int, counted: Mapping[str, int], chains: Mapping[int, Sequence[str]]) -> tuple[Button, ...]:
    """Returns a button for each figure that is not zero and for each cause, and one that explains what is counted."""
    lists = [(name, titled.label, counted[name]) for name, titled in titles().items() if counted.get(name)]
    called = {REST: _("Something else"), NOBODY: _("No cause said")}
    lists += [(name, called.get(name) or deepest(chains[ids[0]]), len(ids)) for name, ids in whys(chains).items()]
    explain = Button("explain", _("What is counted"), f"review:{review_id}", _("Tell me, privately, what each figure counts"))
    return (*(figure_lists.button(review_id, *each) for each in lists), explain)


def definitions() -> str:
    """Explains what each figure counts; docs/digest.md says more."""
    return _(
        "Unhappy: customers who told us that month that we let them down, and those who left in it; each once, "
        "also where they wrote to several teams. Dismissed cases are not counted.\n"
        "Recovered: we were in touch and closed a case, and the last answer since is no longer low. "
        "Kept but not happy: it is low again. Unknown: they never answered again.\n"
        "Lost: marked as lost, or closed because they left, and still so.\n"
        "Contacted in time: within the promise to close, which counts opening hours; late: after it; else no contact is noted.\n"
        "Why they left: the deepest why that somebody noted, else the cause that closed the case.\n"
        "Values are estimates, each customer once; whoever came back once before is not added again.\n"
        "Lists are read as they are now: what arrived or changed since the post makes a difference, and it is told."
    )
