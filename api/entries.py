"""A title in a list, with the reasons why it is there, as HTML.

These are no macros of Jinja's: nine entries as macros took a third of the time of a
page's template.
"""

from collections.abc import Iterable

from markupsafe import Markup, escape

from rec_platform.release.formats import SERIES
from rec_platform.release.recommend import BasketRecommendation
from rec_platform.release.schema import Title

from .posters import poster

# What a title is called beside its year, if it is no movie.
TYPES = {
    "tvMovie": Markup("TV&nbsp;film"),
    "video": Markup("video"),
    "tvSeries": Markup("TV&nbsp;series"),
    "tvMiniSeries": Markup("miniseries"),
    "short": Markup("short&nbsp;film"),
}
MOST_BECAUSE = 3  # liked titles that one of a basket's list is said to be like


def entry(
    title: Title,
    root: str,
    adding: str,
    likeness: str,
    why: Iterable[str],
    comparing: str = "",
    marks: str = "",
) -> Markup:
    """A title of a list, as HTML.

    Args:
        title: the title.
        root: the prefix of every address.
        adding: an address that adds a title to a basket, up to the title's id.
        likeness: how alike it is, in words.
        why: the reasons.
        comparing: an address that compares with a title, up to the title's id.
        marks: what else can be done with it.
    """
    id_, name, likeness = escape(title.title_id), escape(title.title), escape(likeness)
    if comparing and likeness:
        address = f"{escape(comparing)}{id_}"
        alike = f'<a class="alike" rel="nofollow" href="{address}">{likeness}</a>'
    else:
        alike = f'<span class="alike">{likeness}</span>'
    reasons = "".join([f"<li>{escape(reason)}</li>" for reason in why])
    return Markup(  # noqa: S704  # all of it is escaped
        f"""<li data-id="{id_}">
  {poster(title)}
  <div class="said">
    <a class="card" href="{escape(root)}/title/{id_}"><bdi class="name">{name}</bdi></a>
    <p class="meta">{when(title)}
      <span class="stars"><span class="unseen">rated </span>{title.rating:.1f}</span> {alike}</p>
    <ul class="why">{reasons}</ul>
    <a class="add" rel="nofollow" href="{escape(adding)}{id_}" data-add="{id_}">Add to basket<span
      class="unseen"> {name}</span></a>
  </div>
  {escape(marks)}
</li>"""
    )


def because(row: BasketRecommendation) -> list[Markup]:
    """Which liked titles one of a basket's list is like, and the strongest reason for each."""
    lines = [
        Markup("Like <b><bdi>{}</bdi></b> &ndash; {}").format(liked.title.title, liked.reasons[0])
        for liked in row.because[:MOST_BECAUSE]
    ]
    more = len(row.because) - MOST_BECAUSE
    return [*lines, Markup("and like {} more of yours").format(more)] if more > 0 else lines


def when(title: Title) -> Markup:
    """A title's year, or the first and the last one of a series, and what it is if no movie."""
    years = str(title.year)
    if title.format == SERIES:
        if not title.end_year:
            years = f"since {years}"
        elif title.end_year != title.year:
            years += f"&ndash;{title.end_year}"
    kind = TYPES.get(title.title_type)
    return Markup(f"{years}, {kind}" if kind else years)  # noqa: S704  # all of it is ours
