"""The gate: whether a release is worse than the one that serves, by their scorecards."""

from rec_platform.choices import GatedFigure
from rec_platform.modelling.scorecard import DEFAULT, ORIGINAL, Scorecard


def worse(made: Scorecard, serving: Scorecard | None, max_drop: float) -> dict[GatedFigure, str]:
    """Why a release is worse, in words, by figure; empty if it is not.

    Args:
        made: of the release that was made.
        serving: of the release that serves; None if there is none to compare with. Figures that
            need ratings are compared if both have the same ratings.
        max_drop: what a figure may lose, as a share of its value in the serving release.
    """
    reasons: dict[GatedFigure, str] = {}
    new = made.figures[DEFAULT]
    old = serving.figures[DEFAULT] if serving else {}
    for figure in compared(made, serving):
        before, after = old[figure], new[figure]
        if after < before * (1 - max_drop):
            reasons[figure] = (
                f"{figure} fell from {before:.3f}, in the serving release, to {after:.3f}: by "
                f"{1 - after / before:.0%}, more than {max_drop:.0%}"
            )
    least = made.figures.get(ORIGINAL, {}).get("ndcg", 0)
    if new.get("ndcg", least) < least:
        below = f"ndcg is {new['ndcg']:.3f}, below the 2020 original's {least:.3f}"
        reasons[GatedFigure.ndcg] = "; ".join(filter(None, [reasons.get(GatedFigure.ndcg), below]))
    return reasons


def compared(made: Scorecard, serving: Scorecard | None) -> list[GatedFigure]:
    """The gated figures that both have; those that need ratings only if the ratings are the same.

    Args:
        made: of the release that was made.
        serving: of the release that serves; None if there is none to compare with.
    """
    if serving is None:
        return []
    same_ratings = _fingerprint(made) == _fingerprint(serving)
    return [
        figure
        for figure in GatedFigure
        if (same_ratings or figure not in (GatedFigure.ndcg, GatedFigure.tail_ndcg))
        and figure in made.figures[DEFAULT]
        and figure in serving.figures[DEFAULT]
    ]


def no_worse(figures: list[GatedFigure]) -> str:
    """What a release that is not worse was compared by, in words."""
    if not figures:
        return "not compared: no release serves that was made and scored alike"
    missing = [figure.value for figure in GatedFigure if figure not in figures]
    told = f"no worse in {', '.join(figures)}"
    if missing:
        told += f"; not compared, for lack of the same ratings: {', '.join(missing)}"
    return told


def _fingerprint(made: Scorecard) -> str | None:
    return made.ratings["fingerprint"] if made.ratings else None
