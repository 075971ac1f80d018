"""Variables of the environment that are called almost like one of the platform's."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

PREFIX = "REC_"
# A test compares them with those that the code reads.
KNOWN = frozenset(
    PREFIX + name
    for name in (
        *("ALERT_WEBHOOK", "CLUSTERS", "CODE_HOST", "DEPLOYMENT", "FEATURES", "FORCE"),
        *("IMDB_SOURCE", "INDEXING", "JUDGEMENTS_SOURCE", "KEYWORDS_SOURCE", "LOGS_BUCKET"),
        *("MAX_SCORE_DROP", "MIN_TITLE_SHARE", "MIN_VOTES", "POSTGRES_URL", "PRESET", "PRICES"),
        *("RATINGS_SOURCE", "REAL_DATA", "ROOT", "ROOT_PATH", "RULE", "SCRATCH_DIR", "SEED"),
        *("SITE_URL", "TITLE_TYPES", "WEIGHTS", "YEAR_MAX"),
    )
)
OTHER_PREFIXES = ("REC_ATHENA_", "REC_SAGEMAKER_", "REC_INFRA_")
ALIKE = 0.85  # of difflib's ratio; REC_CLUSTRS is .96 like REC_CLUSTERS


def misspelt(variables: Iterable[str]) -> Iterator[str]:
    """What to say of each variable that nothing reads and that is called almost like another."""
    for name in sorted(variables):
        if name.startswith(PREFIX) and name not in KNOWN and not name.startswith(OTHER_PREFIXES):
            words = {*name.split("_")}
            longer = sorted(known for known in KNOWN if words < {*known.split("_")})
            if likely := longer or get_close_matches(name, KNOWN, 1, ALIKE):
                yield f"{name} is not read: did you mean {' or '.join(likely)}?"
