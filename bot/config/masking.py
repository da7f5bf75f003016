"""Shows a line of app.yaml with its secrets masked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.config.findings import Excerpt
from bot.config.plug_ins import is_secret
from bot.config.positions import Node, Path, Span

MASK = "•••"
WIDEST = 110
"""The number of characters shown; a longer line is cut around the part that matters."""

NAME = re.compile(r"\$\{[^{}]*\}")
_NAMES = rf"(?:{NAME.pattern})+"
SECRET_KEY = re.compile(r"secret|token|signing|password|passwd|credential|(?:^|[_-])key$|apikey", re.IGNORECASE)
_SECRET_KEY_LINE = re.compile(r"(?:secret|token|passw|credential|key)[\w-]*[\"']?[ \t]*:[ \t]*", re.IGNORECASE)
_SECRET_WORDS = re.compile(
    r"xox[a-z]-[\w-]{6,}|xapp-[\w-]{6,}|whsec_[\w+/=-]{6,}|sk_(?:live|test)_\w{6,}|gh[pousr]_\w{20,}"
    r"|eyJ[\w-]{10,}\.[\w.-]+|-----BEGIN [A-Z ]*KEY.*"
    rf"|://[^\s/@:]*:(?!{_NAMES}[@/?])([^\s\"']+)@"
    rf"|(?i:[?&;](?:\w*(?:pass|token|secret)\w*|key)=)(?!{_NAMES}(?:[&;#,\]}})\s\"']|$))([^&\s\"']+)"
)
"""What looks like a secret anywhere; of a URL only the password."""
_PASSWORD = re.compile(rf"://[^@]*:(?!{_NAMES}[@/?])[^@]*@|[?&;]\w*(?:pass|token|secret)\w*=(?!{_NAMES}(?:[&;]|$))", re.IGNORECASE)
"""The beginning of a password in the address of a database, which may hold any characters, and ${NAMES} beside them."""
_BEHIND_USER = re.compile(r"://[^:?]*:(?!\$\{[^{}]*\}@|\d{1,5}(?:[/?][^@]*)?$)(.+)", re.DOTALL)
"""A password, and all behind it: where it ends nobody knows if it was not written as an address wants it. Not a port alone."""
_OPTION = re.compile(r"[?&;]\w+=(?!\$\{[^{}]*\}(?:&|$))(.+?)(?=&\w+=|$)", re.DOTALL)
_DATABASE_LINE = re.compile(r"^[\"']?database[\"']?[ \t]*:[ \t]*(.*)", re.MULTILINE)


def is_secret_key(path: Path, nodes: Mapping[Path, Node]) -> bool:
    """Whether the value at `path` is a secret: as the options of its source say, else by its nearest key, as `bot_token`."""
    if path[:1] not in {("chats",), ("sources",), ("server",)}:
        return False
    kind = nodes.get((*path[:2], "kind")) if path[0] == "sources" else None
    said = is_secret(kind.raw, path[2:]) if kind else None
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    return SECRET_KEY.search(key) is not None if said is None else said


def is_literal(raw: str) -> bool:
    """Whether a scalar holds anything besides ${NAMES}."""
    return bool(NAME.sub("", raw).strip())


def literal_secrets(nodes: Mapping[Path, Node]) -> list[Path]:
    """Returns where the scalars are that contain a secret literally, recognised by their key or their form."""
    return [
        path
        for path, node in nodes.items()
        if isinstance(node.value, str | int | float) and not isinstance(node.value, bool)
        if (is_secret_key(path, nodes) and is_literal(node.raw))
        or (holds_password(node.raw) if path == ("database",) else _SECRET_WORDS.search(node.raw))
    ]


def holds_password(address: str) -> bool:
    """Whether the address of a database contains a password: before the @, or after a ? as in ?password=."""
    return not address.startswith("sqlite:") and _PASSWORD.search(address) is not None


def _in_address(text: str, start: int, end: int) -> list[Span]:
    """Returns the spans that hide the password and the options of the address of a database, which stands there in the text."""
    address = text[start:end]
    if address.lstrip("\"' ").startswith("sqlite:"):
        return []
    password = _BEHIND_USER.search(address)
    hidden = [password] if password else _OPTION.finditer(address)
    return [Span(start + match.start(1), start + match.end(1)) for match in hidden]


def masks(text: str, nodes: Mapping[Path, Node]) -> list[Span]:
    """Returns the spans of the text that must not be shown. If it could not be parsed, and so has no `nodes`: all that follows a
    key like `token:`."""
    found = [Span(*match.span(match.lastindex or 0)) for match in _SECRET_WORDS.finditer(text)]
    if nodes:
        if address := nodes.get(("database",)):
            found += _in_address(text, address.span.start, address.span.end)
        return found + [n.span for path, n in nodes.items() if n.raw and is_secret_key(path, nodes) and is_literal(n.raw)]
    found += [span for match in _DATABASE_LINE.finditer(text) for span in _in_address(text, *match.span(1))]
    start, secret_indent = 0, None
    for line in text.splitlines(keepends=True):
        indent = len(line) - len(line.lstrip())
        if secret_indent is not None and line.strip() and indent <= secret_indent:
            secret_indent = None
        if match := _SECRET_KEY_LINE.search(line):
            secret_indent = indent
            found.append(Span(start + match.end(), start + len(line)))
        elif secret_indent is not None:
            found.append(Span(start + indent, start + len(line)))
        start += len(line)
    return found


def excerpt(line: str, offset: int, span: Span, hidden: list[Span]) -> Excerpt:
    """Returns the `line`, which begins at character `offset` of the text, with carets under `span`."""
    cover = [any(h.start <= offset + at < h.end for h in hidden) for at in range(len(line))]
    shown: list[str] = []
    place: list[int] = []  # for each character of the line, its position in `shown`
    for at, character in enumerate(line):
        if cover[at] and (at == 0 or not cover[at - 1]):
            shown += MASK
        place.append(len(shown) - len(MASK) if cover[at] else len(shown))
        if not cover[at]:
            shown.append(character if character.isprintable() else " ")
    place.append(len(shown))
    start = place[min(max(span.start - offset, 0), len(line))]
    end = place[min(max(span.end - offset, 0), len(line))]
    return _cut("".join(shown).rstrip(), start, max(end, start + 1))


def _cut(text: str, start: int, end: int) -> Excerpt:
    if len(text) <= WIDEST:
        return Excerpt(text, start, max(1, min(end, max(len(text), start + 1)) - start))
    left = max(0, min(start - 30, len(text) - WIDEST))
    piece = ("…" if left else "") + text[left : left + WIDEST] + ("…" if left + WIDEST < len(text) else "")
    begin = start - left + bool(left)
    return Excerpt(piece, begin, max(1, min(end - start, len(piece) - begin)))
