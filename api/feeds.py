"""Feeds: what is new and what rises, for readers that follow sites, as Atom (RFC 4287)."""

from collections.abc import Iterator
from uuid import NAMESPACE_URL, uuid5

from fastapi import APIRouter, HTTPException, Request, Response
from markupsafe import escape

from rec_platform.release.formats import called
from rec_platform.release.lookup import Lookup
from rec_platform.release.schema import Title

from .dependencies import Serving, root
from .posters import NO_XML
from .rendering import settings_of

FEED_LENGTH = 24
# By the name of their shelf: what a feed is called, and what is in it; both name the titles.
FEEDS = {
    "new": ("New {}", "The best known {} of the newest year."),
    "rising": ("Rising {}", "Well rated {} of the two newest years, the best known first."),
}

feeds = APIRouter(include_in_schema=False)


@feeds.get("/feeds/{name}.xml")
async def feed(request: Request, lookup: Serving, name: str) -> Response:
    """A shelf as a feed; it changes with the release."""
    if name not in FEEDS:
        raise HTTPException(404)
    # Readers resolve an address without a host by that of the feed.
    site = settings_of(request).site_url or root(request)
    content = "".join(_feed(lookup, name, site))
    return Response(content, media_type="application/atom+xml")


def _feed(lookup: Lookup, name: str, site: str) -> Iterator[str]:
    heading, told = (words.format(called(lookup.release).many) for words in FEEDS[name])
    address = f"{site}/feeds/{name}.xml"
    updated = lookup.release["created_at"]
    yield '<?xml version="1.0" encoding="utf-8"?>\n'
    yield '<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
    yield f"<title>Nine Alike: {heading}</title>\n<subtitle>{told}</subtitle>\n"
    yield f"<id>{_id(address)}</id>\n<updated>{updated}</updated>\n"
    yield f'<link rel="self" type="application/atom+xml" href="{_text(address)}"/>\n'
    yield f'<link rel="alternate" type="text/html" href="{_text(site)}/"/>\n'
    yield "<author><name>Nine Alike</name></author>\n"
    yield "<rights>Information courtesy of IMDb (https://www.imdb.com). "
    yield "Used with permission.</rights>\n"
    for title in lookup.shelf(name, FEED_LENGTH):
        yield from _entry(title, f"{site}/title/{title.title_id}", updated)
    yield "</feed>\n"


def _entry(title: Title, address: str, updated: str) -> Iterator[str]:
    directors = ", ".join(credit.name for credit in title.credited("director"))
    votes = f"{title.votes:,} vote{'' if title.votes == 1 else 's'}"
    facts = [
        ", ".join(title.genres),
        f"rated {title.rating:.1f} of 10 from {votes}",
        f"directed by {directors}" if directors else "",
    ]
    summary = "; ".join(filter(None, facts))
    yield f"<entry>\n<title>{_text(title.title)} ({title.year})</title>\n<id>{_id(address)}</id>\n"
    yield f"<updated>{updated}</updated>\n"
    yield f'<link rel="alternate" type="text/html" href="{_text(address)}"/>\n'
    yield "".join(f'<category term="{_text(genre)}"/>' for genre in title.genres)
    yield f"\n<summary>{_text(summary[:1].upper() + summary[1:])}.</summary>\n</entry>\n"


def _id(address: str) -> str:
    """An id that stays while the address does, and is whole even where the address is not."""
    return uuid5(NAMESPACE_URL, address).urn


def _text(text: str) -> str:
    return str(escape(NO_XML.sub(" ", text)))
