"""Whether what is said of two titles is true of them."""

from rec_platform.release.reasons import ROLES
from rec_platform.release.schema import Title


def check(reason: str, title: Title, other: Title) -> str:
    """Check by other means that a reason is true of two titles. Returns what it is about."""
    if "series" in reason:
        assert title.series == other.series is not None
        return "series"
    phrase, _, names = reason.partition(": ")
    roles = {role for role, said in ROLES.items() if said == phrase}
    if roles:
        ids = [
            {credit.person_id for credit in credits if credit.role in roles}
            for credits in (title.credits, other.credits)
        ]
        by_id = {credit.person_id: credit.name for credit in title.credits}
        assert set(names.replace(" and ", ", ").split(", ")) <= {by_id[x] for x in ids[0] & ids[1]}
        return "people"
    if "worked on both" in reason:
        assert {x.person_id for x in title.credits} & {x.person_id for x in other.credits}
        return "people"
    if "0s" in reason:
        assert title.year // 10 == other.year // 10 and str(title.year)[:3] in reason
    if reason.startswith("Both") and " of the " not in reason:
        assert set(title.genres) & set(other.genres)
        return "genres"
    return "closeness"
