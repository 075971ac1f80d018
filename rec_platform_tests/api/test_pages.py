"""What the pages say, over a release whose lists, shelves, series and scorecard are all there.

What all pages share is in test_site.py, posters in test_posters.py, the map in test_atlas.py, and
what a visitor clicks in test_browser.py.
"""

import gzip
import re
from pathlib import Path

import pytest

from rec_platform.release import weighted_sum
from rec_platform.release.blend import APPEAL, LIKENESS
from rec_platform.release.filters import Filter
from rec_platform.release.lookup import Lookup
from rec_platform.release.recommend import LIST_LENGTH, basket, recommendations
from rec_platform_tests.api.catalogue import COUNT, catalogue
from rec_platform_tests.api.site import INDEXED, Reader, Site, publish
from rec_platform_tests.conftest import Platform


def listed(page: Reader) -> list[str]:
    return [str(known["data-id"]) for tag, known in page.tags if tag == "li" and "data-id" in known]


def fields(page: Reader) -> dict[str | None, str | None]:
    return {known.get("name"): known.get("value") for tag, known in page.tags if tag == "input"}


# A title


def test_each_recommendation_says_why(site: Site, lookup: Lookup):
    page = Reader(site.get("/title/tt0000001"))
    title = lookup.title("tt0000001")
    assert title
    for row in recommendations(lookup, title):
        assert row.title.title in page.text
        assert all(reason in page.text for reason in row.reasons[:3])


@pytest.mark.parametrize(
    "query",
    [
        "limit=9",
        "limit=48",
        "balance=0",
        "balance=1.0&limit=12",
        "year_min=1980",
        "year_max=1990&rating_min=6.5",
        "runtime_max=110&genre=Crime&genre=Thriller&balance=0.25",
    ],
)
def test_a_titles_page_lists_what_the_api_answers(site: Site, query: str):
    answer = site.json(f"/api/v1/titles/tt0000005/recommendations?{query}")
    page = Reader(site.get(f"/title/tt0000005?{query}"))
    assert listed(page) == [row["title"]["title_id"] for row in answer["recommendations"]]
    assert listed(page)


def test_the_knob_changes_the_order(site: Site):
    gems, pleasers = (
        listed(Reader(site.get(f"/title/tt0000020?balance={balance}"))) for balance in (0, 1)
    )
    assert gems != pleasers


def test_the_form_shows_what_was_asked_for(site: Site):
    page = Reader(
        site.get("/title/tt0000005?balance=0.2&year_min=1960&rating_min=6.5&genre=Sci-Fi&limit=18")
    )
    shown = fields(page)
    assert (shown["balance"], shown["year_min"], shown["rating_min"]) == ("0.2", "1960", "6.5")
    assert (shown["limit"], shown["year_max"]) == ("18", "")
    checked = [known["value"] for tag, known in page.tags if tag == "input" and "checked" in known]
    assert checked == ["Sci-Fi"]
    plain = Reader(site.get("/title/tt0000005?balance=0.2"))
    details = [
        next(known for tag, known in page.tags if tag == "details") for page in (page, plain)
    ]
    assert ["open" in known for known in details] == [True, False]


BLANK = "limit=&balance=&year_min=&year_max=&rating_min=&runtime_max=&genre="


def test_a_form_sent_with_blank_fields_asks_for_nothing(site: Site):
    plain, blank = (listed(Reader(site.get(f"/title/tt0000005?{asked}"))) for asked in ("", BLANK))
    assert blank == plain
    single, several = (
        listed(Reader(site.get(f"/title/tt0000005?genre=Crime{more}")))
        for more in ("", f"&genre=&{BLANK}")
    )
    assert len(several) > 0 and several == single != plain


def test_of_a_field_that_is_sent_twice_the_last_counts(site: Site):
    twice, once = (
        listed(Reader(site.get(f"/title/tt0000005?{asked}&genre=Crime&genre=Thriller")))
        for asked in ("limit=2&limit=3", "limit=3")
    )
    assert len(once) == 3 and twice == once


def test_more_of_the_list_keeps_what_was_asked_for_until_all_is_shown(site: Site):
    address = "/title/tt0000005?balance=0.2&year_min=1952"
    lengths: list[int] = []
    while address:
        page = Reader(site.get(address))
        lengths.append(len(listed(page)))
        more = [str(known["href"]) for _, known in page.tags if "data-more" in known]
        assert all("balance=0.2" in link and "year_min=1952" in link for link in more)
        address = more[0] if more else ""
    assert lengths[:2] == [9, 18] and lengths[-1] > 40


