from hashlib import sha256
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from rec_platform.resources.judgements import Judgements, JudgementsSource

TITLES = pd.DataFrame(
    {
        "title_id": ["tt0000001", "tt0000002", "tt0000003", "tt0000004", "tt0000005"],
        "title": ["Amélie: L'Été", "Carrie", "Carrie", "Harpoon", "Harpoon"],
        "year": [2001, 1976, 2013, 1990, 1990],
    }
)
NAMES = "title_1\tyear_1\ttitle_2\tyear_2\trating"


def source(folder: Path, *lines: str, name: str = "pairs.tsv") -> JudgementsSource:
    path = folder / name
    path.write_text("\n".join([*lines, ""]))
    return JudgementsSource(location=str(path))


def pairs(judged: Judgements) -> list[tuple[int, int, bool]]:
    return list(
        zip(judged.first.tolist(), judged.second.tolist(), judged.is_ok.tolist(), strict=True)
    )


def test_names_are_matched_with_their_years_whatever_their_case_and_accents(tmp_path: Path) -> None:
    named = source(
        tmp_path,
        NAMES,
        "amelie l'ete\t2001\tcarrie\t2013\tOK",
        "CARRIE\t1976\tcarrie\t2013\tNOT_OK",
    )
    assert pairs(named.read(TITLES)) == [(0, 2, True), (1, 2, False)]


def test_without_years_a_name_is_matched_if_one_title_alone_has_it(tmp_path: Path) -> None:
    named = source(tmp_path, "title_1,title_2,rating", "carrie,amelie l'ete,OK", name="pairs.csv")
    assert pairs(named.read(TITLES[:2])) == [(1, 0, True)]
    one_year = source(
        tmp_path, NAMES, "amelie l ete\t\tcarrie\t2013\tOK", "carrie\t\tAmelie L'Ete\t\tOK"
    )
    judged = one_year.read(TITLES)
    assert pairs(judged) == [(0, 2, True)] and judged.ambiguous == 1


def test_an_id_counts_before_a_name(tmp_path: Path) -> None:
    both = source(
        tmp_path,
        "title_id_1,title_1,title_id_2,title_2,rating",
        '"tt0000004","Harpoon, the first",tt0000005,Carrie,OK',
        ",amelie l'ete,tt0000002,,NOT_OK",
        name="pairs.csv",
    )
    assert pairs(both.read(TITLES)) == [(3, 4, True), (0, 1, False)]


def test_pairs_that_are_not_here_or_could_mean_several_titles_are_left_out_and_counted(
    tmp_path: Path,
) -> None:
    named = source(
        tmp_path,
        NAMES,
        "carrie\t1976\tcarrie\t2013\tOK",
        "carrie\t1976\tharpoon\t1990\tOK",  # two titles of this name and year
        "carrie\t1976\tnobody's film\t1990\tOK",
        "carrie\t1977\tcarrie\t2013\tOK",
        "carrie\t1976\tcarrie\t1976\tOK",  # a title is not like itself
        "carrie\t1976\t!!!\t1976\tOK",
    )
    judged = named.read(TITLES)
    assert pairs(judged) == [(1, 2, True)]
    assert (judged.missing, judged.ambiguous) == (4, 1)


def test_the_half_that_tunes_is_told_by_the_first_name_whatever_the_catalogue(
    tmp_path: Path,
) -> None:
    films = pd.DataFrame(
        {
            "title_id": [f"tt{number:07}" for number in range(40)],
            "title": [f"Film {number}" for number in range(40)],
            "year": 2000,
        }
    )
    rows = [f"film {number}\t2000\tfilm 0\t2000\tOK" for number in range(1, 40)]
    named = source(tmp_path, NAMES, *rows)
    expected = [
        int(sha256(f"film {number}".encode()).hexdigest(), 16) % 2 == 0 for number in range(1, 40)
    ]
    assert 5 < sum(expected) < 34
    assert named.read(films).is_tuning.tolist() == expected
    few = films[::2].reset_index(drop=True)
    assert named.read(few).is_tuning.tolist() == expected[1::2]
    ids = source(
        tmp_path,
        "title_id_1,title_id_2,rating",
        *(f"tt{number:07},tt0000000,OK" for number in range(1, 40)),
        name="ids.csv",
    )
    of_ids = [int(sha256(name.encode()).hexdigest(), 16) % 2 == 0 for name in films["title_id"]]
    assert ids.read(films).is_tuning.tolist() == of_ids[1:]


