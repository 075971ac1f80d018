"""CloudFront's cache as data: what a distribution of a template does with an answer.

After AWS's pages on path patterns, on how long content stays in a cache, and on errors
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html,
HTTPStatusCodes.html). The emulator has no cache.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rec_platform_tests.infra.conftest import Assembly

KEPT_ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
ERROR_SECONDS = 10  # where a distribution says nothing
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # AWS's policy CachingDisabled


@dataclass(frozen=True)
class Behaviour:
    """What happens to the requests of a path pattern.

    Attributes:
        is_closed: a function answers in the site's place.
        policy: the cache policy, by CloudFormation's names.
        errors: the least seconds for which an error is kept, by status.
    """

    is_closed: bool
    policy: Mapping[str, Any]
    errors: Mapping[int, int]

    def kept_seconds(self, status: int, headers: Mapping[str, str]) -> int:
        """How long an edge answers without asking again."""
        least, most = int(self.policy["MinTTL"]), int(self.policy["MaxTTL"])
        said = headers.get("cache-control", "")
        if re.search(r"no-store|no-cache|private", said):
            asked = 0
        elif age := re.search(r"s-maxage=(\d+)", said) or re.search(r"max-age=(\d+)", said):
            asked = int(age[1])
        else:
            asked = int(self.policy["DefaultTTL"])
        if status >= 400:
            if status not in KEPT_ERRORS:
                return 0
            return max(self.errors.get(status, ERROR_SECONDS), asked)
        return max(least, min(asked, most))


def behaviour(assembly: Assembly, path: str) -> Behaviour:
    """The behaviour of the first path pattern that matches."""
    (distribution,) = assembly.of_type("CloudFront::Distribution")
    config = distribution["DistributionConfig"]
    chosen = next(
        (one for one in config.get("CacheBehaviors", []) if _matches(one["PathPattern"], path)),
        config["DefaultCacheBehavior"],
    )
    errors = {
        answer["ErrorCode"]: answer["ErrorCachingMinTTL"]
        for answer in config["CustomErrorResponses"]
    }
    return Behaviour(
        is_closed=bool(chosen.get("FunctionAssociations")),
        policy=_policy(assembly, chosen["CachePolicyId"]),
        errors=errors,
    )


def _matches(pattern: str, path: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return bool(re.fullmatch(expression, path.partition("?")[0]))


def _policy(assembly: Assembly, policy_id: Any) -> Mapping[str, Any]:
    if policy_id == DISABLED:
        return {"MinTTL": 0, "DefaultTTL": 0, "MaxTTL": 0}
    return assembly.resources[policy_id["Ref"]]["Properties"]["CachePolicyConfig"]
