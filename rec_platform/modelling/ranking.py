"""How good lists are: pure functions from lists, and what people judge or like, to figures.

Lists are arrays (titles, count) of positions in the catalogue, best first, -1 where there are no
more; the list of a title is in its row. Only the first `LIST_LENGTH`, nine, count, for the tail
the first nine of the tail. Which lists are
compared does not belong here (see baselines.py).

| figure | what it is |
|---|---|
| p9 | of the judged pairs that are in the lists, the share OK; a pair is in the lists if either |
| | title is among the other's nine |
| r9 | of all pairs judged OK, the share in the lists |
| bad9 | of all pairs judged NOT_OK, the share in the lists: lower is better |
| auc | how often an OK pair is said to be more alike than a NOT_OK pair, a tie counted half: the |
| | area under the curve of true against false positives (Hanley and McNeil 1982) |
| ndcg | for each user and each title that the user likes: how well the title's nine find the |
| | others that the user likes. Gain 1 for each, discounted by log2(1 + rank), over the best there |
| | could be (Jarvelin and Kekalainen 2002) |
| hit_rate | how often at least one of the nine is liked |
| tail_ndcg | the same as ndcg as if the most liked tenth of the liked titles did not exist: not |
| | asked for, not counted, and not listed, so that what follows moves up. Targets and candidates |
| | are of the same part of the catalogue (Bellogin, Castells and Cantador 2017), and how many of |
| | the head are listed is for novelty and coverage to say |
| coverage | the share of the catalogue that is in at least one of the lists of nine |
| siblings | of the other films of a title's series, nine at most, the share on its page: among |
| | its nine, or in the row of its series, of which nine at most count |
| diversity | 1 - the weighted Jaccard index of the genres, mean over all pairs of a list |
| novelty | -log2 of a listed title's share of all votes, mean, in bits (Zhou et al. 2010) |
"""

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np

from rec_platform.release.schema import LIST_LENGTH

HEAD_SHARE = 0.1
DISCOUNTS = 1 / np.log2(np.arange(2, LIST_LENGTH + 2))
IDEALS = np.concatenate([[0], DISCOUNTS.cumsum()])
RESAMPLES = 1_000
CONFIDENCE = 0.95
BLOCK_ROWS = 4_096


def by_catalogue(
    lists: np.ndarray,
    series: np.ndarray,
    combination: np.ndarray,
    overlap: np.ndarray,
    votes: np.ndarray,
    rows: np.ndarray | None = None,
) -> dict[str, float]:
    """The figures that need no ratings; siblings is left out where no title has one.

    Args:
        lists: see above.
        series: (titles,) the same number for films of one series, -1 for none.
        combination: (titles,) int, each title's combination of genres.
        overlap: (combinations, combinations), the weighted Jaccard index of two.
        votes: (titles,)
        rows: of series_rows(); None for lists that have none beside them.
    """
    figures = {
        "coverage": coverage(lists),
        "siblings": siblings(lists, series, rows),
        "diversity": diversity(lists, combination, overlap),
        "novelty": novelty(lists, votes),
    }
    return {name: value for name, value in figures.items() if value is not None}


def by_likes(lists: np.ndarray, likes: list[np.ndarray]) -> dict[str, list[float]]:
    """The figures that need ratings: mean, lower and upper bound of each.

    Args:
        lists: see above.
        likes: for each user the positions of the titles that the user likes.
    """
    head = most_liked(likes, len(lists))
    tail_likes = [liked[~head[liked]] for liked in likes]
    ndcg, hits, asked = gains(lists, likes).T
    tail, _, tail_asked = gains(without(lists, head), tail_likes).T
    return {
        "ndcg": mean_and_interval(ndcg, asked),
        "hit_rate": mean_and_interval(hits, asked),
        "tail_ndcg": mean_and_interval(tail, tail_asked),
    }


