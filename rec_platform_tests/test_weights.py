"""Weights as people give them."""

import json
import re
from pathlib import Path

import pytest

from rec_platform.release.blend import WEIGHTS
from rec_platform.weights import format_weights, parse_weights


def test_without_any_the_weights_are_the_default() -> None:
    assert parse_weights("") == parse_weights("{}") == WEIGHTS
    assert format_weights(WEIGHTS) == ""


def test_a_part_that_is_not_named_has_its_default() -> None:
    assert parse_weights('{"fame": 0}') == WEIGHTS | {"fame": 0}


def test_weights_keep_the_order_of_the_blend_and_their_values() -> None:
    doubled = {name: 2 * weight for name, weight in reversed(WEIGHTS.items())}
    assert [*json.loads(format_weights(doubled))] == [*WEIGHTS]
    assert parse_weights(format_weights(doubled)) == doubled


def test_a_file_is_read_wherever_it_lies(tmp_path: Path) -> None:
    file = tmp_path / "my {own} weights"
    file.write_text('\n {"era": 3}\n')
    assert parse_weights(str(file)) == WEIGHTS | {"era": 3}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nowhere.json", "cannot be read from nowhere.json: No such file"),
        ("/", "cannot be read from /: Is a directory"),
        ('{"fame": 1', "no JSON"),
        ('{"glory": 1}', "there is no part 'glory': there is series, "),
        ('{"fame": "much"}', 'fame is a number from 0 to 1000, not "much"'),
        ('{"fame": null}', "fame is a number from 0 to 1000, not null"),
        ('{"fame": true}', "fame is a number from 0 to 1000, not true"),
        ('{"fame": [1]}', "fame is a number"),
        ('{"fame": -0.1}', "fame is a number from 0 to 1000, not -0.1"),
        ('{"fame": 1001}', "fame is a number"),
        ('{"fame": 1e999}', "fame is a number from 0 to 1000, not Infinity"),
        ('{"fame": NaN}', "fame is a number from 0 to 1000, not NaN"),
        ('{"tone": 0}', "tone is above 0: the gate"),
        ('{"fame": -1, "era": -1}', "not -1; era is"),
    ],
)
def test_what_no_weight_can_be_is_told(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=re.escape(complaint)):
        parse_weights(text)


@pytest.mark.parametrize("content", ["[1, 2]", "7", "null", "weights"])
def test_a_file_of_something_else_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "weights.json"
    file.write_text(content)
    with pytest.raises(ValueError, match=r"the weights are (a JSON object|no JSON)"):
        parse_weights(str(file))


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "weights.json"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="it is no text"):
        parse_weights(str(file))