@pytest.mark.parametrize(
    "asked",
    ["genre=Drama", "year_max=1995&balance=0.2&limit=48", "rating_min=7&runtime_max=100&limit=30"],
)
def test_the_page_and_the_api_show_the_same_of_all_titles(released: Platform, asked: str):
    site = Site(released.releases)
    lookup, beyond = released.serving(), 0
    for title_id in [*lookup.title_ids().values()][:5]:
        answer = site.json(f"/api/v1/titles/{title_id}/recommendations?{asked}")
        ids = [row["title"]["title_id"] for row in answer["recommendations"]]
        assert listed(Reader(site.get(f"/title/{title_id}?{asked}"))) == ids
        stored = {neighbour.number for neighbour in lookup.neighbours(title_id)}
        beyond += sum(lookup.number(other) not in stored for other in ids)
    assert beyond > 0


def test_filters_that_nothing_passes_say_so_and_can_be_cleared(site: Site):
    page = Reader(site.get("/title/tt0000005?genre=Western&balance=0.2"))
    assert listed(page) == []
    assert "No film like this one passes all these filters" in page.text
    assert "/title/tt0000005?balance=0.2" in page.links


@pytest.mark.parametrize(
    ("title_id", "place", "beside"),
    [
        ("tt0000001", "Film 1 of 3", {"next": "tt0000002"}),
        ("tt0000002", "Film 2 of 3", {"prev": "tt0000001", "next": "tt0000003"}),
        ("tt0000003", "Film 3 of 3", {"prev": "tt0000002"}),
    ],
)
def test_a_film_of_a_series_leads_to_those_beside_it(
    site: Site, title_id: str, place: str, beside: dict[str, str]
):
    page = Reader(site.get(f"/title/{title_id}"))
    links = {known["rel"]: known["href"] for tag, known in page.tags if known.get("rel")}
    assert place in page.text
    for way in ("prev", "next"):
        assert links.get(way) == (f"/title/{beside[way]}" if way in beside else None)


def test_a_series_has_a_row_of_its_own_in_order(site: Site):
    page = Reader(site.get("/title/tt0000002"))
    assert "The series 3 films, by year" in page.text
    row = [f"tt{number:07d}" for number in (1, 2, 3)]
    assert page.cards()[2:5] == row  # after the links to those beside it
    assert "The series" not in Reader(site.get("/title/tt0000005")).text


@pytest.mark.parametrize(
    ("query", "rest", "said"),
    [
        ("limit=0", "", "The length of the list must be 1 or more"),
        ("limit=49", "", "The length of the list must be 48 or less"),
        ("balance=2", "", "The balance must be 1 or less"),
        ("year_min=x", "", "“From year” must be a whole number"),
        ("genre=%3Cb", "", "The genre is not known here"),
        ("country=France", "", "The country is not known here"),
        ("country=NZ", "", "The country is not known here"),
        ("language=mi", "", "The language is not known here"),
        ("director=nm404", "", "The director is not known here"),
        ("year_min=2000&year_max=1999", "year_max=1999", "“From year” must not be after “To year”"),
        (
            "runtime_min=91&runtime_max=90",
            "runtime_max=90",
            "“Minutes at least” must not be more than “Minutes at most”",
        ),
        (
            "genre=Drama&without_genre=drama",
            "genre=Drama",
            "The genre that is not wanted is also wanted",
        ),
    ],
)
def test_what_a_list_cannot_be_is_left_out_in_a_visitors_words(
    site: Site, query: str, rest: str, said: str
):
    for path in ("/title/tt0000005?", "/basket?title=tt0000005&"):
        page = Reader(site.get(path + query))
        assert f"{said}, so it was left out." in page.text
        assert listed(page) == listed(Reader(site.get(path + rest)))


def test_of_several_that_are_wrong_each_is_said_and_the_rest_counts(site: Site):
    page = Reader(site.get("/title/tt0000005?limit=x&year_max=1&genre=%3C&genre=Drama&balance=0.5"))
    assert page.text.count("so it was left out") == 3
    asked = Reader(site.get("/title/tt0000005?balance=0.5"))
    assert listed(page) == listed(asked)


def test_who_finds_nothing_is_offered_films(site: Site, tmp_path: Path):
    for path in ("/basket", "/title/tt404", "/nothing"):
        assert len(Reader(site.get(path)).cards()) == 8
    assert Reader(Site(tmp_path).get("/nothing")).cards() == []  # no release


def test_the_first_view_of_a_title_is_light(site: Site):
    answer = site.get("/title/tt0000001")
    static = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', answer.text))
    packed = [gzip.compress(site.get(address).content) for address in static]  # as they are sent
    assert len(answer.content) + sum(map(len, packed)) <= 60_000
    size = len(gzip.compress(answer.content)) + sum(map(len, packed))  # as the edge sends it
    images = [tag for tag, _ in Reader(answer).tags if tag == "img"]
    assert size <= 30_000
    assert 1 + len(static) + len(images) <= 8


# The basket


