"""What fills IMDb's files beside films: shows with all their episodes, shorts, videos and games.

They are many and plain. What the episodes of a show share is written once, with `@` in place of an
episode's id, so that millions of rows are quick to make.
"""

from itertools import islice
from random import Random
from typing import NamedTuple

from rec_platform.sample import words
from rec_platform.sample.studios import LATEST_YEAR, Studio, first_name, is_woman, surname

# For the 24 titles of a studio, so that all types have about their share of IMDb's files.
EPISODES = 230
SHOWS = {"tvSeries": 6, "tvMiniSeries": 2}
SINGLES = {"short": 25, "video": 7, "tvMovie": 3, "tvSpecial": 2, "videoGame": 1}
SHOW_TITLES = EPISODES + sum(SHOWS.values()) + sum(SINGLES.values())

FIRST_PERSON = 9_999_999  # beyond the people of all studios
PEOPLE = 335  # of a block, who are in no film
RATED_SHARE = 0.12
RUNTIMES = {"short": 12, "video": 60, "tvMovie": 85, "tvSpecial": 55}  # minutes
GENRES = (
    *("Comedy", "Drama", "News", "Talk-Show", "Reality-TV", "Comedy,Drama", "Crime,Drama"),
    *("Game-Show", "Documentary", "Family", "Animation,Comedy", "Drama,Romance", r"\N"),
)
# IMDb names an episode without a name in the languages of these regions, by its numbers.
EPISODE_NAMES = (
    *(("DE", "de", "Folge"), ("ES", "es", "Episodio"), ("FR", "fr", "Épisode")),
    *(("IN", "hi", "एपिसोड"), ("IT", "it", "Episodio"), ("JP", "ja", "エピソード")),
    ("PT", "pt", "Episódio"),
)
TRADES = ("writer", "producer", "editor", "cinematographer", "composer", "casting_director")


class Rows(NamedTuple):
    """The rows of a block for each file, as text of one or more lines."""

    basics: list[str]
    akas: list[str]
    ratings: list[str]
    crew: list[str]
    principals: list[str]
    people: list[str]


def make_show_rows(seed: int, block: int, studio: Studio, ids: list[str]) -> Rows:
    """The rows of a block's titles that are no film of its studio.

    Args:
        seed: of the sample.
        block: the number of the block.
        studio: whose words and names they have.
        ids: of the titles; SHOW_TITLES of them, or fewer where the sample ends.
    """
    writer = _ShowWriter(Random(f"{seed}:{block}:shows"), block, studio)
    writer.write(ids)
    return writer.rows


