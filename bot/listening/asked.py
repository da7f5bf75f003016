"""What was asked, for tools whose payloads do not say so: the metric, its scale, and the scores that answer labels stand for."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from bot.listening import Options, reading
from handlers.feedback import DEFAULT_SCALE, FieldError, Metric


def _folded(answers: object) -> object:
    """Turn labels into folded text, since YAML reads `true` and `1` as other types; labels are compared ignoring case."""
    return {str(label).strip().casefold(): score for label, score in answers.items()} if isinstance(answers, dict) else answers


Answers = Annotated[dict[str, float], BeforeValidator(_folded)]


class Asked(BaseModel):
    """`scale` is (worst, best), by default the metric's usual one; `answers` maps labels to scores."""

    metric: Metric = Metric.NPS
    scale: tuple[float, float] | None = None
    answers: Answers = Field(default_factory=dict)

    @model_validator(mode="after")
    def _can_be_answered(self) -> Asked:
        if self.metric is Metric.COMMENT:
            return self
        worst, best = self.scale or DEFAULT_SCALE[self.metric]
        if worst == best or (self.metric is Metric.NPS and (worst, best) != (0, 10)):
            raise ValueError("scale is [worst, best], two different numbers; that of nps is [0, 10]")
        for label, score in self.answers.items():
            if not min(worst, best) <= score <= max(worst, best):
                raise ValueError(f"the answer {label!r} stands for {score:g}, outside the scale of {worst:g} to {best:g}")
        return self

    @property
    def question(self) -> dict[str, Any]:
        """Returns metric and scale in the form `reading.feedback` takes."""
        return {"metric": self.metric, "scale": list(self.scale) if self.scale else None}

    def score(self, value: Any, path: str) -> Any:
        """Returns the score that an answer stands for. Raises FieldError for a label that app.yaml does not list."""
        label = str(value) if isinstance(value, bool) else reading.as_text(value)
        if self.answers and isinstance(label, str) and (folded := label.strip().casefold()) in self.answers:
            return self.answers[folded]
        number = reading.as_number(value)
        if self.answers and isinstance(number, str) and number.strip():
            raise FieldError(path, f"is none of the answers {', '.join(self.answers)}")
        return number


class AskedOptions(Asked, Options):
    """The keys of a source that must be told what its survey asks, and nothing else."""
