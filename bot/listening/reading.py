"""Turns what a source found in a payload into Feedback: cleans the texts, and names a bad field as the sender does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from handlers.feedback import OURS, Customer, Feedback, FieldError

OUR_WORDS: Mapping[str, str] = MappingProxyType({})

_NO = re.compile(
    r"false|f|0|no|n|not|never|none|nope|off|don|dont|won|wont|wouldn|unchecked|na|non|nej|nei|nein|nee|não|nao|nie|ne|nem|nu|ei|ej"
    r"|ikke|inte|ingen|inga|nicht|kein|keine|keinen|keiner|niet|geen|нет|ні|не|όχι|hayır|hayir|לא|لا|いいえ|不|不用|否|아니요|아니오"
)
"""How a customer declines to be called: the first word of the answer that is more than a courtesy, in the languages that we can
vouch for."""
_COURTESY = re.compile(
    r"please|pls|thank|thanks|you|i|d|we|do|would|will|want|wish|like|prefer|rather|better|preferably|really"
    r"|bitte|danke|ich|wir|möchte|möchten|will|wollen|lieber|eher|auf|alstublieft|bedankt|ik|wil|wij|liever"
    r"|merci|svp|s|il|vous|te|plaît|plait|de|je|nous|plutôt|por|favor|gracias|yo|quiero|mejor|grazie|per|favore|obrigado|obrigada|eu"
    r"|takk|tak|tack|vennligst|venligst|jeg|jag|vi|vil|ville|vill|helst|ønsker|önskar|proszę|dziękuję"
)
_TAKEN_BACK = re.compile(r"\b(?:hesitat|mind\b|before|until|later|zöger|vor\b|avant\b|før\b|innan\b|voor\b)")
"""What makes a yes of a no after a courtesy, as in “please don't hesitate” and “I will not be home before five”."""
_EXACT = frozenset({"id", "key", "link"})
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_LINE_BREAKS = re.compile(r"[\t\n\r]+")


class UnknownKey(FieldError):
    """A key that we do not know. Its name is the sender's text, so unlike other fields it is kept out of logs."""


def feedback(found: Any, said: Mapping[str, str] = OUR_WORDS) -> Feedback:
    """Validate `found`, which has the keys of Feedback, with `customer` as a nested object. Returns the Feedback.

    None and blank texts count as missing. `said` maps our paths (`customer.email`) to the sender's where they differ. Raises
    FieldError with the sender's path.
    """
    try:
        told = _as_sent(found) or Feedback.model_validate(_cleaned(found))
        _refuse_ours(told.id, "id")
        _refuse_ours(told.customer.key, "customer.key")
    except FieldError as error:
        raise type(error)(in_their_words(error.field, said), error.why) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _translated(first, said) from None
    else:
        return told


def customer(found: Any, said: Mapping[str, str] = OUR_WORDS) -> Customer:
    """Validate `found`, which has the keys of Customer, on its own. Raises FieldError with the sender's path."""
    try:
        told = Customer.model_validate(_texts_cleaned(as_object(found, ""), ""))
        _refuse_ours(told.key, "key")
    except FieldError as error:
        raise FieldError(in_their_words(error.field, said), error.why) from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _translated(first, said, Customer) from None
    else:
        return told


def as_object(value: Any, path: str) -> Mapping[str, Any]:
    """Returns `value` if it is a JSON object. Raises FieldError otherwise."""
    if not isinstance(value, dict):
        raise FieldError(path, "is missing" if value is None else "must be an object")
    return value


def as_entries(value: Any, path: str) -> list[dict[str, Any]]:
    """Returns the objects in a page of a tool, none if it has no such page. Raises FieldError for anything but an array."""
    if not isinstance(value, list | None):
        raise FieldError(path, "must be an array")
    return [entry for entry in value or () if isinstance(entry, dict)]


def as_text(value: Any) -> Any:
    """Returns an integer as text, for senders that number their responses; anything else unchanged."""
    # The limit stays below the length at which Python refuses to print integers.
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 else value


def as_number(value: Any) -> Any:
    """Returns a text that is a number as that number; anything else unchanged."""
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\s*", value):
        return float(value)
    return value


def as_words(value: Any) -> Any:
    """Returns an answer in words as text, also one that consists of several ticked boxes; anything else unchanged."""
    if not isinstance(value, list):
        return as_text(value)
    texts = [as_text(each) for each in value if each not in (None, "")]
    return ", ".join(texts) if all(isinstance(text, str) for text in texts) else value


