"""`hero rehearse` shows what it read: of what a tool sends, and of what a tool gives that is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import Ended, hero

PLAIN = {"id": "r-1", "metric": "nps", "score": 3}
READING = """
company: {name: Northwind Coffee, timezone: Europe/Oslo}
chats: {practice: {}}
sources:
  survey: {kind: plain, unsigned: true}
  own: {kind: mapped, unsigned: true, metric: csat, fields: {id: id, score: stars, comment: PATH, email: customer.mail, wants_contact: call}}
  form: {kind: typeform, unsigned: true, questions: {score: q1, comment: q2}, hidden: {email: mail, comment: words}}
  crm: {kind: crm, unsigned: true, fields: {key: id, segment: grade}}
  sat: {kind: simplesat, token: t, answers: {sad: 1}, fields: {customer.phone: tel}}
  hub: {kind: hubspot, token: t}
  play: {kind: google_play, token: 'FILE', package: com.x}
  store: {kind: app_store, token: t, app: "7", key: k, issuer: i}
teams: {oak-street: {title: Oak Street, channel: practice:oak-street, hours: always}}
routes: [{name: everyone unhappy, when: {band: detractor}, team: oak-street}]
"""
KEY_FILE = json.dumps({"client_email": "hero@x.example", "private_key": "k", "token_uri": "https://x.example/token"})


def read(folder: Path, source: str, payload: object, path: str = "why") -> Ended:
    (folder / "app.yaml").write_text(READING.replace("PATH", path).replace("FILE", KEY_FILE), "utf-8")
    return hero("rehearse", source, "-", folder=folder, typed=json.dumps(payload))


def test_rehearse_shows_all_that_was_read(tmp_path: Path) -> None:
    customer = {"key": "c-77", "name": "Dana Reyes", "email": "dana@example.com", "value": 48000, "currency": "NOK"}
    more = {"touchpoint": "collection", "tags": ["oak", "late"], "link": "https://survey.example/r/1", "wants_contact": True}
    said = PLAIN | more | {"comment": "Waited\n45 minutes.", "occurred_at": "2026-11-20T10:00:00+01:00", "customer": customer}
    assert read(tmp_path, "survey", said).out.splitlines()[:4] == [
        "Feedback  r-1: nps 3 on 0 to 10, detractor",
        "Words     “Waited 45 minutes.”",
        "Customer  key c-77, name Dana Reyes, email dana@example.com, value 48000.0, currency NOK",
        "Said      2026-11-20 09:00 UTC; touchpoint collection; tags oak, late; link https://survey.example/r/1; wants to be contacted",
    ]
    assert read(tmp_path, "survey", PLAIN).out.splitlines()[1:4] == [
        "Words     none",
        "Customer  unknown",
        "Said      when it arrives",
    ]
    long = read(tmp_path, "survey", PLAIN | {"comment": "x" * 281}).out.splitlines()[1]
    assert (len(long), long[-2:]) == (len("Words     “”") + 280, "…”")


def test_a_path_at_which_nothing_was_found_is_named(tmp_path: Path) -> None:
    said = {"id": 1, "stars": 2, "why": "Cold.", "call": "nei"}
    right, wrong = read(tmp_path, "own", said).out, read(tmp_path, "own", said, "answers.wy").out
    assert "Words     “Cold.”\nCustomer  unknown\nSaid      when it arrives; does not want to be contacted\n" in right
    assert "\nNot found at customer.mail (email)\n" in right
    unasked = read(tmp_path, "own", {"id": 1, "stars": 2, "why": "Cold."}).out
    assert "Said      when it arrives\nNot found at customer.mail (email), at call (wants_contact)\n" in unasked
    assert "\nWords     none\n" in wrong
    assert "\nNot found at answers.wy (comment), at customer.mail (email)\n" in wrong
    form = {"token": "t-1", "answers": [{"type": "number", "number": 3, "field": {"ref": "q1"}}]}
    told = read(tmp_path, "form", {"event_type": "form_response", "form_response": form}).out
    assert "\nNot found for question q2 or for hidden field words (comment), for hidden field mail (email)\n" in told
    assert read(tmp_path, "crm", {"id": "c-1"}).out.startswith("Customer  c-1: key c-1\nNot found at grade (segment)\n")
    assert "\nNot found at tel (phone)\n" in read(tmp_path, "sat", {"id": 5, "choice": "sad"}).out


@pytest.mark.parametrize(
    ("source", "page", "why"),
    [
        (
            "sat",
            {"answers": [{"id": 5, "choice": "sad"}, {"id": 6, "choice": "x"}], "next": None},
            "choice is none of the answers sad",
        ),
        ("sat", {"results": [{"id": 5, "choice": "sad"}, {"choice": "sad"}]}, "id is missing"),
        (
            "hub",
            {"results": [{"id": "5", "properties": {"hs_survey_type": "NPS", "hs_value": "0"}}, {"id": "6"}]},
            "properties.hs_survey_type is missing",
        ),
        (
            "play",
            {"reviews": [{"reviewId": "5", "comments": [{"userComment": {"starRating": 1}}]}, {"reviewId": "6"}]},
            "comments is missing",
        ),
        ("store", {"data": [{"id": "5", "attributes": {"rating": 1}}, 6]}, "the entry must be an object"),
    ],
)
def test_a_tool_that_is_asked_is_rehearsed_as_it_gives_its_pages_and_answered_nothing(
    tmp_path: Path, source: str, page: dict[str, list[object]], why: str
) -> None:
    told = read(tmp_path, source, page)
    assert (told.status, told.err) == (0, "")
    assert told.out.startswith("Page      of 2 entries\nFeedback  5: ")
    assert "→ everyone unhappy matches" in told.out
    assert f"\nEntry 2   could not be read: {why}. It would be kept, the others would be stored.\n" in told.out
    [entries] = [each for each in page.values() if each]
    alone = read(tmp_path, source, entries[0])
    assert alone.out.startswith("Feedback  5: ")
    refused = read(tmp_path, source, {**entries[1], "x": 1} if isinstance(entries[1], dict) else {"x": 1})
    assert (refused.status, refused.out) == (2, "")
    assert "the entry could not be read: " in refused.err
    assert f"It would be kept, to be read again: hero sources --replay {source}" in refused.err
    passed_over = read(tmp_path, "hub", {"id": "5", "properties": {"hs_survey_type": "NPS"}})
    nothing = read(tmp_path, source, 3)
    assert "This entry would be passed over: it holds no feedback.\n" in passed_over.out
    assert "hero: the payload must be a JSON object, or an array of them.\n" in nothing.err
    assert not any("answered" in each.all for each in (told, alone, refused, passed_over, nothing))


def test_what_rehearse_prints_is_obeyed_by_no_terminal(tmp_path: Path) -> None:
    evil = "\u202egnol \u001b[31mred\u0007 \u009b2J\u2028\U000e0041 👩\u200d💻"
    said = PLAIN | {"comment": evil, "touchpoint": evil, "tags": [evil], "customer": {"name": evil}}
    told = [read(tmp_path, "survey", each) for each in (said, [said, {evil: 1}], said | {evil: 1})]
    for each in told:
        assert not {character for character in each.all if not character.isprintable()} - {"\n", "\u200d"}
    assert "“ gnol [31mred 2J" in told[0].out
    assert "👩\u200d💻" in told[0].out


SHOPS = """
company: {name: Northwind Coffee, timezone: Europe/Oslo}
chats: {practice: {}}
sources: {survey: {kind: plain, unsigned: true}}
teams:
  oak-street: {title: Oak Street, places: ["0412"], channel: practice:oak-street, hours: always}
  harbour: {channel: practice:harbour, hours: always}
  head-office: {channel: practice:head-office, hours: always}
