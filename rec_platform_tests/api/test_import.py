"""Exports of IMDb and Letterboxd are read in the browser, and no request carries a row of them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from playwright.sync_api import Page, Request, expect

from rec_platform_tests.api.chromium import IN_A_BROWSER
from rec_platform_tests.api.my_films import (
    IMDB,
    IMDB_LIST,
    LETTERBOXD,
    RATED,
    RATINGS,
    SNOW,
    VERDICT,
    bring,
    imdb,
    kept,
    name,
)

pytestmark = IN_A_BROWSER


def test_no_request_carries_a_row_of_the_file(page: Page):
    asked: list[Request] = []
    page.context.on("request", lambda request: asked.append(request))
    sockets: list[Any] = []
    page.on("websocket", lambda socket: sockets.append(socket))
    wishes = [("tt0000013", 1963), ("tt0000017", 1967)]
    watchlist = [f"2024-03-12,{name(each)},{year},https://boxd.it/a" for each, year in wishes]
    bring(
        page,
        ("ratings.csv", f"{RATINGS}\n{imdb('tt9999999', 9, 'Nobody Knows It')}"),
        ("watchlist.csv", "\r\n".join([f"{LETTERBOXD}", *watchlist])),
    )
    expect(page.locator("#list > ol > li")).to_have_count(9)
    page.locator("#list img").last.scroll_into_view_if_needed()
    page.reload(wait_until="networkidle")  # and what a later visit asks for
    expect(page.locator("#list > ol > li")).to_have_count(9)

    assert any("/poster/" in request.url for request in asked) and sockets == []
    own = [*RATED, "tt9999999", *(each for each, _ in wishes)]
    private = [*own, *map(name, own), "Nobody Knows It", "2024-03-1", "boxd.it"]
    for request in asked:
        assert request.method == "GET" and request.post_data is None
        sent = unquote(request.url) + json.dumps(request.all_headers())
        for text in private:
            assert text not in sent.replace("+", " "), (text, request.url)


def test_imdbs_list_is_a_watchlist_but_for_what_was_rated(page: Page):
    def row(position: int, title_id: str, rating: str) -> str:
        return (
            f"{position},{title_id},2024-01-05,2024-01-06,,Name,Name,https://example,Movie,7.1,"
            f'101,1999,"Crime, Drama",1234,1999-02-01,Ada Marlow,{rating},'
        )

    rows = [row(1, SNOW, ""), row(2, VERDICT, "9")]
    bring(page, ("0f6f3c1e.csv", "\r\n".join([IMDB_LIST, *rows, ""])))
    assert kept(page, "watchlist") == {SNOW: ["Heavy Snow 4", 1954, 0, "2024-01-05"]}
    assert kept(page, "seen") == {VERDICT: ["Verdict", 1951, 9, "2024-01-05"]}
    watchlist = page.locator("[data-part=watchlist]")
    expect(watchlist.get_by_role("link", name="Heavy Snow 4")).to_be_visible()
    expect(watchlist.locator("img")).to_have_count(0)  # a poster's address names the film
    page.get_by_role("button", name="Show posters").click()
    expect(watchlist.locator("img")).to_have_js_property("naturalWidth", 400)
    watchlist.get_by_role("button", name="Remove Heavy Snow 4").click()
    expect(page.get_by_text("Nothing on it yet")).to_be_visible()


def test_letterboxds_zip_is_read_without_its_copies_and_lists(page: Page):
    folder = "letterboxd-ada-2026-09-11-10-00-utc/"
    diary = f"{LETTERBOXD},Rating,Rewatch,Tags,Watched Date"
    uri = "https://boxd.it/a"
    files = {
        "profile.csv": "Date Joined,Username\n2020-01-01,ada\n",
        "ratings.csv": f"{LETTERBOXD},Rating\n2024-03-11,Heavy Snow 4,1954,{uri},4.5\n",
        "diary.csv": f"{diary}\n2024-03-10,Heavy Snow 4,1954,{uri},3,Yes,,2023-01-01\n"
        f"2024-03-10,Heavy Snow 12,1962,{uri},1.5,,,2022-01-01\n"
        f"2024-03-10,Heavy Snow 12,1962,{uri},4,Yes,,2023-01-01\n"
        f'2024-03-10,HEAVY snow: 8!,1957,{uri},,,"a, b",2024-03-09\n',
        "watched.csv": f"{LETTERBOXD}\n2024-03-11,Dream Ferry 5,1956,{uri}\n",
        "watchlist.csv": f"{LETTERBOXD}\n2024-03-11,Seven Kites 6,1956,{uri}\n"
        f"2024-03-11,Dream Ferry 5,1955,{uri}\n",
        "deleted/diary.csv": f"{diary}\n2024-03-10,Glass Harbour 7,1957,{uri},5,,,2024-03-09\n",
        "likes/films.csv": f"{LETTERBOXD}\n2024-03-11,Seven Kites 10,1960,{uri}\n",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files.items():
            archive.writestr(folder + file, content)
    bring(page, ("letterboxd.zip", packed.getvalue()))
    assert kept(page, "seen") == {
        "tt0000004": ["Heavy Snow 4", 1954, 9, "2024-03-11"],  # the later of two ratings
        "tt0000012": ["Heavy Snow 12", 1962, 8, "2023-01-01"],
        "tt0000008": ["Heavy Snow 8", 1958, 0, "2024-03-09"],  # a year next to it
        "tt0000005": ["Dream Ferry 5", 1955, 0, "2024-03-11"],
    }
    assert list(kept(page, "watchlist")) == ["tt0000006"]  # and what is seen is not on it
    # A film counts once, however often the diary has it.
    report = page.locator("[data-part=report]")
    expect(report).to_contain_text("8 rows read, 4 seen, 1 for your watchlist.")


def test_what_is_not_found_counts_once(page: Page):
    gone = "2024-03-11,Nobody Knows It,1950,https://boxd.it/a"
    files = {"watched.csv": [gone, gone], "diary.csv": [gone], "watchlist.csv": [gone]}
    bring(page, *((file, "\n".join([LETTERBOXD, *rows])) for file, rows in files.items()))
    expect(page.get_by_text("1 title not found", exact=True)).to_be_visible()
    page.get_by_text("1 title not found", exact=True).click()
    expect(page.locator("[data-part=missing-list] li")).to_have_count(1)


def test_lists_and_likes_of_letterboxd_are_read_by_themselves(page: Page):
    listed = [
        "Letterboxd list export v7",
        "Date,Name,Tags,URL,Description",
        "2024-03-11,To see one day,,https://boxd.it/l,",
        "",
        "Position,Name,Year,URL,Description",
        "1,Dream Ferry 13,1963,https://boxd.it/a,",
        '2,Heavy Snow 4,1954,https://boxd.it/b,"seen, and liked"',
    ]
    likes = f"{LETTERBOXD}\n2024-03-11,Heavy Snow 4,1954,https://boxd.it/b"
    bring(page, ("films.csv", likes), ("to-see-one-day.csv", "\n".join(listed)))
    assert list(kept(page, "seen")) == [SNOW]
    assert list(kept(page, "watchlist")) == ["tt0000013"]


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{RATINGS}".encode(),
        RATINGS.replace("\n", "\r\n").encode() + b"\r\n\r\n",
        RATINGS.replace("\n", "\r").encode(),
        RATINGS.replace('"', "").replace("Crime, Drama", "Crime").replace(",", "\t").encode(),
        RATINGS.replace('"', "").replace("Crime, Drama", "Crime").replace(",", ";").encode(),
        ("sep=;\r\n" + RATINGS.replace('"Crime, Drama"', "Crime").replace(",", ";")).encode(),
        RATINGS.encode("utf-16"),
        RATINGS.replace("Ada Marlow", "Adé Marlöw").encode("latin-1"),
        RATINGS.replace("Heavy Snow 4", 'Heavy\n""Snow"", 4').encode(),
        RATINGS.replace("Movie", "movie").encode(),
    ],
    ids=[
        "bom",
        "crlf",
        "cr",
        "tsv",
        "semicolons",
        "sep",
        "utf-16",
        "latin-1",
        "quotes",
        "old-type",
    ],
)
def test_a_file_is_read_however_it_was_saved(page: Page, content: bytes):
    bring(page, ("ratings.csv", content))
    assert {film: rating for film, (_, _, rating, _) in kept(page, "seen").items()} == RATED


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("ratings.csv", b"", "is empty. Export it again."),
        ("ratings.csv", IMDB.encode(), "ratings.csv has no rows."),
        ("notes.csv", b"a,b\n1,2\n", "it begins with \u201ca,b\u201d."),
        ("page.csv", b"<!doctype html><p>Sign in", "is a web page, not an export"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not a CSV file"),
        (
            "cut.csv",
            f'{IMDB}\n{SNOW},9,2024-03-11,"Heavy'.encode(),
            "in line 2 is never closed",
        ),
        (
            "export (1).csv",  # which says nothing of its films
            f"{LETTERBOXD}\n2024-03-11,Heavy Snow 4,1954,https://boxd.it/a".encode(),
            "Call it watched.csv or watchlist.csv",
        ),
        ("a.zip", b"PK\x03\x04 cut off", "is a ZIP file that cannot be read. Unpack it first"),
        ("a.zip", b"PK\x05\x06" + bytes(18), "contains none of the files of a Letterboxd export"),
    ],
)
def test_a_file_that_is_no_export_is_refused_and_told_why(
    page: Page, file: str, content: bytes, told: str
):
    bring(page, (file, content), ("ratings.csv", RATINGS))  # the next one is read
    expect(page.locator("[data-part=report] li").first).to_contain_text(told)
    assert kept(page, "seen").keys() == RATED.keys()


def test_a_file_can_be_dropped_and_a_huge_one_is_refused(page: Page):
    page.goto("/library")
    page.evaluate(
        """(ratings) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(10 * 2 ** 20 + 1)], "big.csv"));
        dataTransfer.items.add(new File([ratings], "ratings.csv"));
        document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { dataTransfer }));
    }""",
        RATINGS,
    )
    report = page.locator("[data-part=report] li")
    expect(report.first).to_contain_text("big.csv is larger than 10 MB")
    expect(report.last).to_contain_text("7 rows read, 7 seen")


def test_a_zip_bomb_is_refused(page: Page):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ratings.csv", b"a" * (11 * 2**20))
    bring(page, ("a.zip", packed.getvalue()))
    expect(page.locator("[data-part=report]")).to_contain_text("holds a file of more than 10 MB")


def test_what_was_not_found_is_told_with_its_reason_and_can_be_saved(page: Page):
    rows = [
        imdb(SNOW, 9, "Heavy Snow 4"),
        imdb("tt9999998", 9, "Lost, and Gone"),
        imdb("tt9999999", 9, "A Long Series", "TV Series"),
        imdb("<img src=x>", "none", "<script>alert(1)</script>", ""),
    ]
    bring(page, ("ratings.csv", "\n".join([IMDB, *rows])))
    report = page.locator("[data-part=report] li")
    expect(report).to_contain_text("4 rows read, 1 seen, 0 for your watchlist; 3 titles not found")
    summary = page.get_by_text("3 titles not found, 1 of them a series, an episode or a game")
    summary.click()
    expect(page.get_by_text("A Long Series (1999): no film (TV Series)")).to_be_visible()
    expect(page.get_by_text("<script>alert(1)</script> (1999)")).to_be_visible()
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save them as a CSV file").click()
    saved = Path(saving.value.path()).read_text("utf-8-sig").splitlines()
    assert saved[0] == "Title,Year,imdbID,Reason"
    assert saved[1].startswith('"Lost, and Gone",1999,tt9999998,"not in this catalogue')


def test_the_export_is_read_again_after_all_was_erased(page: Page):
    bring(page, ("ratings.csv", RATINGS))
    page.goto(f"/title/{VERDICT}")
    page.locator("article").get_by_role("button", name="Watchlist").click()
    page.locator("article").get_by_role("button", name="Add to basket").click()
    page.goto("/library")
    before = kept(page, "seen"), kept(page, "watchlist")
    assert list(before[1]) == [VERDICT] and before[1][VERDICT][:3] == ["Verdict", 1951, 0]
    with page.expect_download() as saving:
        page.get_by_role("button", name="Export as CSV").click()
    exported = Path(saving.value.path()).read_bytes()

    page.get_by_role("button", name="Erase all").click()
    page.get_by_role("button", name="Keep").click()
    assert kept(page, "seen") == before[0]
    page.get_by_role("button", name="Erase all").click()
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.get_by_text("All of it is erased from this browser.")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    expect(page.get_by_role("link", name="Basket", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Export as CSV")).to_be_disabled()

    bring(page, ("my-films.csv", exported))
    assert (kept(page, "seen"), kept(page, "watchlist")) == before
    expect(page.get_by_role("link", name="Basket (1)")).to_be_visible()
    expect(page.locator("[data-part=report]")).to_contain_text("1 in your basket")
