"""Google Play: polls the reviews of an app. The API returns the last week only, so every round reads all of it."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import Field, SecretStr, field_validator

import bot.listening
from bot.listening import Asking, Denied, Page, paths, reading
from handlers.feedback import Feedback, FieldError, Metric

PAGES = ("reviews",)
LOOKS_BACK = False  # every round reads as far back as Google's API allows

_SCOPE = "https://www.googleapis.com/auth/androidpublisher"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Options(bot.listening.PolledOptions):
    """`token` is the JSON key file of a service account. `package` is the app's package name, such as com.example.app."""

    api_url: Annotated[str, Field(pattern=r"^https?://")] = "https://androidpublisher.googleapis.com/"
    package: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*)+$")]
    every: bot.listening.Often = 900

    @field_validator("token")
    @classmethod
    def _is_a_key_file(cls, token: SecretStr) -> SecretStr:
        text = token.get_secret_value().strip()
        if not text.startswith("${") and not _key_file(text):
            raise ValueError("is not the key file of a service account; put the whole JSON into the environment")
        return token


def addresses(options: Options) -> Sequence[str]:
    return (options.api_url, _key_file(options.token.get_secret_value())["token_uri"])


def begin(since: datetime, options: Options) -> str:  # noqa: ARG001 - there is no starting point to choose
    return ""


async def poll(cursor: str, options: Options, ask: Asking) -> Page:
    headers = {"Authorization": f"Bearer {await _token(options, ask)}"}
    params = {"maxResults": "100"} | ({"token": cursor} if cursor else {})
    address = f"androidpublisher/v3/applications/{options.package}/reviews"
    try:
        answer = reading.as_object(await ask.get(address, params=params, headers=headers), "")
    except Denied:
        if not cursor:
            raise
        return Page((), "", more=False)  # the page token has expired; the next round starts from the first page
    entries = [entry for entry in answer.get("reviews") or () if isinstance(entry, dict)]
    following = paths.look(answer, "tokenPagination.nextPageToken")
    return Page(entries, following if isinstance(following, str) else "", more=isinstance(following, str))


def parse(payload: Any, options: Options) -> Sequence[Feedback]:
    review = reading.as_object(payload, "")
    comments = review.get("comments")
    if not isinstance(comments, list):
        raise FieldError("comments", "is missing" if comments is None else "must be an array")
    place, said = next(
        ((n, each["userComment"]) for n, each in enumerate(comments) if isinstance(each, dict) and "userComment" in each), (0, None)
    )
    where = f"comments[{place}].userComment"
    words = reading.as_object(said, where)
    text = words.get("originalText") or words.get("text")
    found = {
        "id": review.get("reviewId"),
        "metric": Metric.STARS,
        "score": words.get("starRating"),
        "comment": text.replace("\t", "\n").strip() if isinstance(text, str) else text,
        "occurred_at": reading.as_number(paths.look(words, "lastModified.seconds")),
        "customer": {"name": review.get("authorName")},
        "touchpoint": f"Google Play {options.package}",
        "link": _public(review.get("reviewId"), options),
    }
    table = {"id": "reviewId", "score": f"{where}.starRating", "comment": f"{where}.text", "customer.name": "authorName"}
    return (reading.feedback(found, table | {"occurred_at": f"{where}.lastModified.seconds"}),)


def _public(review: Any, options: Options) -> str | None:
    """Where everybody can read it. A reply is written in the Play Console, whose address has a number that we do not know."""
    asked = urlencode({"id": options.package, "reviewId": review}, errors="replace")
    return f"https://play.google.com/store/apps/details?{asked}" if isinstance(review, str) else None


def _key_file(text: str) -> Mapping[str, str]:
    """Returns the needed parts of a key file; empty if it is not one."""
    try:
        told = json.loads(text)
        return {name: str(told[name]) for name in ("client_email", "private_key", "token_uri")}
    except (ValueError, KeyError, TypeError):
        return {}


@lru_cache(maxsize=8)
def _read_key(pem: str) -> Any:
    """Returns the key to sign with. Kept, because reading one takes thirty milliseconds, and each page wants a token."""
    from jwt.algorithms import RSAAlgorithm

    return RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(pem)


async def _token(options: Options, ask: Asking) -> str:
    """Get a new access token for each page: they are free, and none has to be stored."""
    import jwt

    file, now = _key_file(options.token.get_secret_value()), int(time.time())
    claims = {"iss": file["client_email"], "scope": _SCOPE, "aud": file["token_uri"], "iat": now, "exp": now + 600}
    try:
        signed = jwt.encode(claims, _read_key(file["private_key"]), "RS256")
    except (ValueError, TypeError, jwt.PyJWTError) as error:
        raise Denied("the private key of the service account cannot be used") from error
    answer = await ask.post(file["token_uri"], form={"grant_type": _GRANT, "assertion": signed})
    token = paths.look(answer, "access_token")
    if not isinstance(token, str):
        raise Denied("it gave no token for the service account")
    return token