def by_judgements(
    lists: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    is_ok: np.ndarray,
    likeness: np.ndarray | None = None,
) -> dict[str, list[float]]:
    """The figures that need people's own judgements: mean, lower and upper bound of each.

    A figure of no pairs is left out, for example p9 if no judged pair is in the lists. Intervals
    are by the bootstrap over pairs.

    Args:
        lists: see above.
        first: (pairs,) positions of titles.
        second: (pairs,) of those that they were judged with.
        is_ok: (pairs,) bool, whether the pair was judged OK.
        likeness: (pairs,) how alike the maker of the lists says that they are; None if it does not.
    """
    shown = lists[:, :LIST_LENGTH]
    is_listed = (shown[first] == second[:, np.newaxis]).any(axis=1)
    is_listed |= (shown[second] == first[:, np.newaxis]).any(axis=1)
    wholes = {"p9": is_listed, "r9": is_ok, "bad9": ~is_ok}
    found = {"p9": is_listed & is_ok, "r9": is_listed & is_ok, "bad9": is_listed & ~is_ok}
    figures = {
        name: mean_and_interval(found[name].astype(float), whole.astype(float))
        for name, whole in wholes.items()
        if whole.any()
    }
    if likeness is not None and is_ok.any() and not is_ok.all():
        figures["auc"] = area_and_interval(likeness, is_ok)
    return figures


def area_and_interval(likeness: np.ndarray, is_ok: np.ndarray, seed: int = 0) -> list[float]:
    """The area under the curve, and the bounds of its bootstrap interval over pairs.

    Args:
        likeness: (pairs,)
        is_ok: (pairs,) bool, of both kinds.
        seed: of the draws.

    Returns:
        The area, the lower and the upper bound of 95 %.
    """
    _, step = np.unique(likeness, return_inverse=True)

    def area(weights: np.ndarray) -> float:
        good = np.bincount(step, weights * is_ok)
        bad = np.bincount(step, weights * ~is_ok)
        least = bad.cumsum() - bad / 2
        pairs = good.sum() * bad.sum()
        return good @ least / pairs if pairs else np.nan

    areas = [area(draw) for draw in _draws(len(is_ok), seed)]
    return [float(area(np.ones(len(is_ok)))), *_bounds(np.array(areas))]


def most_liked(likes: Iterable[np.ndarray], title_count: int) -> np.ndarray:
    """Whether each title is in the most liked tenth of those that anybody likes: (titles,)."""
    counts = np.bincount(
        np.concatenate([np.empty(0), *likes]).astype("int64"), minlength=title_count
    )
    head = np.zeros(title_count, dtype=bool)
    size = max(1, round(HEAD_SHARE * np.count_nonzero(counts)))
    head[np.argsort(-counts, kind="stable")[:size]] = True
    return head


def without(lists: np.ndarray, titles: np.ndarray) -> np.ndarray:
    """The lists without some titles (a mask); what follows moves up."""
    kept = np.where((lists >= 0) & ~titles[lists], lists, -1)
    return np.take_along_axis(kept, np.argsort(kept < 0, axis=1, kind="stable"), axis=1)


def gains(lists: np.ndarray, likes: list[np.ndarray]) -> np.ndarray:
    """What the lists of each user's likes find of the user's other likes.

    The lists of a user who likes only one title are not asked for.

    Returns:
        (users, 3): the sum of the NDCGs, the number of lists with a hit, the number of lists.
    """
    shown = lists[:, :LIST_LENGTH]
    discounts = DISCOUNTS[: shown.shape[1]]
    is_liked = np.zeros(len(lists) + 1, dtype=bool)  # the last one is for -1
    sums = np.zeros((len(likes), 3))
    for user, liked in enumerate(likes):
        if len(liked) > 1:
            is_liked[liked] = True
            hits = is_liked[shown[liked]]
            is_liked[liked] = False
            ideal = IDEALS[min(LIST_LENGTH, len(liked) - 1)]
            sums[user] = (hits @ discounts).sum() / ideal, hits.any(axis=1).sum(), len(liked)
    return sums