def test_a_basket_has_one_list_for_all_its_titles(site: Site, lookup: Lookup):
    ids = ["tt0000004", "tt0000009"]
    page = Reader(site.get(f"/basket?title={ids[0]}&title={ids[1]}&balance=0.7&year_min=1960"))
    merged = basket(lookup, lookup.titles(ids), LIST_LENGTH, 0.7, Filter(year_min=1960))
    assert listed(page) == [row.title.title_id for row in merged]
    assert "One list for 2 films" in page.text
    assert f"Like {lookup.titles(ids)[0].title} \N{EN DASH} {merged[0].because[0].reasons[0]}" in (
        page.text
    )


def test_each_title_of_a_basket_can_be_taken_out(site: Site):
    page = Reader(site.get("/basket?title=tt0000004&title=tt0000009"))
    assert {"/basket?title=tt0000004", "/basket?title=tt0000009"} <= set(page.links)
    assert "/basket" in Reader(site.get("/basket?title=tt0000004")).links


def test_a_title_can_be_found_and_put_in_without_a_script(site: Site):
    page = Reader(site.get("/basket?title=tt0000004&q=verdict"))
    additions = [link for link in page.links if link.startswith("/basket?title=tt0000004&title=")]
    added = "/basket?title=tt0000004&title=tt0000001"
    assert additions[0] == added
    assert "One list for 2 films" in Reader(site.get(added)).text


def test_a_basket_tells_what_it_does_not_know_and_holds_each_title_once(site: Site):
    page = Reader(site.get("/basket?title=tt0000004&title=tt0000004&title=tt999"))
    assert "One list for 1 film" in page.text
    assert "1 film of this basket is not in this catalogue" in page.text


def test_a_basket_pushes_away_what_is_like_a_disliked_title_and_leaves_out_what_is_seen(
    site: Site, lookup: Lookup
):
    liked, disliked = lookup.titles(["tt0000004"]), lookup.titles(["tt0000006"])
    first = basket(lookup, liked)[0].title
    asked = f"title=tt0000004&disliked=tt0000006&seen={first.title_id}"
    page = Reader(site.get(f"/basket?{asked}"))
    merged = basket(lookup, liked, disliked=disliked, seen=[first])
    assert listed(page) == [row.title.title_id for row in merged] and len(merged) == LIST_LENGTH
    assert "Films like these count less: Seven Kites 6" in page.text
    assert f"Left out of the list: {first.title}" in page.text
    # Each of them can be taken back, and the next is added to all of them.
    assert {f"/basket?title=tt0000004&seen={first.title_id}"} <= set(page.links)
    assert {"/basket?title=tt0000004&disliked=tt0000006"} <= set(page.links)
    following = merged[0].title.title_id
    for name in ("title", "disliked", "seen"):
        assert f"/basket?{asked}&{name}={following}" in page.links
    hidden = [tag for name, tag in page.tags if name == "input" and tag.get("type") == "hidden"]
    assert {"disliked", "seen"} <= {tag["name"] for tag in hidden}


def test_a_basket_that_has_no_room_for_another_seen_title_offers_none(site: Site):
    seen = "&".join(f"seen=tt{number:07d}" for number in range(21, 41))
    page = Reader(site.get(f"/basket?title=tt0000004&{seen}"))
    assert listed(page) and "Dislike" not in page.text
    fuller = Reader(site.get(f"/basket?title=tt0000004&{seen}&seen=tt0000041"))
    assert "A basket holds 20 of each kind. The others were left out." in fuller.text
    assert listed(fuller) == listed(page)


def test_an_empty_basket_says_what_it_is_for(site: Site):
    page = Reader(site.get("/basket"))
    assert "Your basket is empty" in page.text and listed(page) == []


def test_a_basket_has_an_end(site: Site):
    titles = [f"title=tt{number:07d}" for number in range(1, 22)]
    full, more = (Reader(site.get(f"/basket?{'&'.join(titles[:count])}")) for count in (20, 21))
    assert listed(full) == listed(more)
    assert ["The others were left out" in page.text for page in (full, more)] == [False, True]


def test_what_is_no_id_counts_as_unknown_in_a_basket(site: Site):
    page = Reader(site.get("/basket?title=tt0000004&title=%3Cb&title=&disliked=nm1"))
    assert "2 films of this basket are not in this catalogue" in page.text
    assert listed(page) == listed(Reader(site.get("/basket?title=tt0000004")))


