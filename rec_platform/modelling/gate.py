"""The gate: whether a release is worse than the one that serves, by their scorecards.

People's judgements come first, then the tail and coverage. What people like together rewards fame,
so it may fall where judgements rise.
"""

from typing import Any

from rec_platform.choices import GatedFigure
from rec_platform.modelling.scorecard import DEFAULT, ORIGINAL, Scorecard

JUDGED = (GatedFigure.p9, GatedFigure.r9, GatedFigure.bad9)
RATED = (GatedFigure.tail_ndcg, GatedFigure.ndcg)
LOWER_IS_BETTER = (GatedFigure.bad9,)


def worse(made: Scorecard, serving: Scorecard | None, max_drop: float) -> dict[GatedFigure, str]:
    """Why a release is worse, in words, by figure; empty if it is not.

    Args:
        made: of the release that was made.
        serving: of the release that serves; None if there is none to compare with.
        max_drop: what a figure may lose, as a share of its value in the serving release.
    """
    reasons = _falls(made, serving, max_drop)
    if _judgements_rose(made, serving, max_drop):
        reasons.pop(GatedFigure.ndcg, None)
    new = made.figures.get(DEFAULT, {})
    least = made.figures.get(ORIGINAL, {}).get("ndcg", 0)
    if new.get("ndcg", least) < least:
        below = f"ndcg is {new['ndcg']:.3f}, below the 2020 original's {least:.3f}"
        reasons[GatedFigure.ndcg] = "; ".join(filter(None, [reasons.get(GatedFigure.ndcg), below]))
    return reasons


def compared(made: Scorecard, serving: Scorecard | None) -> list[GatedFigure]:
    """The gated figures that both have, and took from the same judgements or ratings.

    Args:
        made: of the release that was made.
        serving: of the release that serves; None if there is none to compare with.
    """
    if serving is None:
        return []
    differing = {
        *(() if _is_same("judgements", made, serving) else JUDGED),
        *(() if _is_same("ratings", made, serving) else RATED),
    }
    both = made.figures.get(DEFAULT, {}).keys() & serving.figures.get(DEFAULT, {}).keys()
    return [figure for figure in GatedFigure if figure in both - differing]


def no_worse(made: Scorecard, serving: Scorecard | None, max_drop: float) -> str:
    """What a release that is not worse was compared by, and what could not be judged, in words.

    Args:
        made: see worse().
        serving: see worse().
        max_drop: see worse().
    """
    figures = compared(made, serving)
    excused = _falls(made, serving, max_drop)
    told = ["not compared: no release serves that was made and scored alike"]
    if figures:
        told = [f"no worse in {', '.join(name for name in figures if name not in excused)}"]
    told += [f"{reason}, as it may where judgements rise" for reason in excused.values()]
    lacking = [figure for figure in GatedFigure if figure not in figures]
    for source, variable, names in (
        ("judgements", "REC_JUDGEMENTS_SOURCE", JUDGED),
        ("ratings", "REC_RATINGS_SOURCE", RATED),
    ):
        by_source = ", ".join(figure for figure in lacking if figure in names)
        if not getattr(made, source):
            told.append(f"not judged, for lack of {source} ({variable}): {by_source}")
        elif serving and not _is_same(source, made, serving):
            told.append(f"not compared, for lack of the same {source}: {by_source}")
        else:
            continue
        lacking = [figure for figure in lacking if figure not in names]
    if lacking and serving:
        told.append(f"not compared, because a release lacks it: {', '.join(lacking)}")
    return "; ".join(told)


def _falls(made: Scorecard, serving: Scorecard | None, max_drop: float) -> dict[GatedFigure, str]:
    """How figures became worse by more than they may, in words."""
    falls: dict[GatedFigure, str] = {}
    for figure, (before, after) in _changes(made, serving).items():
        lost = after - before if figure in LOWER_IS_BETTER else before - after
        if lost > before * max_drop:
            falls[figure] = (
                f"{figure} {'rose' if after > before else 'fell'} from {before:.3f}, in the "
                f"serving release, to {after:.3f}"
            )
            if before:
                falls[figure] += f": by {lost / before:.0%}, more than {max_drop:.0%}"
    return falls


def _judgements_rose(made: Scorecard, serving: Scorecard | None, max_drop: float) -> bool:
    """Whether a figure by judgements is better, and none worse by more than it may be."""
    is_better = [
        after < before if figure in LOWER_IS_BETTER else after > before
        for figure, (before, after) in _changes(made, serving).items()
        if figure in JUDGED
    ]
    return any(is_better) and not set(JUDGED) & _falls(made, serving, max_drop).keys()


def _changes(made: Scorecard, serving: Scorecard | None) -> dict[GatedFigure, tuple[float, float]]:
    """The compared figures of the default lists, in the serving release and in the new one."""
    if serving is None:
        return {}
    before, after = serving.figures.get(DEFAULT, {}), made.figures.get(DEFAULT, {})
    return {figure: (before[figure], after[figure]) for figure in compared(made, serving)}


def _is_same(source: str, made: Scorecard, serving: Scorecard) -> bool:
    """Whether both were scored by the same judgements, or ratings."""
    facts: list[dict[str, Any]] = [getattr(card, source) or {} for card in (made, serving)]
    return facts[0].get("fingerprint") == facts[1].get("fingerprint")
