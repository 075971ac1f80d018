"""The policies of infra/, which docs/aws.md shows."""

from __future__ import annotations

import itertools
import json
from typing import Any

from rec_platform_tests.conftest import REPOSITORY


def allowed(*policies: str) -> set[str]:
    """The actions that policies of docs/aws.md allow."""
    files = [REPOSITORY / f"infra/policies/{name}.json" for name in policies]
    statements = [rule for file in files for rule in json.loads(file.read_text())["Statement"]]
    actions = [rule["Action"] for rule in statements]
    return set(
        itertools.chain(*([names] if isinstance(names, str) else names for names in actions))
    )


def filled(name: str, bucket: str) -> Any:
    """A file of infra/ as `fill` of docs/aws.md fills it."""
    text = (REPOSITORY / "infra" / name).read_text()
    for word, value in {"ACCOUNT": "0" * 12, "BUCKET": bucket, "PREFIX": "imdb"}.items():
        text = text.replace(word, value)
    return json.loads(text)
