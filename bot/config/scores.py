"""Tries made-up answers on the routes: which unhappy ones no route takes, which score conditions make no sense. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bot.config.parts import Parts
from bot.config.unreachable import Stretch, stretch
from handlers.feedback import DEFAULT_SCALE, Band, Feedback, Metric, Moment
from handlers.rules import Route, band, route

Scale = tuple[float, float]
_UNHAPPY = (Moment.RESCUE, Moment.RESPONSE)


def unanswered(parts: Parts) -> str | None:
    """Returns a description of an unhappy answer that reaches no team; None if none was found."""
    routes = list(parts.routes.values())
    named = {metric for each in routes for metric in each.when.metric} & DEFAULT_SCALE.keys() or {Metric.NPS}
    for source in parts.sources or ("",):
        settings = parts.sources.get(source)
        own: Metric | None = getattr(settings.options, "metric", None) if settings else None
        for metric in [own] if own else sorted(named):
            if metric not in DEFAULT_SCALE:
                continue
            scale: Scale = getattr(settings.options, "scale", None) or DEFAULT_SCALE[metric] if settings else DEFAULT_SCALE[metric]
            for score, contact in product(_steps(scale), (False, True)):
                answer = Feedback(id="made-up", metric=metric, score=score, scale=scale, wants_contact=contact)
                if band(answer) is Band.DETRACTOR and route(answer, source, routes) is None:
                    told = f"{metric.value} {score:g} on the scale {scale[0]:g} to {scale[1]:g}" + f" from {source}" * bool(source)
                    by_place = any(each.team_of and each.when.holds(answer, source) for each in routes)
                    return told + " whose place is no team's" * by_place
    return None


def unheard(parts: Parts) -> bool:
    """Returns whether a comment without a score reaches no team, from one source at least."""
    answer = Feedback(id="made-up", metric=Metric.COMMENT, comment="Waited 45 minutes and nobody came.")
    routes = list(parts.routes.values())
    return any(route(answer, source, routes) is None for source in parts.sources or ("",))


def on_their_scale(parts: Parts) -> Iterator[tuple[int, str, str, str]]:
    """Yields score conditions that every answer meets, that none meets, or that select happy answers for an unhappy moment, as
    (index, code, why, help)."""
    for index, each in parts.routes.items():
        scales = _scales(each, parts)
        if not each.when.score or not scales:
            continue
        whole = [Stretch(min(scale), max(scale)) for scale in scales]
        met = [stretch(comparison) for comparison in each.when.score]
        shown = " or ".join(sorted({f"{worst:g} to {best:g}" for worst, best in scales}))
        if any(all(answers.within(piece) for answers in whole) for piece in met):
            yield index, "W208", f"every answer on the scale {shown} meets this condition", "correct the number, or leave score out"
        elif all(answers.cut(piece).empty for answers in whole for piece in met):
            yield index, "W208", f"no answer on the scale {shown} meets this condition", "correct the number"
        elif each.moment in _UNHAPPY and not each.when.band and all(_only_happy(piece, s) for piece in met for s in scales):
            why = f"on the scale {shown} these are the happy answers, and the moment is {each.moment.value}"
            help = "turn the comparison round, or write band: detractor; where 1 is the best answer, the source says scale: [7, 1]"
            yield index, "W209", why, help


def _scales(each: Route, parts: Parts) -> set[Scale]:
    """Returns the scales of the answers that the route can match; empty if they are not all known."""
    found: set[Scale] = set()
    metrics = each.when.metric or tuple(Metric)
    for name, settings in parts.sources.items():
        if each.when.source and name not in each.when.source:
            continue
        own: Metric | None = getattr(settings.options, "metric", None)
        if own in metrics and own in DEFAULT_SCALE:
            found.add(getattr(settings.options, "scale", None) or DEFAULT_SCALE[own])
        elif own is None:
            if not each.when.metric:
                return set()
            found |= {DEFAULT_SCALE[metric] for metric in metrics if metric in DEFAULT_SCALE}
    if not parts.sources and each.when.metric:
        found = {DEFAULT_SCALE[metric] for metric in metrics if metric in DEFAULT_SCALE}
    return found


def _only_happy(piece: Stretch, scale: Scale) -> bool:
    met = piece.cut(Stretch(min(scale), max(scale)))
    middle = sum(scale) / 2
    return met.empty or (met.low > middle if scale[0] < scale[1] else met.high < middle)


def _steps(scale: Scale) -> list[float]:
    low, high = min(scale), max(scale)
    whole = [float(number) for number in range(int(low) - 1, int(min(high, low + 1000)) + 2) if low <= number <= high]
    return sorted({scale[0], *whole})
