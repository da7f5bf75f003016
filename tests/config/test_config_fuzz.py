"""Whatever stands in the file, reading it ends in findings and never in a traceback."""

import re
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import load
from bot.config.check import findings
from bot.config.findings import report

ROOT = Path(__file__).parents[2]
TEXTS = [
    (ROOT / "app.yaml").read_text("utf-8"),
    *(path.read_text("utf-8") for path in sorted((ROOT / "tests/config/broken").glob("*.yaml"))),
]
WORDS = sorted({word for text in TEXTS for word in re.findall(r"[\w.:/-]+|[^\w\s]", text)})
SCRAPS = st.one_of(
    st.sampled_from(
        [
            *WORDS,
            "\t",
            "\n",
            "\n  ",
            "- ",
            "? ",
            ": ",
            "*a",
            "&a ",
            "!!str ",
            "|\n",
            ">",
            "${X}",
            "${",
            "$${",
            "%YAML 1.1\n",
            "---\n",
            "\r",
            "\u2028",
            "\ufeff",
        ]
    ),
    st.text(max_size=4),
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from((0, 0, 1, 3, 20))))
        text = text[:start] + draw(SCRAPS) + text[end:]
    return text


def check(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "app.yaml"
        path.write_bytes(content)
        for need_env in (True, False):
            found = load(path, environ={"X": "8080"}, need_env=need_env)
            told = findings(found)
            for format in ("text", "json", "github"):
                assert report(told, format) or not told
            assert all(finding.line >= 1 and finding.column >= 1 and finding.message.isprintable() for finding in told)
            assert need_env is False or (found.settings is None) == any(finding.level == "error" for finding in told)


FREELY = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])


@FREELY
@given(mutated())
def test_a_file_with_anything_changed_in_it_gets_findings(text: str) -> None:
    check(text.encode("utf-8", "surrogatepass"))


@FREELY
@given(
    st.one_of(
        st.binary(max_size=200), st.lists(SCRAPS, max_size=30).map(lambda parts: "".join(parts).encode("utf-8", "surrogatepass"))
    )
)
def test_a_file_of_rubbish_gets_findings(content: bytes) -> None:
    check(content)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from(WORDS).map(lambda word: f'"{word}"' if '"' not in word and "\\" not in word else "x"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(map(str, items)) + "]"),
        st.dictionaries(st.sampled_from([word for word in WORDS if re.fullmatch(r"[\w-]+", word)]), inner, max_size=3).map(
            lambda items: "{" + ", ".join(f"{key}: {value}" for key, value in items.items()) + "}"
        ),
    ),
    max_leaves=6,
)
PLACES = sorted(set(re.findall(r"(?<=: )[^{}\[\],\n]+", TEXTS[0])) - {""})


@FREELY
@given(st.sampled_from(PLACES), VALUES)
def test_any_value_in_any_place_gets_findings(place: str, value: object) -> None:
    check(TEXTS[0].replace(place, str(value), 1).encode())
