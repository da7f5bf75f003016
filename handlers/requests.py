"""Requests: buttons and forms about anything but a follow-up, such as a channel or a route. To add one, write a file and a line
here.

A request is a unit of work by itself. `tap.target` is a name such as `route:17` and is untrusted: it may name something that is
gone, or that this person may not see.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from handlers.arranged.connect import secret_end, source_add, source_off, source_secret
from handlers.arranged.link import link_no, link_yes
from handlers.arranged.ops import name_ops, only_ops, unname_ops
from handlers.arranged.routes import route_add, route_edit, route_off, route_up
from handlers.arranged.set_up import set_up
from handlers.arranged.sources import send_test
from handlers.arranged.trial_card import trial_pressed
from handlers.arranged.undo import undo
from handlers.arranged.who_is_ops import is_ops
from handlers.arrivals.heard import pass_on
from handlers.cards import Reply
from handlers.company import Company
from handlers.digests.digest_requests import leave_out, send_digest, show_waiting, swap_story, thank
from handlers.digests.show_list import explain, show_list
from handlers.huddles.huddle import promise, recall
from handlers.raised.decide import settle
from handlers.reviews.review_requests import call_note, called, decide, do_not_call, no_answer, reach, say_how_it_went
from handlers.situation import Tap
from storage import arrangements

Request = Callable[[Connection, Company, Tap], Reply]


def _by_ops(request: Request) -> Request:
    """Returns the request, restricted to ops. Each decides about what the one before it left, however many are made at once."""

    def asked(tx: Connection, company: Company, tap: Tap) -> Reply:
        if not is_ops(tx, company, tap.person):
            return only_ops(tx, company, tap.person)
        arrangements.alone(tx)
        return request(tx, company, tap)

    return asked


BY_OPS: Mapping[str, Request] = {
    "set_up": set_up,
    "undo": undo,
    "name_ops": name_ops,
    "unname_ops": unname_ops,
    "route_add": route_add,
    "route_edit": route_edit,
    "route_up": route_up,
    "route_off": route_off,
    "send_test": send_test,
    "source_add": source_add,
    "source_secret": source_secret,
    "secret_end": secret_end,
    "source_off": source_off,
    "link_yes": link_yes,
    "link_no": link_no,
}
REQUESTS: Mapping[str, Request] = {
    "show_waiting": show_waiting,
    "show_list": show_list,
    "explain": explain,
    "thank": thank,
    "swap_story": swap_story,
    "leave_out": leave_out,
    "send_digest": send_digest,
    "promise": promise,
    "recall": recall,
    "called": called,
    "no_answer": no_answer,
    "do_not_call": do_not_call,
    "call_note": call_note,
    "reach": reach,
    "decide": decide,
    "say_how_it_went": say_how_it_went,
    "settle": settle,
    "heard": pass_on,
    **{name: _by_ops(request) for name, request in BY_OPS.items()},
    "try": trial_pressed,
}