def test_a_quotation_mark_in_a_tsv_is_one(tmp_path: Path) -> None:
    named = source(tmp_path, NAMES, '"Carrie\t1976\t"Carrie" \t2013\tOK')
    assert pairs(named.read(TITLES)) == [(1, 2, True)]


def test_the_arrays_are_positions_and_truths_and_the_fingerprint_is_the_contents(
    tmp_path: Path,
) -> None:
    named = source(tmp_path, NAMES, "carrie\t1976\tcarrie\t2013\tOK")
    judged = named.read(TITLES)
    assert np.issubdtype(judged.first.dtype, np.integer)
    assert np.issubdtype(judged.second.dtype, np.integer)
    assert judged.is_ok.dtype == judged.is_tuning.dtype == bool
    assert judged.fingerprint == named.fingerprint()
    (tmp_path / "other").mkdir()
    other = source(tmp_path / "other", NAMES, "carrie\t1976\tcarrie\t2013\tNOT_OK")
    assert other.fingerprint() != named.fingerprint()
    assert JudgementsSource().fingerprint() == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"", "it lacks columns: it has none"),
        (b"<!DOCTYPE html>\n<html></html>\n", "it lacks columns: it has <!DOCTYPE html>"),
        (b"title_1\ttitle_2\nCarrie\tHarpoon\n", "it lacks columns"),
        (b"title_1,title_id_2,rating\nCarrie,tt0000001,OK\n", "it lacks columns"),
        (b"title_1,title_2,rating\nCarrie,Harpoon,OK\nCarrie,Harpoon,good\n", "line 3 is rated 'g"),
        (b"title_1,title_2,rating\nCarrie,Harpoon,ok\n", "line 2 is rated 'ok', not OK or NOT_OK"),
        (b"title_1,title_2,rating\nCarrie,Harpoon\n", "line 2 has more or fewer fields"),
        (b"title_1,title_2,rating\nI, Tonya,Harpoon,OK\n", "line 2 has more or fewer fields"),
        (b"title_1,title_2,rating\nCarrie,,OK\n", "line 2 names no film 2"),
        (b'title_1,title_2,rating\nCarrie,"Harpoon,OK\n', "what follows line 1 cannot be read"),
        (b"title_1,title_2,rating\n\xff\xfe,Harpoon,OK\n", "it is not UTF-8"),
    ],
)
def test_a_file_that_is_missing_or_odd_is_an_error_before_any_work_and_says_what_to_do(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "pairs.tsv"
    if content is not None:
        path.write_bytes(content)
    odd = JudgementsSource(location=str(path))
    for ask in (odd.require_files, lambda: odd.read(TITLES)):
        with pytest.raises(dg.Failure) as raised:
            ask()
        said = str(raised.value.description)
        assert told in said and str(path) in said and "REC_JUDGEMENTS_SOURCE" in said
    (finding,) = odd.diagnose()
    assert told in finding.fix


def test_judgements_of_other_titles_are_an_error(tmp_path: Path) -> None:
    named = source(tmp_path, NAMES, "a\t1\tb\t2\tOK", "harpoon\t1990\tcarrie\t1976\tOK")
    with pytest.raises(dg.Failure, match="of its 2 pairs none has both titles in this catalogue"):
        named.read(TITLES)


def test_a_file_that_can_be_read_needs_no_fix_and_none_is_not_looked_at(tmp_path: Path) -> None:
    (finding,) = source(tmp_path, NAMES, "a\t1\tb\t2\tOK").diagnose()
    assert (finding.what, finding.fix) == ("judgements", "")
    JudgementsSource().require_files()
    assert list(JudgementsSource().diagnose()) == []
