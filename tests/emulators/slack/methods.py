"""A method of the Web API: its name, its arguments, the scopes it needs, and the function that implements it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.emulators.slack.world import Json

if TYPE_CHECKING:
    from tests.emulators.slack.workspace import Workspace

Run = Callable[["Workspace", Json], Json]


@dataclass(frozen=True)
class Method:
    """`body` False means Slack reads no JSON body here, only form fields and the query; `app` requires the app-level token."""

    name: str
    run: Run
    scopes: frozenset[str]
    needs: frozenset[str]
    takes: frozenset[str]
    body: bool
    app: bool


def method(
    name: str, *, scopes: str = "", needs: str = "", takes: str = "", body: bool = True, app: bool = False
) -> Callable[[Run], Method]:
    """Make a Method of a function; the strings are space-separated. Unknown arguments are refused."""

    def make(run: Run) -> Method:
        wanted, needed = frozenset(scopes.split()), frozenset(needs.split())
        return Method(name, run, wanted, needed, needed | frozenset(takes.split()), body, app)

    return make
