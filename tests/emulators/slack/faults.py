"""The faults between bot and Slack, by the names that `fail_next` and `chances` take."""

KINDS = {
    "500": "answered 500, not accepted",
    "503": "answered 503, not accepted",
    "502": "answered 502 with an HTML page, not accepted",
    "429": "answered 429, not accepted; calling again before Retry-After is a violation",
    "reset": "connection closed, not accepted",
    "hang": "never answered, not accepted",
    "drop": "accepted, then the connection is closed without an answer",
    "late": "accepted only after the caller gave up",
    "broken": "accepted, answered 200 with half of the JSON",
    "text": "accepted, answered 200 with text/plain",
}
