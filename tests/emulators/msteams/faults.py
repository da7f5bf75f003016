"""The faults between bot and Teams, by the names that `fail_next` and `chances` take."""

from __future__ import annotations

KINDS = {
    "500": "answered 500 in JSON, not accepted",
    "502": "answered 502 with an HTML page, not accepted",
    "503": "answered 503 with an HTML page, not accepted",
    "504": "answered 504 with an HTML page, not accepted",
    "412": "answered 412 PreconditionFailed, not accepted",
    "429": "answered 429 in JSON, not accepted; calling again before Retry-After is a violation",
    "429html": "the same with an HTML page",
    "413html": "answered 413 with an HTML page, not accepted",
    "reset": "connection closed, not accepted",
    "hang": "never answered, not accepted",
    "drop": "accepted, then the connection is closed without an answer",
    "late": "accepted only after the caller gave up",
    "504late": "accepted, answered 504 with an HTML page",
    "broken": "accepted, answered with half of the JSON",
    "html": "accepted, answered 200 with an HTML page",
}
PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h2>Our services aren't available right now</h2></body></html>"