def as_yes_or_no(value: Any) -> Any:
    """Returns an answer to “may we call you?” as a bool: a text, which is a yes unless its first word is a no, courtesies apart (“I
    would rather not”), or a box that was ticked or not. None where nothing was answered; anything else unchanged."""
    if isinstance(value, list):
        value = next((one for one in value if one), False)
    text = as_text(value)
    if not isinstance(text, str):
        return value
    words = re.findall(r"\w+", text.casefold())
    meant = next((word for word in words if _COURTESY.fullmatch(word) is None), "")
    if not words or _NO.fullmatch(meant) is None:
        return True if words else None
    return meant != words[0] and _TAKEN_BACK.search(text.casefold()) is not None


def in_their_words(path: str, said: Mapping[str, str]) -> str:
    """Returns the sender's path for ours (`tags[3]`, `customer.email`)."""
    name, bracket, rest = path.partition("[")
    return f"{said.get(name, name)}{bracket}{rest}"


def _as_sent(found: Any) -> Feedback | None:
    """Returns the Feedback if nothing in it needs cleaning. That is so for most, and to clean them all costs half as much again."""
    try:
        told = Feedback.model_validate(found)
    except ValidationError:
        return None
    texts = (*found.values(), *found.get("customer", OUR_WORDS).values(), *found.get("tags", ()))
    return told if "".join([text for text in texts if isinstance(text, str)]).isprintable() else None


def _cleaned(found: Any) -> dict[str, Any]:
    fields = _texts_cleaned(as_object(found, ""), "")
    if "customer" in fields:
        fields["customer"] = _texts_cleaned(as_object(fields["customer"], "customer"), "customer.")
    if isinstance(tags := fields.get("tags"), list):
        fields["tags"] = [tag for tag in (_clean(tag) if isinstance(tag, str) else tag for tag in tags) if tag != ""]
    return fields


def _texts_cleaned(fields: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Returns the fields that are present, with cleaned texts; a blank text counts as missing."""
    cleaned = {name: _field(name, value, prefix) if isinstance(value, str) else value for name, value in fields.items()}
    return {name: value for name, value in cleaned.items() if value not in (None, "")}


def _field(name: str, text: str, prefix: str) -> str:
    if name in _EXACT and (_CONTROLS.search(text) or _LINE_BREAKS.search(text)):
        raise FieldError(prefix + name, "holds a control character")
    return _clean(text, lines=name == "comment")


def _clean(text: str, *, lines: bool = False) -> str:
    """Remove control characters, which PostgreSQL cannot store and terminals obey. Line breaks stay only if `lines`."""
    text = text.replace("\r\n", "\n") if lines else _LINE_BREAKS.sub(" ", text)
    return _CONTROLS.sub("", text).strip()


def _refuse_ours(value: str | None, path: str) -> None:
    if value is not None and value.casefold().startswith(OURS):
        raise FieldError(path, f"begins with {value.partition(':')[0]}:, as only what we write ourselves does")


def _translated(error: ErrorDetails, said: Mapping[str, str], noun: type[Feedback | Customer] = Feedback) -> FieldError:
    ours = error.get("ctx", {}).get("error")
    if isinstance(ours, FieldError):
        return FieldError(in_their_words(ours.field, said), ours.why)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])[1:]
    if error["type"] == "extra_forbidden":
        known = Customer.model_fields if path.startswith("customer.") else noun.model_fields
        # A terminal would obey control characters.
        shown = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in path[:100])
        return UnknownKey(shown, f"is not a key we know; there are {', '.join(known)}")
    return FieldError(in_their_words(path, said), _why(error))


def _why(error: ErrorDetails) -> str:
    limits = error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is missing"
        case "string_type":
            return "must be text"
        case "string_unicode":
            return "is not valid Unicode"
        case "string_too_long":
            return f"is longer than {limits['max_length']} characters"
        case "string_too_short":
            return f"is shorter than {limits['min_length']} characters"
        case "string_pattern_mismatch":
            return "must begin with http:// or https://"
        case "too_long":
            return f"has more than {limits['max_length']} entries"
        case "float_type":
            return "must be a number"
        case "finite_number":
            return "must be a number of ordinary size"
        case "bool_type":
            return "must be true or false"
        case "timezone_aware":
            return "has no time zone; end it in Z or +02:00"
        case kind if kind.startswith("datetime"):
            return "must be a time such as 2026-11-20T10:00:00Z, or Unix seconds"
        case "greater_than_equal":
            return f"must be {limits['ge']:g} or more"
        case "less_than_equal":
            return f"must be {limits['le']:.0f} or less"
        case "tuple_type":
            return "must be an array"
        case "enum":
            return f"must be one of {limits['expected']}"
        case _:
            return "could not be understood"