class _ShowWriter:
    def __init__(self, random: Random, block: int, studio: Studio) -> None:
        self.random, self.studio = random, studio
        self.rows = Rows([], [], [], [], [], [])
        first = FIRST_PERSON + block * PEOPLE
        self.people = [f"nm{person + 1:07d}" for person in range(first, first + PEOPLE)]
        self.parts = [self._part(person) for person in range(first, first + PEOPLE)]
        nouns = [noun for director in studio.directors for noun in director.nouns]
        adjectives = studio.directors[0].group.adjectives
        self.names = [f"{random.choice(adjectives)} {noun}" for noun in nouns]
        self.names += [f"{random.choice(words.KIN)} of {random.choice(nouns)}" for _ in range(20)]

    def _part(self, person: int) -> str:
        """The end of a row of title.principals: who plays whom."""
        random, country = self.random, self.studio.country
        name = first_name(random, country, person)
        if random.random() < 0.6:
            name += f" {surname(random, country)}"
        category = "actress" if is_woman(person) else "actor"
        return f'nm{person + 1:07d}\t{category}\t\\N\t["{name}"]\n'

    def write(self, ids: list[str]) -> None:
        left = iter(ids)
        for title_type, count in SINGLES.items():
            for tconst in islice(left, count):
                self._single(tconst, title_type)
        shows = [title_type for title_type, count in SHOWS.items() for _ in range(count)]
        # Of eight shows the longest has more than half of the episodes.
        for place, title_type in enumerate(shows, 1):
            length = EPISODES >> place if place < len(shows) else EPISODES
            for tconst in islice(left, 1):
                self._show(tconst, title_type, list(islice(left, length)))
        self._write_people(ids)

    def _single(self, tconst: str, title_type: str) -> None:
        random = self.random
        name, year = random.choice(self.names), min(LATEST_YEAR, self._year())
        genres = random.choice(GENRES)
        if title_type == "short":
            genres = "Short" if genres == r"\N" else ",".join(sorted([genres, "Short"]))
        is_adult = title_type == "video" and random.random() < 0.2
        if is_adult:
            genres = "Adult"
        runtime: int | str = r"\N"
        if title_type in RUNTIMES and random.random() < 0.7:
            runtime = max(1, round(random.gauss(RUNTIMES[title_type], RUNTIMES[title_type] / 4)))
        self.rows.basics.append(
            f"{tconst}\t{title_type}\t{name}\t{name}\t{int(is_adult)}\t{year}\t\\N"
            f"\t{runtime}\t{genres}\n"
        )
        self._write_akas(tconst, name, random.sample(words.AKA_REGIONS, random.randint(0, 4)))
        self._rate(tconst, log_votes=3.2)
        crew = self._crew(*self._team())
        self.rows.crew.append(f"{tconst}\t{crew}\n")
        self._write_cast(tconst, random.sample(self.parts, random.randint(1, 7)), 1)

    def _show(self, tconst: str, title_type: str, episodes: list[str]) -> None:
        """Write a show and its episodes, with a cast of its own and guests."""
        random = self.random
        name, year, genres = random.choice(self.names), self._year(), random.choice(GENRES)
        runtime = random.choice((22, 25, 30, 43, 45, 52, 60, r"\N"))
        end = min(LATEST_YEAR, year + len(episodes) // 20)
        self.rows.basics.append(
            f"{tconst}\t{title_type}\t{name}\t{name}\t0\t{year}\t{end}\t{runtime}\t{genres}\n"
        )
        self._write_akas(tconst, name, random.sample(words.AKA_REGIONS, 5))
        self._rate(tconst, log_votes=5.5)
        team = self._team()
        crew = self._crew(*team)
        self.rows.crew.append(f"{tconst}\t{crew}\n")
        regulars = random.sample(self.parts, random.randint(1, 3))
        regulars += [f"{person}\t{trade}\t\\N\t\\N\n" for person, trade in zip(*team, strict=True)]
        self._write_cast(tconst, regulars, 1)
        cast = "".join(f"@\t{place}\t{part}" for place, part in enumerate(regulars, 1))
        is_known_abroad = random.random() < 0.5
        is_numbered = random.random() < 0.6
        for number, episode in enumerate(episodes):
            numbers = f"#{1 + number // 20}.{1 + number % 20}"
            called = f"Episode {numbers}" if is_numbered else random.choice(self.names)
            self.rows.basics.append(
                f"{episode}\ttvEpisode\t{called}\t{called}\t0\t{min(end, year + number // 20)}\t\\N"
                f"\t{runtime}\t{genres}\n"
            )
            akas = f"{episode}\t1\t{called}\t\\N\t\\N\toriginal\t\\N\t1\n"
            if is_known_abroad:
                akas += "".join(
                    f"{episode}\t{place}\t{word} {numbers}\t{region}\t{language}\t\\N\t\\N\t0\n"
                    for place, (region, language, word) in enumerate(EPISODE_NAMES, 2)
                )
            self.rows.akas.append(akas)
            self._rate(episode, log_votes=3.4)
            self.rows.crew.append(f"{episode}\t{crew}\n")
            self.rows.principals.append(cast.replace("@", episode))
            guests = random.sample(self.parts, random.randint(0, 6))
            self._write_cast(episode, guests, len(regulars) + 1)

    def _year(self) -> int:
        return min(LATEST_YEAR, self.studio.year + self.random.randint(0, 14))

    def _team(self) -> tuple[list[str], list[str]]:
        """People who are not seen, and their trades; a director first."""
        trades = ["director", *self.random.sample(TRADES, self.random.randint(1, 4))]
        return self.random.sample(self.people, len(trades)), trades

    def _crew(self, people: list[str], trades: list[str]) -> str:
        writers = [
            person for person, trade in zip(people, trades, strict=True) if trade == "writer"
        ]
        return people[0] + "\t" + (",".join(writers) or r"\N")

    def _write_akas(self, tconst: str, name: str, regions: list[str]) -> None:
        akas = [f"{tconst}\t1\t{name}\t\\N\t\\N\toriginal\t\\N\t1\n"]
        for place, region in enumerate(regions, 2):
            language = words.AKA_LANGUAGES.get(region, r"\N")
            akas.append(f"{tconst}\t{place}\t{name}\t{region}\t{language}\timdbDisplay\t\\N\t0\n")
        self.rows.akas.extend(akas)

    def _rate(self, tconst: str, log_votes: float) -> None:
        random = self.random
        if random.random() < RATED_SHARE:
            votes = 5 + int(random.lognormvariate(log_votes, 1.6))
            rating = min(10.0, max(1.0, random.gauss(7.2, 1.1)))
            self.rows.ratings.append(f"{tconst}\t{rating:.1f}\t{votes}\n")

    def _write_cast(self, tconst: str, parts: list[str], first: int) -> None:
        rows = (f"{tconst}\t{place}\t{part}" for place, part in enumerate(parts, first))
        self.rows.principals.extend(rows)

    def _write_people(self, ids: list[str]) -> None:
        random, country = self.random, self.studio.country
        first = FIRST_PERSON + 1
        for person in self.people:
            number = int(person[2:]) - first
            name = f"{first_name(random, country, number)} {surname(random, country)}"
            birth = self.studio.year - random.randint(20, 58) if random.random() < 0.05 else r"\N"
            known = ",".join(random.sample(ids, min(len(ids), random.randint(1, 4)))) or r"\N"
            trade = "actress" if is_woman(number) else "actor"
            self.rows.people.append(f"{person}\t{name}\t{birth}\t\\N\t{trade}\t{known}\n")