@pytest.mark.parametrize(
    ("both", "kept", "said"),
    [
        ("title=tt0000002&disliked=tt0000002", "disliked=tt0000002", "disliked"),
        ("disliked=tt0000002&title=tt0000002", "title=tt0000002", "liked"),
        ("title=tt0000002&disliked=tt0000002&title=tt0000002", "title=tt0000002", "liked"),
        ("title=tt0000002&disliked=tt0000002&seen=tt0000002", "disliked=tt0000002", "disliked"),
        ("disliked=tt0000002&title=tt0000002&q=tt0000002", "title=tt0000002", "liked"),
    ],
)
def test_of_a_film_that_is_liked_and_disliked_the_last_counts(
    site: Site, both: str, kept: str, said: str
):
    page = Reader(site.get(f"/basket?title=tt0000004&{both}"))
    name = catalogue()[1].title
    assert f"This address both likes and dislikes {name} . The last of the two counts: {said}." in (
        page.text
    )
    assert "not in this catalogue" not in page.text
    alone = Reader(site.get(f"/basket?title=tt0000004&{kept}"))
    assert listed(page) == listed(alone) and listed(page)
    # Whatever is clicked next leads to an address that says it once.
    for link in page.links:
        if link.startswith("/basket?") and "seen=" not in link:
            assert link.count("tt0000002") <= 1


# Home and about


def test_home_has_what_rises_and_hidden_gems(site: Site, lookup: Lookup):
    page = Reader(site.get("/"))
    rising, gems = lookup.shelf("rising"), lookup.shelf("gems")
    newest = max(title.year for title in catalogue())
    mean = sum(title.rating for title in catalogue()) / COUNT
    assert all(title.year >= newest - 1 and title.rating >= mean + 0.5 for title in rising)
    assert gems and all(title.votes < 50_000 for title in gems)
    assert page.cards()[: len(rising)] == [title.title_id for title in rising]
    assert page.cards()[len(rising) :][:8] == [title.title_id for title in gems][:8]
    assert "Hidden gems" in page.text


def test_about_tells_weights_scorecard_and_what_the_catalogue_holds(site: Site):
    page = Reader(site.get("/about"))
    share = f"{APPEAL['popularity'] / sum(APPEAL.values()):.0%}"
    weighed = sum(weight for name, weight in LIKENESS.items() if name != "tone")
    genres = f"{LIKENESS['genres'] / weighed:.0%}"
    for told in (
        "Popularity",
        share,
        "Genres",
        genres,
        "Tone",
        "NDCG@9",
        "0.387",
        "321 people",
        "P@9",
        "0.876",
        "1,234 pairs",
        "2024-03-10",
        "60",
    ):
        assert told in page.text
    labels = [str(known["aria-label"]) for tag, known in page.tags if known.get("role") == "img"]
    assert labels[0] == "Films per year, from 1951 to 2010; most at 1951: 1"
    assert labels[1].startswith("Films per half point of rating, from 5.0 to 9.0; most at ")


def test_about_tells_no_column_that_no_list_has_a_figure_of(tmp_path: Path):
    scorecard = {"figures": {"default": {"ndcg": 0.4}}, "ratings": None, "note": ""}
    publish(tmp_path, "old", scorecard=scorecard)
    page = Reader(Site(tmp_path).get("/about"))
    assert "NDCG@9" in page.text and "0.400" in page.text
    assert not any(told in page.text for told in ("P@9", "Coverage", "judged"))


def test_about_an_old_release_tells_its_own_weights(tmp_path: Path):
    weights = dict.fromkeys(weighted_sum.PARTS, 1.0)
    publish(tmp_path, "old", weights=weights)
    page = Reader(Site(tmp_path).get("/about"))
    assert "A score is a weighted mean of parts" in page.text
    assert page.text.count(" 9%") == len(weights) and "Neighbourhood" in page.text


def test_search_engines_are_let_in_where_the_operator_says_so(
    releases: Path,
):
    site = Site(releases, INDEXED)
    page = Reader(site.get("/title/tt0000001?balance=0.2"))
    links = {known.get("rel"): known["href"] for tag, known in page.tags if tag == "link"}
    assert links["canonical"] == "https://films.example/title/tt0000001"
    assert "robots" not in [known.get("name") for tag, known in page.tags if tag == "meta"]


def test_search_engines_are_kept_from_endless_baskets(releases: Path):
    site = Site(releases, INDEXED)
    for tag, known in Reader(site.get("/title/tt0000001")).tags:
        if tag == "a" and "?title=" in str(known["href"]):
            assert known["rel"] == "nofollow"
    noindex = ("meta", {"name": "robots", "content": "noindex"})
    for path in ("/basket", "/basket?title=tt0000001", "/search?q=snow"):
        assert noindex in Reader(site.get(path)).tags
    assert noindex not in Reader(site.get("/search")).tags


def test_every_page_has_a_description_of_its_own(site: Site):
    descriptions: list[str | None] = []
    for path in ("/", "/title/tt0000001", "/search", "/atlas", "/about", "/basket", "/cluster/1"):
        tags = Reader(site.get(path)).tags
        descriptions += [
            known["content"] for _, known in tags if known.get("name") == "description"
        ]
    assert len(set(descriptions)) == 7