def mean_and_interval(sums: np.ndarray, counts: np.ndarray, seed: int = 0) -> list[float]:
    """The mean over all that was asked for, and the bounds of its bootstrap interval.

    Users are drawn again, each with all their lists, or pairs (percentiles; Efron 1979).

    Args:
        sums: (users,) of a figure over each user's lists.
        counts: (users,) of each user's lists.
        seed: of the draws.

    Returns:
        The mean, the lower and the upper bound of 95 %.
    """
    means = [draw @ sums / max(draw @ counts, 1) for draw in _draws(len(sums), seed)]
    return [float(sums.sum() / max(1, counts.sum())), *_bounds(np.array(means))]


def _draws(count: int, seed: int) -> Iterator[np.ndarray]:
    """How often each of so many is drawn, for each draw of as many: (count,), one by one."""
    random = np.random.default_rng(seed)
    for _ in range(RESAMPLES):
        yield random.multinomial(count, np.full(count, 1 / count))


def _bounds(draws: np.ndarray) -> list[float]:
    outside = (1 - CONFIDENCE) / 2
    return np.nanquantile(draws, [outside, 1 - outside]).tolist()


def coverage(lists: np.ndarray) -> float:
    """See above, in 0..1."""
    is_shown = np.zeros(len(lists) + 1, dtype=bool)  # the last one is for -1
    is_shown[lists[:, :LIST_LENGTH]] = True
    return float(np.count_nonzero(is_shown[:-1]) / len(lists))


def siblings(lists: np.ndarray, series: np.ndarray, rows: np.ndarray | None = None) -> float | None:
    """See above, in 0..1; None where no title has a sibling."""
    shown = lists[:, :LIST_LENGTH]
    numbers, members = np.unique(series, return_inverse=True)
    others = np.bincount(members)[members] - 1
    asked = np.flatnonzero((series >= 0) & (others > 0))
    if not len(numbers) or not len(asked):
        return None
    on_page = shown[asked] if rows is None else np.hstack([shown[asked], rows[asked]])
    on_page = np.sort(on_page, axis=1)
    is_sibling = (series[on_page] == series[asked, np.newaxis]) & (on_page >= 0)
    is_sibling[:, 1:] &= on_page[:, 1:] != on_page[:, :-1]
    share = is_sibling.sum(axis=1) / np.minimum(others[asked], LIST_LENGTH)
    return float(np.minimum(share, 1).mean())


def series_rows(series: np.ndarray, year: np.ndarray) -> np.ndarray:
    """The first nine others of each title's series, by year: (titles, 9) positions or -1."""
    rows = np.full((len(series), LIST_LENGTH), -1)
    order = np.lexsort((year, series))
    order = order[series[order] >= 0]
    for members in np.split(order, np.flatnonzero(np.diff(series[order])) + 1):
        for title in members:
            row = members[members != title][:LIST_LENGTH]
            rows[title, : len(row)] = row
    return rows


def diversity(lists: np.ndarray, combination: np.ndarray, overlap: np.ndarray) -> float:
    """See above, in 0..1, mean over the lists of two or more."""
    shown = lists[:, :LIST_LENGTH]
    left, right = np.array([*combinations(range(shown.shape[1]), 2)]).reshape(-1, 2).T
    total, count = 0.0, 0
    for start in range(0, len(shown), BLOCK_ROWS):
        rows = shown[start : start + BLOCK_ROWS]
        listed = combination[rows]
        different = 1 - overlap[listed[:, left], listed[:, right]].astype("float64")
        is_pair = (rows[:, left] >= 0) & (rows[:, right] >= 0)
        pairs = is_pair.sum(axis=1)
        total += ((different * is_pair).sum(axis=1) / np.maximum(pairs, 1)).sum()
        count += np.count_nonzero(pairs)
    return float(total / max(1, count))


def novelty(lists: np.ndarray, votes: np.ndarray) -> float:
    """See above, in bits, mean over all listed titles."""
    shown = lists[:, :LIST_LENGTH]
    surprise = -np.log2(np.maximum(votes, 1) / np.maximum(votes, 1).sum())
    return float(surprise[shown[shown >= 0]].mean()) if (shown >= 0).any() else 0.0
