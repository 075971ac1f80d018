"""The weights of the blend as people give them: JSON by part, or a file that holds it.

`rec-platform tune` writes such a file. What a weight does is in release/blend.py.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from rec_platform.release.blend import WEIGHTS

MOST = 1_000.0


def parse_weights(text: str) -> dict[str, float]:
    """The weights of all parts, in the order of the blend.

    Args:
        text: a JSON object of numbers by part, or the path of a file that holds one; empty for the
            default weights. A part that is not named has its default.

    Raises:
        ValueError: there is no such file, or it holds something else; the text says what.
    """
    text = text.strip()
    if text and not text.startswith("{"):
        try:
            text = Path(text).expanduser().read_text()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise ValueError(f"the weights cannot be read from {text}: {reason}") from None
    try:
        given: Any = json.loads(text or "{}")
    except ValueError as error:
        raise ValueError(f"the weights are no JSON: {error}") from None
    if not isinstance(given, dict):
        raise ValueError('the weights are a JSON object, for example {"genres": 6}')
    own = cast("dict[str, Any]", given)
    wrong = [complaint for name, weight in own.items() if (complaint := _complaint(name, weight))]
    if wrong:
        raise ValueError("; ".join(wrong))
    return {name: float(own.get(name, weight)) for name, weight in WEIGHTS.items()}


def format_weights(weights: Mapping[str, float]) -> str:
    """Weights as the recipe holds them: JSON in the order of the blend, empty for the default."""
    ordered = {name: weights[name] for name in WEIGHTS}
    return "" if ordered == WEIGHTS else json.dumps(ordered)


def _complaint(name: str, weight: Any) -> str:
    """What is wrong with a weight, empty if nothing is."""
    if name not in WEIGHTS:
        return f"there is no part {name!r}: there is {', '.join(WEIGHTS)}"
    is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if not is_number or not 0 <= weight <= MOST:
        return f"{name} is a number from 0 to {MOST:g}, not {json.dumps(weight)}"
    if name == "tone" and not weight:
        return "tone is above 0: the gate, which says what may be listed at all, hangs on it"
    return ""
