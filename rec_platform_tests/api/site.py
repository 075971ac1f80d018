"""The site over a small invented release, as a client sees it."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import anyio
import httpx

from api.app import create_app
from api.settings import SiteSettings
from rec_platform.release.blend import PARTS, WEIGHTS
from rec_platform.release.schema import Cluster, Credit, Title, pack
from rec_platform.release.serving import ServingRelease
from rec_platform.release.writer import write_lookup
from rec_platform_tests.release.entries import entries

PLAIN = SiteSettings()
INDEXED = SiteSettings(is_indexed=True, site_url="https://films.example")
ATTRIBUTION = "Information courtesy of IMDb (https://www.imdb.com). Used with permission."
HOSTILE = "<script>alert(\"1\")</script> & 'Sons'"
CRIME, SPACE = 0, 4
CRIME_COUNT = 30
DIRECTOR = Credit("nm1", "director", "Ada Marlow")
ACTORS = [Credit("nm2", "actor", "Ivo Solberg"), Credit("nm3", "actor", "Hana Voss")]

ABOUT: dict[str, Any] = {
    "characters": ["Ada Berg"],
    "country": "FR",
    "language": "fr",
    "keywords": ["time travel"],
}


def invented(number: int, name: str, cluster: int = CRIME, **facts: Any) -> Title:
    known: dict[str, Any] = {
        "title_id": f"tt{number:07d}",
        "title": name,
        "original_title": name,
        "year": 1990 + number,
        "runtime_minutes": 134,
        "genres": ["Crime", "Thriller"] if cluster == CRIME else ["Sci-Fi"],
        "rating": 7.25,
        "votes": 123456 - number,
        "credits": [DIRECTOR, *ACTORS],
        "series": None,
        "series_place": None,
        "cluster": cluster,
        "distance": number / 100,
    }
    return Title(**known | facts)


def profile(cluster: int, name: str, titles: list[Title]) -> Cluster:
    ids = [title.title_id for title in titles if title.cluster == cluster]
    return Cluster(cluster, name, len(ids), ["Crime"], 1991, 1999, 7.1, 900, ids[::-1], ids)


def publish(
    releases: Path, release_id: str, first: str = "The Silent Lantern", **release: Any
) -> Path:
    """Publish `first`, tt0000001, with 29 others of its cluster and two of another cluster."""
    titles = [invented(1, first, original_title="L'Été Muet", votes=123456, **ABOUT)]
    titles += [invented(number, f"Verdict {number}") for number in range(2, CRIME_COUNT + 1)]
    titles += [invented(31, HOSTILE, SPACE, runtime_minutes=None, genres=[], credits=[DIRECTOR])]
    odd = ["Game-Show", "Sci-Fi"]  # one of them without words of its own
    titles += [invented(32, "Orbit", SPACE, runtime_minutes=45, genres=odd, credits=ACTORS)]
    lookup = releases / release_id / "lookup.sqlite"
    lookup.parent.mkdir(parents=True)
    write_lookup(
        lookup,
        release={
            "created_at": "2024-03-11T04:12:09Z",
            "source_kind": "sample",
            "title_count": len(titles),
            "recipe": {"preset": "english_like"},
            "weights": WEIGHTS,
            "fingerprint": "f" * 64,
            "files": {"title_ratings": {"sha256": "a" * 64, "fetched_at": "2024-03-11T04:00:00Z"}},
            "missing_files": [],
            "packages": {"duckdb": "2.0.0"},
            **release,
        },
        clusters=[
            profile(SPACE, "Space operas", titles),
            profile(CRIME, "1990s crime thrillers", titles),
        ],
        **entries((title, "Die stille Laterne" if title is titles[0] else "") for title in titles),
        neighbours=[
            pack(
                struct.pack("<24I", *(33 - rank for rank in range(1, 25))),
                struct.pack("<24f", *(1 - rank / 50 for rank in range(1, 25))),
                bytes(24 * len(PARTS)),
            )
        ],
    )
    point(releases, release_id)
    return lookup


def point(releases: Path, release_id: str) -> None:
    folder = releases / release_id
    checksum = hashlib.sha256((folder / "lookup.sqlite").read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({"sha256": checksum}))
    pointer = releases / "next.json"
    pointer.write_text(json.dumps({"release_id": release_id}))
    pointer.replace(releases / "current.json")


class Site:
    """The app as a client sees it: one request at a time, redirects not followed."""

    def __init__(
        self,
        releases: Path | ServingRelease,
        settings: SiteSettings = PLAIN,
        root_path: str = "",
    ) -> None:
        serving = ServingRelease(releases) if isinstance(releases, Path) else releases
        self.app = create_app(serving, settings)
        self.transport = httpx.ASGITransport(self.app, root_path=root_path)

    def get(
        self, path: str, method: str = "GET", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self.transport, base_url="http://site"
            ) as client:
                return await client.request(method, path, headers=headers)

        return anyio.run(send)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()


class Reader(HTMLParser):
    """A page as its reader sees it: its text, its links, its title cards."""

    def __init__(self, page: httpx.Response) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page.text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def cards(self) -> list[str]:
        matches = (re.fullmatch(r"/title/(tt\d+)", link) for link in self.links)
        return [match[1] for match in matches if match]
