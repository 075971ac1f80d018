"""What the site tells search engines: who may come, and which pages there are.

They are kept out unless the operator lets them in with REC_INDEXING=1. Programs that fetch one page
because somebody shares its link may always come. What a title is says movie.py.
"""

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import PlainTextResponse
from markupsafe import escape

from .dependencies import Serving
from .rendering import settings_of

# They ask robots.txt, and show a card beside a link.
PREVIEWS = (
    *("Discordbot", "facebookexternalhit", "LinkedInBot", "Mastodon", "Pinterestbot"),
    *("Slackbot-LinkExpanding", "TelegramBot", "Twitterbot", "WhatsApp"),
)
SITEMAP_TITLES = 10_000  # of the 50,000 that a sitemap may hold, so that Lambda can answer it
SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"

indexing = APIRouter(include_in_schema=False)


@indexing.get("/robots.txt")
async def robots(request: Request) -> PlainTextResponse:
    """Turns search engines away, unless the operator lets them in."""
    settings = settings_of(request)
    if not settings.is_indexed:
        agents = "".join(f"User-agent: {agent}\n" for agent in PREVIEWS)
        return PlainTextResponse(f"{agents}Disallow:\n\nUser-agent: *\nDisallow: /\n")
    sitemap = f"Sitemap: {settings.site_url}/sitemap.xml\n" if settings.site_url else ""
    return PlainTextResponse(f"User-agent: *\nDisallow:\n{sitemap}")


@indexing.get("/sitemap.xml")
async def sitemap_index(request: Request, lookup: Serving) -> Response:
    """The addresses of the sitemaps."""
    site_url = _indexed_url(request)
    count = -(-lookup.release["title_count"] // SITEMAP_TITLES)
    return _xml(
        "sitemapindex", "sitemap", [f"{site_url}/sitemap-{n}.xml" for n in range(count + 1)]
    )


@indexing.get("/sitemap-{number}.xml")
async def sitemap(request: Request, lookup: Serving, number: int) -> Response:
    """Sitemap 0 has the pages that are no title's, the others the titles, the most voted first."""
    site_url = _indexed_url(request)
    first = (number - 1) * SITEMAP_TITLES + 1
    if number == 0:
        paths = ["/", "/films", "/atlas", "/about", "/api"]
        paths += [f"/cluster/{cluster.cluster}" for cluster in lookup.clusters()]
    elif 0 < first <= lookup.release["title_count"]:
        ids = lookup.title_ids(first, first + SITEMAP_TITLES - 1)
        paths = [f"/title/{title_id}" for title_id in ids.values()]
    else:
        raise HTTPException(404)
    return _xml("urlset", "url", [f"{site_url}{path}" for path in paths])


def _indexed_url(request: Request) -> str:
    """The site's own address; 404 where search engines are kept out, or the site has none."""
    settings = settings_of(request)
    if not (settings.is_indexed and settings.site_url):
        raise HTTPException(404)
    return settings.site_url


def _xml(outer: str, inner: str, addresses: list[str]) -> Response:
    rows = "".join(f"<{inner}><loc>{escape(address)}</loc></{inner}>\n" for address in addresses)
    root = f'<{outer} xmlns="{SITEMAPS}">\n{rows}</{outer}>'
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{root}\n', media_type="application/xml"
    )
