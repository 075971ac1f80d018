"""A visitor's own films: files as IMDb and Letterboxd export them, with invented rows."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Page, expect

VERDICT, SNOW = "tt0000001", "tt0000004"
IMDB = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),"
    "Year,Genres,Num Votes,Release Date,Directors"
)
IMDB_LIST = (
    "Position,Const,Created,Modified,Description,Title,Original Title,URL,Title Type,IMDb Rating,"
    "Runtime (mins),Year,Genres,Num Votes,Release Date,Directors,Your Rating,Date Rated"
)
LETTERBOXD = "Date,Name,Year,Letterboxd URI"

NO_STORAGE = """
    Object.defineProperty(window, "localStorage", {
        get() { throw new DOMException("", "SecurityError"); },
    });
"""
NO_ROOM = """
    Storage.prototype.setItem = () => { throw new DOMException("", "QuotaExceededError"); };
"""


def imdb(
    title_id: str, rating: int | str, title: str, kind: str = "Movie", year: int = 1999
) -> str:
    address = f"https://www.imdb.com/title/{title_id}"
    return (
        f'{title_id},{rating},2024-03-11,"{title}","{title}",{address},{kind},7.1,101,{year},'
        '"Crime, Drama",1234,1999-02-01,Ada Marlow'
    )


# The catalogue's films: tt0000004 is "Heavy Snow 4" (1954), tt0000005 "Dream Ferry 5", and so on.
LIKED = {"tt0000004": 10, "tt0000011": 9, "tt0000023": 8}
DISLIKED = {"tt0000006": 3, "tt0000016": 1}
OTHERS = {"tt0000007": 6, "tt0000010": 7}
RATED = LIKED | DISLIKED | OTHERS
NAMES = ("Heavy Snow", "Dream Ferry", "Seven Kites", "Glass Harbour")


def name(title_id: str) -> str:
    number = int(title_id[2:])
    return f"{NAMES[number % 4]} {number}"


RATINGS = "\n".join([IMDB, *(imdb(each, rating, name(each)) for each, rating in RATED.items())])


def bring(page: Page, *files: tuple[str, str | bytes]) -> None:
    page.goto("/library")
    page.get_by_label("Bring your films").set_input_files(
        [
            {
                "name": file,
                "mimeType": "text/csv",
                "buffer": content.encode() if isinstance(content, str) else content,
            }
            for file, content in files
        ]
    )
    expect(page.locator("[data-part=report] li")).to_have_count(len(files))
    expect(page.locator("[data-part=report]")).not_to_contain_text("Reading")


def kept(page: Page, films: str) -> dict[str, list[Any]]:
    return json.loads(page.evaluate(f"localStorage.getItem('{films}')") or "{}")


def ids(page: Page) -> list[str]:
    items = page.locator("#list > ol > li")
    return items.evaluate_all("items => items.map((item) => item.dataset.id)")


# Waits until a page is drawn for the first time.
DRAWN = """
    new Promise((drawn) => {
        new PerformanceObserver(drawn).observe({ type: "paint", buffered: true });
    }).then(() => null)
"""


def count_shifts(page: Page) -> None:
    """Sum up from now on what moves on a page by itself, in `window.shift`."""
    page.add_init_script("""
        window.shift = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) window.shift += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
    """)


def shifts(page: Page) -> float:
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    return page.evaluate("window.shift")