routes:
  - {name: tagged, when: {band: promoter}, team_of: tag, wins: true}
  - {name: the shop, when: {band: detractor}, team_of: touchpoint}
  - {name: their shop, when: {band: detractor}, team_of: location}
  - {name: everyone else, when: {band: detractor}, team: head-office}
"""


def routed(folder: Path, **said: object) -> list[str]:
    (folder / "app.yaml").write_text(SHOPS, "utf-8")
    ended = hero("rehearse", "survey", "-", folder=folder, typed=json.dumps(PLAIN | said))
    lines = [line.partition(";")[0] for line in ended.out.splitlines() if line.startswith(("Route", "Team"))]
    return [" ".join(line.split()) for line in lines]


def test_rehearse_tells_which_place_led_to_which_team_and_which_is_no_teams(tmp_path: Path) -> None:
    assert routed(tmp_path, touchpoint="0412") == [
        "Route · tagged",
        "Route → the shop matches: touchpoint “0412”",
        "Team Oak Street, rescue",
    ]
    assert routed(tmp_path, touchpoint="Oka Street", customer={"location": "HARBOUR"}) == [
        "Route · tagged",
        "Route · the shop: no team is called “Oka Street”",
        "Route → their shop matches: location “HARBOUR”",
        "Team Harbour, rescue",
    ]
    assert routed(tmp_path) == [
        "Route · tagged",
        "Route · the shop: the answer has no touchpoint",
        "Route · their shop: the answer has no location",
        "Route → everyone else matches",
        "Team Head Office, rescue",
    ]
    assert routed(tmp_path, score=10, tags=["vip", "harbour"]) == [
        "Route → tagged matches: tag “harbour”",
        "Team Harbour",
    ]
    assert routed(tmp_path, score=10, tags=["vip", "habour"])[0] == "Route · tagged: no team is called “vip” or “habour”"
