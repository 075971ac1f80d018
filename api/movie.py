"""A title as schema.org describes movies and series, for search engines that may come."""

from typing import Any

from rec_platform.release.formats import SERIES
from rec_platform.release.schema import Title


def movie(title: Title, site_url: str, posters_version: str) -> dict[str, Any]:
    """A title as JSON-LD; what is not known is left out.

    Args:
        title: of this release.
        site_url: the site's own address, or empty: then neither page nor picture is named.
        posters_version: of the release's pictures.
    """
    people = {
        "director": title.credited("director"),
        "actor": title.credited("actor", "self"),
    }
    described = {
        "@context": "https://schema.org",
        "@type": "TVSeries" if title.format == SERIES else "Movie",
        "name": title.title,
        "alternateName": title.original_title if title.original_title != title.title else None,
        "datePublished": str(title.year),
        "endDate": title.end_year and str(title.end_year),
        "duration": f"PT{title.runtime_minutes}M" if title.runtime_minutes else None,
        "genre": title.genres,
        "inLanguage": title.language,
        "url": f"{site_url}/title/{title.title_id}" if site_url else None,
        "image": f"{site_url}/card/{title.title_id}.png?v={posters_version}" if site_url else None,
        "sameAs": f"https://www.imdb.com/title/{title.title_id}/",
        "aggregateRating": {
            "@type": "AggregateRating",
            "ratingValue": round(title.rating, 1),
            "bestRating": 10,
            "worstRating": 1,
            "ratingCount": title.votes,
        },
        **{
            role: [{"@type": "Person", "name": credit.name} for credit in credited]
            for role, credited in people.items()
        },
    }
    return {name: value for name, value in described.items() if value}
