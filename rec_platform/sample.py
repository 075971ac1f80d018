"""Invented, IMDb-shaped files of any size: the demo's catalogue and the tests' planted answers.

Belongs here: the six `*.tsv.gz` files with IMDb's columns, nulls, quirks and skew, and the list of
franchises hidden in them. Does not belong: reading or cleaning the files, and any real title or
person; all words are put together at random, so a likeness to a real one is an accident.

Titles come in blocks, one block a studio with its directors and cast, each from a generator seeded
with `"{seed}:{block}"`. No block needs another one, so memory stays constant. Read it downwards:
words, the two public functions, a studio and its people, its titles, their credits, the rows.
"""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import NamedTuple, TypeVar

Item = TypeVar("Item")

FIRST_YEAR, LATEST_YEAR = 1920, 2026  # "today" is a constant: nothing here asks the clock
BLOCK_SIZE = 24
PROGRESS_BLOCKS = 100
NULL = r"\N"
COLUMNS = {
    "title.basics": "tconst titleType primaryTitle originalTitle isAdult startYear endYear"
    " runtimeMinutes genres",
    "title.akas": "titleId ordering title region language types attributes isOriginalTitle",
    "title.ratings": "tconst averageRating numVotes",
    "title.crew": "tconst directors writers",
    "title.principals": "tconst ordering nconst category job characters",
    "name.basics": "nconst primaryName birthYear deathYear primaryProfession knownForTitles",
}
MARKER = "SAMPLE.txt"  # written last: it also says that the files are complete
FILES = tuple(f"{table}.tsv.gz" for table in COLUMNS)


def _list(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


@dataclass(frozen=True)
class _Mood:
    """A family of films: genres that go together, words that fit them, and their usual fate."""

    share: int
    votes: float  # shift of the logarithm of the votes
    rating: float
    runtime: int
    genres: tuple[str, ...]
    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]
    templates: tuple[str, ...]


@dataclass(frozen=True)
class _Culture:
    """A film country: what its people are called, and words for titles in its own language."""

    region: str
    share: int
    women: tuple[str, ...]
    men: tuple[str, ...]
    surname_stems: tuple[str, ...]
    surname_endings: tuple[str, ...]
    heads: tuple[str, ...] = ()
    tails: tuple[str, ...] = ()
    conjunction: str = " "
    gap: str = " "


# fmt: off
MOODS = (
    _Mood(30, -0.3, 6.4, 104,
        _list("Drama|Drama|Drama|Drama|Drama,Family|Drama,History|Drama,Mystery|Biography,Drama"),
        _list("Salt|Quiet|Borrowed|Paper|Unfinished|Patient|Winter|Amber|Faithful|Slate|Mended"),
        _list("Cartographer|Orchard|Ferryman|Tenant|Beekeeper|Lighthouse|Lodger|Inheritance|"
              "Clockmaker|Glassblower|Saltworks|Piano Tuner|Bricklayer|Estuary|Seamstress"),
        _list("What the {noun} Knew of {place}|Letters from {place}|The Last {noun} of {place}|"
              "{name} After the Rain|{number} Winters in {place}|A House for {name}")),
    _Mood(21, 0.0, 6.0, 97,
        _list("Comedy|Comedy|Comedy,Drama|Comedy,Romance|Comedy,Family|Comedy,Drama,Romance"),
        _list("Accidental|Reluctant|Unlikely|Discount|Undercooked|Honorary|Part-Time|Rented"),
        _list("Uncle|Bridesmaid|Landlord|Goldfish|Caravan|Caterer|Barbershop|Talent Show|Mayor|"
              "Stuntman|Neighbour|Sausage King|Lottery Ticket|Godmother|Dentist|Weatherman"),
        _list("Don't Tell {name}|My Cousin the {adj} {noun}|{name} vs. the {noun}|"
              "Help! {name} Is Back|{name} & {name2}|{number} {place} Street|Oh, {place}!")),
    _Mood(9, 0.3, 5.2, 92,
        _list("Horror|Horror|Horror,Thriller|Horror,Mystery|Horror,Sci-Fi|Comedy,Horror"),
        _list("Crawling|Rotting|Whispering|Faceless|Drowned|Bloodless|Weeping|Unlit|Cursed"),
        _list("Cellar|Séance|Marrow|Scarecrow|Bone Chapel|Sexton|Doll Maker|Attic|Crypt|"
              "Moth Room|Choir|Undertaker|Ossuary|Bloodline|Mirror|Plague Doctor|Candle Eater"),
        _list("Don't Wake {name}|It Came for {name}|The {noun} Beneath {place}|{place} Bleeds|"
              "Night of the {adj} {noun}|Bury {name} Deep|{number} Nights in {place}")),
    _Mood(15, 0.3, 6.3, 103,
        _list("Crime,Drama|Crime,Drama,Thriller|Thriller|Crime,Mystery|Mystery,Thriller|"
              "Drama,Thriller|Action,Crime,Thriller"),
        _list("Crooked|Cold|Silent|Counterfeit|Midnight|Loaded|Guilty|Marked|Sealed|Dead-End"),
        _list("Witness|Alibi|Informant|Locksmith|Ledger|Bagman|Verdict|Fingerprint|Syndicate|"
              "Getaway|Wiretap|Pawnbroker|Safecracker|Juror|Night Clerk|Decoy|Hatcheck Girl"),
        _list("A Bullet for {name}|The {name} File|The {place} Murders|{number} Hours in {place}|"
              "Nobody Saw {name}|{name} Doesn't Talk|The Woman from {place}")),
    _Mood(9, 1.2, 5.9, 106,
        _list("Action|Action,Adventure|Action,Thriller|Action,Crime,Thriller|Action,Drama|"
              "Action,Adventure,Sci-Fi|Action,Comedy|Adventure"),
        _list("Iron|Burning|Rogue|Steel|Savage|Scarlet|Jagged|Thunder|Molten|Unbroken|Razor"),
        _list("Harbour|Vanguard|Hammer|Extraction|Convoy|Fury|Bodyguard|Warhead|Payload|Checkpoint|"
              "Viper|Outpost|Falcon|Detonator|Gauntlet|Squadron|Ricochet|Kingpin|Avalanche"),
        _list("Operation {adj} {noun}|Code Name: {adj} {noun}|{number} Minutes to {place}|"
              "No Way Out of {place}|Ambush at {place}|Hunt for the {adj} {noun}|Avenge {name}")),
    _Mood(5, 1.1, 6.0, 105,
        _list("Sci-Fi|Action,Sci-Fi|Adventure,Sci-Fi|Drama,Sci-Fi|Sci-Fi,Thriller|Mystery,Sci-Fi"),
        _list("Quantum|Orbital|Silver|Synthetic|Infinite|Frozen|Parallel|Electric|Weightless"),
        _list("Signal|Colony|Meridian|Android|Engine|Asteroid|Archive|Moonbase|Perihelion|Starship|"
              "Nebula|Clone|Airlock|Satellite|Cosmonaut|Transmission|Terraformer|Dreamcoder"),
        _list("Escape from {place} {number}|{adj} {noun} {number}|Beyond the {adj} {noun}|"
              "Last Signal from {place}|{number} Light-Years to {place}|The Day {place} Vanished")),
    _Mood(7, 0.9, 6.4, 93,
        _list("Adventure,Animation,Family|Animation,Comedy,Family|Family|Family,Fantasy|Fantasy|"
              "Adventure,Fantasy|Adventure,Family,Fantasy|Drama,Fantasy"),
        _list("Enchanted|Clockwork|Tiny|Moonlit|Whistling|Sleepy|Gingerbread|Upside-Down"),
        _list("Dragon|Hedgehog|Lantern|Wizard|Kite|Castle|Otter|Toymaker|Snow Goose|Balloon|"
              "Carousel|Teapot|Giant|Raincloud|Lamplighter|Fox|Compass|Moon Thief"),
        _list("{name} and the {adj} {noun}|The {noun} Who Forgot {place}|{name}'s {adj} {noun}|"
              "The Secret of {place}|The {adj} {noun} Express|The {number} Keys of {place}")),
    _Mood(8, 0.2, 6.2, 101,
        _list("Romance|Drama,Romance|Drama,Romance|Comedy,Romance|Drama,Music,Romance"),
        _list("Tender|Sunday|Moonlit|Summer|Velvet|Unspoken|Stolen|Rainy|Honeyed|Lovesick"),
        _list("Serenade|Promise|Kiss|Waltz|Letter|Balcony|Bouquet|Rendezvous|Honeymoon|Sweetheart|"
              "Postcard|Proposal|Rose Garden|Embrace|Love Song|Picnic|Goodbye|Wedding Guest"),
        _list("Love in {place}|{name} Loves {name2}|Waiting for {name}|Kiss Me in {place}|"
              "Midnight at the {adj} {noun} Café|{number} Kisses from {name}|{name}, with Love")),
    _Mood(11, -1.2, 7.1, 78,
        _list("Documentary|Documentary|Documentary|Biography,Documentary|Documentary,History|"
              "Documentary,Music|Documentary,Sport|Documentary,News|Documentary,History,War"),
        _list("Hidden|Living|Forgotten|Open|Wild|Untold|Public|Vanishing|Everyday|Unseen|Stubborn"),
        _list("Archive|Glacier|River|Newsroom|Migration|Workshop|Parliament|Coastline|Reef|Factory|"
              "Census|Rainforest|Strike|Border|Observatory|Shipyard|Seed Bank"),
        _list("Inside the {place} {noun}|{name}: A Life in Pieces|The {place} Tapes|"
              "{place}: An Oral History|{number} Days in {place}|Who Owns {place}?|Being {name}")),
    _Mood(3, -0.2, 6.0, 86, _list("Western|Western|Drama,Western|Action,Western"),
        _list("Dusty|Lonesome|Copper|Bleached|Rattlesnake|Prairie|Sunburnt|Unmarked|Hanging"),
        _list("Trail|Sheriff|Mesa|Stagecoach|Saddle|Gunsmith|Canyon|Drifter|Spur|Rustler|Corral"),
        _list("Showdown at {place}|Ride to {place}|{name} of {adj} Creek|Dust over {place}|"
              "{number} Bullets for {name}|The {place} Kid|The {noun} Rides to {place}")),
    _Mood(5, 0.1, 6.7, 116,
        _list("Drama,War|Drama,History,War|Drama,History|Biography,Drama,History|Action,War|War"),
        _list("Northern|Fallen|Grey|Burnt|Besieged|Loyal|Forgotten|Muddy|Exiled|Imperial"),
        _list("Regiment|Bridgehead|Armistice|Sentry|Battalion|Trench|Courier|Bugler|Frontier"),
        _list("The Siege of {place}|{number} Days at {place}|Farewell to the {adj} {noun}|"
              "The Battle for {place}|{name}'s War|The Fall of {place}|Silence in {place}")),
    _Mood(3, 0.1, 6.3, 100,
        _list("Music|Drama,Music|Musical|Comedy,Musical|Music,Romance|Comedy,Musical,Romance"),
        _list("Blue|Swinging|Brass|Off-Key|Syncopated|Velvet|Barrelhouse|Sequined"),
        _list("Trumpet|Chorus|Jukebox|Tango|Cabaret|Melody|Songbird|Ballroom|Encore|Accordion"),
        _list("Play It for {name}|Dancing in {place}|The {place} Orchestra|Last Song in {place}|"
              "One More {noun} for {name}|{name} Sings|Swing Low in {place}")),
    _Mood(3, 0.0, 6.5, 102, _list("Drama,Sport|Comedy,Sport|Biography,Drama,Sport|Sport"),
        _list("Muddy|Long|Unbeaten|Second|Golden|Bare-Knuckle|Breakaway|Uphill"),
        _list("Whistle|Final Lap|Striker|Rower|Relay|Goalkeeper|Underdog|Southpaw|Peloton"),
        _list("The {place} Eleven|{number} Rounds with {name}|One {noun} from {place}|"
              "The Boys from {place}|Run to {place}|{name} Goes Uphill")),
)
TEMPLATES = _list(
    "The {adj} {noun}|The {adj} {noun}|{adj} {noun}|The {noun}|The {noun} of {place}|{place}|"
    "The {noun} and the {noun2}|{name} and the {noun}|The {noun}'s {kin}|The {noun} from {place}|"
    "{name}'s {noun}|The {adj} {noun} of {place}|{name}, {name2} and the {noun}|Goodbye, {place}")
FRANCHISE_TEMPLATES = _list(
    "{adj} {noun}|The {adj} {noun}|The {noun} of {place}|{name} and the {noun}|The {place} {noun}")
KIN = _list("Daughter|Apprentice|Ghost|Secret|Wife|Son|Holiday|Shadow|Debt|Dog")
NUMBERS = _list("Two|Three|Five|Seven|Nine|Twelve|Forty|3|7|9|11|13|21|48|100|214")
SUBTITLES = _list(
    "The Reckoning|Homecoming|Aftermath|The Long Way Back|Legacy|Uprising|Nightfall|Reborn|Origins|"
    "The Last Chapter|Second Wind|The Other Side|Unfinished Business|Next of Kin")
NUMERALS = (("II", "III", "IV", "V"), ("2", "3", "4", "5"))
PLACES = tuple(stem + ending for stem in _list(
    "Ash|Bram|Cald|Dun|Ester|Fal|Grey|Har|Ister|Kes|Lor|Mar|Nor|Ost|Pel|Quill|Raven|Sel|Thorn|"
    "Vel|Wen|Yar|Black|Copper|Skel|Tam") for ending in _list(
    "mere|wick|haven|ford|stead|holm|ridge|bay|port|vale|moor|more|gate|combe|minster|cliff"))
HONOURS = _list("Detective|Dr.|Captain|Old|Professor|Judge|Inspector|Young|Mayor")
CULTURES = (
    _Culture("US", 75,
        _list("Ada|Zoë|Clara|Della|Edith|Faye|Georgia|Hazel|Ivy|Josie|Lena|Mabel|Nora|Opal|Pearl|"
              "Ruth|Sadie|Tess|Violet|Winnie|Maren|Imogen|Cora|Wilhelmina|Louisa|Bridget|Augusta"),
        _list("Abel|Boyd|Calvin|Dexter|Elias|Frank|Gus|Harlan|Isaac|Jonah|Kit|Leland|Miles|Ned|"
              "Percy|Rufus|Silas|Theo|Virgil|Wade|Emmett|Amos|Clement|Roscoe|Barnaby|Linus|Cormac"),
        _list("Ash|Black|Cold|Fern|Hart|Lang|Mill|Oak|Pem|Rock|Stan|Tarn|Under|Wal|Win|Brad|Hol|"
              "Hazel|Thorn|Pres|Cren|Kirk|Lock|Mar|Nether|Orm|Red|Sut|Whit"),
        _list("ford|ley|well|wood|worth|ton|by|ridge|man|croft|more|brook|ham|field|stone")),
    _Culture("NG", 5, _list("Adaeze|Bisi|Chioma|Folake|Ifeoma|Ngozi|Simisola|Yetunde"),
        _list("Bayo|Chidi|Dele|Emeka|Femi|Kelechi|Obinna|Tunde"),
        _list("Ade|Oke|Chuk|Eze|Obi|Ife|Bala|Olu|Ako|Uzo"), _list("bayo|wuma|lani|nna|chi|mola")),
    _Culture("FR", 6, _list("Agnès|Béatrice|Céline|Élodie|Geneviève|Hélène|Margot|Solène|Odile"),
        _list("Aurélien|Bastien|Cédric|Étienne|Gaspard|Lucien|Mathis|Rémi|Thibault|Yves"),
        _list("Chant|Mont|Font|Lav|Marin|Delac|Roch|Vill|Cour|Bell"), _list("ier|eau|elle|oise"),
        _list("Le Dernier Phare|La Nuit|Les Enfants|Un Été|L'Écluse|La Maison|Le Facteur|"
              "Le Témoin|La Forêt|Mon Frère|L'Étrangère|Le Secret|Les Héritiers"),
        _list("du fleuve|sans retour|de la côte|d'hiver|à minuit|du quai n° 7|en flammes|de l'aube|"
              "de Saint-Brévec|aux mains vides|derrière la vitre"), " et "),
    _Culture("DE", 4, _list("Anneliese|Birgit|Frauke|Greta|Heike|Jutta|Liesl|Renate|Ulrike"),
        _list("Anselm|Bernd|Detlef|Falk|Gernot|Jürgen|Lothar|Rüdiger|Volker"),
        _list("Acker|Brand|Eber|Falken|Grün|Hoch|König|Stein|Rosen"), _list("mann|bach|berg|feld"),
        _list("Der Fährmann|Die Brücke|Das Zimmer|Die Töchter|Der Schlüssel|Das Gewitter|Die Uhr|"
              "Der Gärtner|Das Salz|Die Küste|Der Zug"),
        _list("am Fluss|ohne Namen|im Nebel|von Königswald|der Nacht|über den Dächern"), " und "),
    _Culture("ES", 5, _list("Araceli|Belén|Consuelo|Inmaculada|Lucía|Marisol|Pilar|Rocío"),
        _list("Álvaro|Baltasar|Emilio|Gonzalo|Íñigo|Joaquín|Octavio|Ramón|Tomás"),
        _list("Alva|Bena|Cas|Dom|Esco|Herr|Mont|Pal|Qui|Vald"), _list("rado|vides|ero|anza|illa"),
        _list("La Casa|El Río|Los Hijos|Una Tarde|El Farero|La Sombra|Las Hermanas|El Último Tren|"
              "La Cosecha|El Jardín|Mi Abuela|La Señal"),
        _list("del sur|sin nombre|de la montaña|a medianoche|en la niebla|de mi corazón"), " y "),
    _Culture("IT", 3, _list("Allegra|Chiara|Donatella|Fiorella|Ginevra|Ornella|Serafina"),
        _list("Amedeo|Corrado|Ettore|Fausto|Gualtiero|Nicolò|Renzo"),
        _list("Bell|Cast|Ferr|Gall|Mar|Pell|Ross|Vent"), _list("ini|etti|ano|aro|ucci|oni"),
        _list("La Città|Il Barbiere|Le Sorelle|Il Fanale|L'Orologio|La Vigna|Il Ladro|Un Giorno"),
        _list("di sabbia|senza età|del nord|a mezzanotte|sotto la neve|di nessuno"), " e "),
    _Culture("SE", 3, _list("Astrid|Britta|Ebba|Gunilla|Maj|Tuva"), _list("Arvid|Björn|Håkan|Nils"),
        _list("Berg|Dal|Ek|Lind|Sjö|Sten|Öst"), _list("kvist|gren|ström|lund|man|blad"),
        _list("Fyren|Sommaren|Systrarna|Huset|Brevet|Ön|Skogen|Bröllopet|Gården|Mörkret"),
        _list("vid havet|utan slut|i väster|på Sältö|som försvann|under isen|om natten"), " och "),
    _Culture("PL", 2, _list("Agnieszka|Bożena|Danuta|Małgorzata|Wanda"), _list("Bogusław|Łukasz"),
        _list("Adam|Koł|Mal|Now|Sob|Wier|Zal"), _list("czak|owicz|czyk|arz|aszek|iuk"),
        _list("Latarnik|Ostatni Pociąg|Miasto|Córka|Śnieg|Żniwa|Świadek|Zegarmistrz|Łąka"),
        _list("nad rzeką|bez imienia|o północy|za mgłą|z Wierzbowa|na końcu świata"), " i "),
    _Culture("RU", 3, _list("Alevtina|Darya|Galina|Ksenia|Zoya"), _list("Arkady|Gleb|Lev|Matvei"),
        _list("Bond|Cher|Gor|Kov|Lys|Mak|Rud|Tar"), _list("enko|chuk|aich|adze|evich|usik"),
        _list("Маяк|Последний поезд|Дом|Сёстры|Зима|Письмо|Часовщик|Тень|Берег|Соловьи"),
        _list("над рекой|без имени|за горизонтом|в полночь|на краю света|из соли"), " и "),
    _Culture("JP", 5, _list("Akane|Chiyo|Fumiko|Haruko|Kiyomi|Mitsuko|Setsuko|Yukari"),
        _list("Daigo|Eiji|Hideaki|Jiro|Kazuo|Masaru|Shintaro|Tetsuya"),
        _list("Taka|Mori|Naka|Hoshi|Kawa|Shima|Aki|Mizu|Kuro"), _list("mura|da|moto|hara|zaki"),
        _list("とうだい|うみ|よる|ひかり|まち|ゆき|かぜ|ほし|なつ|はこぶね|サムライ|ロボット"),
        _list("のうた|のかげ|のむこう|のてがみ|へかえる|をまつ|のないくに|とわたし"), "と", ""),
    _Culture("IN", 6, _list("Anjali|Bhavna|Deepika|Kavita|Lalita|Meera|Rukmini|Sunanda"),
        _list("Arjun|Bhaskar|Devendra|Harish|Kartik|Mohan|Raghav|Vikram"),
        _list("Chandra|Raghu|Deva|Vish|Nara|Sur|Gopi|Venka"), _list("nathan|wala|rani|pal|kar"),
        _list("आख़िरी दीपक|नदी|रात|बारिश|सपना|मेरा गाँव|परछाई|सितारा|चिट्ठी|रेलगाड़ी"),
        _list("के पार|की ओर|के बिना|के साथ|के नाम|से पहले|के उस पार"), " और "),
)
# fmt: on
CULTURE_OF = {culture.region: culture for culture in CULTURES}
CULTURE_SHARES = [culture.share for culture in CULTURES]
MOOD_SHARES = [mood.share for mood in MOODS]
REGIONS = _list("GB|CA|AU|BR|MX|FR|DE|ES|IT|SE|PL|RU|JP|IN")
REGION_LANGUAGES = {"CA": ("en", "fr"), "IN": ("hi", "en"), "JP": ("ja",)}
# A chance each: most rows say imdbDisplay or nothing; lists are joined by chr(2), as in IMDb's.
AKA_TYPES = _list(f"imdbDisplay|imdbDisplay|imdbDisplay|{NULL}|{NULL}|dvd|tv|working|dvd\x02video")
AKA_ATTRIBUTES = _list("literal title|transliterated title|poster title|literal title\x02new title")
TYPES = _list("short|short|short|short|tvEpisode|tvEpisode|tvSeries|tvSeries|tvMovie|video")
SHARE_OF_RUNTIME = {"short": 0.2, "tvEpisode": 0.45, "tvSeries": 0.5}
SHOW_GENRES = _list("Reality-TV|Talk-Show|Game-Show")
# People of a block by trade: their place in it, hence their id, tells what they do.
TRADES = {
    "director": range(0, 3),
    "writer": range(3, 8),
    "composer": range(8, 10),
    "producer": range(10, 13),
    "cinematographer": range(13, 15),
    "actor": range(15, 40),
}
PEOPLE = 40
CREW = {"writer": 0.9, "composer": 0.6, "producer": 0.6, "cinematographer": 0.6}
JOBS = {"producer": "producer", "cinematographer": "director of photography"}


class _Dice(random.Random):
    """A generator with quicker draws: `choice` and `randint` would be most of the run time."""

    def pick(self, items: Sequence[Item]) -> Item:
        return items[int(self.random() * len(items))]

    def between(self, low: int, high: int) -> int:
        return low + int(self.random() * (high - low + 1))


class _Credit(NamedTuple):
    person: int
    category: str
    characters: str = NULL


@dataclass(slots=True)
class _Director:
    """One director's style: all of their titles are drawn from it."""

    person: int
    mood: _Mood
    genres: list[str]
    adjectives: list[str]
    nouns: list[str]
    templates: cycle[str]  # in turn, so that titles of one director do not repeat a pattern
    quality: float
    log_votes: float
    troupe: list[int]


@dataclass(slots=True)
class _Title:
    kind: str
    names: tuple[str, str]  # primary, original
    year: int | None
    runtime: int | None
    genres: str
    credits: list[_Credit]
    log_votes: float
    rating: float
    end_year: int | None = None
    is_adult: bool = False
    is_rated: bool = True
    is_in_us: bool = True
    franchise: int | None = None

    @property
    def votes(self) -> int:
        return min(2_300_000, 5 + int(math.exp(self.log_votes))) if self.is_rated else 0


@dataclass(slots=True)
class _Studio:
    """What the titles of a block share."""

    dice: _Dice
    home: _Culture
    era: int
    first_person: int
    actors: list[int]
    directors: list[_Director]


def write_sample(
    out: Path,
    titles: int,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> dict[str, int]:
    """Writes the six files of an invented catalogue, streaming, in constant memory.

    Args:
        out: Folder for the files; created when missing, files of the same name are replaced.
        titles: Rows in title.basics, at least 1.
        seed: Another seed is another catalogue; the same one gives the same bytes.
        progress: Called now and then, and at the end, with the number of titles written.

    Returns:
        Rows written, without the header, for each file name.

    Raises:
        ValueError: `titles` is less than 1.
    """
    blocks = _blocks(titles)
    out.mkdir(parents=True, exist_ok=True)
    counts = dict.fromkeys(FILES, 0)
    with ExitStack() as stack:
        writers = [_open_gzip(stack, out / name) for name in FILES]
        for writer, columns in zip(writers, COLUMNS.values(), strict=True):
            writer.write((columns.replace(" ", "\t") + "\n").encode())
        for block, size in blocks:
            for name, writer, rows in zip(FILES, writers, _rows(seed, block, size), strict=True):
                writer.write("".join(rows).encode())
                counts[name] += len(rows)
            done = block * BLOCK_SIZE + size
            if progress and (done == titles or (block + 1) % PROGRESS_BLOCKS == 0):
                progress(done)
    (out / MARKER).write_text(f"{titles:,} invented titles: no row of these files is real.\n")
    return counts


def franchises(titles: int, seed: int = 0) -> Iterator[list[str]]:
    """Yields the planted answer: the ids of each franchise's films, in order of release.

    Every one is a rated, non-adult movie with a US aka and its original title, so that any
    selection of English-language films that does not ask for a US aka marked English keeps it.

    Args:
        titles: The size given to `write_sample`.
        seed: The seed given to `write_sample`.

    Raises:
        ValueError: `titles` is less than 1.
    """
    for block, size in _blocks(titles):
        films: dict[int, list[tuple[int, str]]] = {}
        for index, title in enumerate(_titles(_studio(seed, block))[:size]):
            if title.franchise is not None and title.year is not None:
                films.setdefault(title.franchise, []).append((title.year, _tconst(block, index)))
        # The last block may be cut: a film left alone is no franchise.
        yield from ([tconst for _, tconst in sorted(f)] for f in films.values() if len(f) > 1)


def _blocks(titles: int) -> Iterator[tuple[int, int]]:
    """Checks the size at once and returns each block with the number of titles to keep of it."""
    if titles < 1:
        raise ValueError(f"a sample needs at least 1 title, got {titles}")
    starts = range(0, titles, BLOCK_SIZE)
    return ((block, min(BLOCK_SIZE, titles - start)) for block, start in enumerate(starts))


def _open_gzip(stack: ExitStack, path: Path) -> gzip.GzipFile:
    """Opens a gzip file without name or time in its header, so equal rows are equal bytes."""
    raw = stack.enter_context(path.open("wb"))
    return stack.enter_context(gzip.GzipFile("", "wb", compresslevel=4, fileobj=raw, mtime=0))


def _tconst(block: int, index: int) -> str:
    return f"tt{block * BLOCK_SIZE + index + 1:07d}"


def _nconst(person: int) -> str:
    return f"nm{person + 1:07d}"


# A studio and its people


def _dice_and_era(seed: int, block: int) -> tuple[_Dice, int]:
    """Returns a block's generator and its era, the first number drawn from it."""
    dice = _Dice(f"{seed}:{block}")
    return dice, LATEST_YEAR - 4 - int((LATEST_YEAR - FIRST_YEAR - 14) * dice.random() ** 2.4)


def _studio(seed: int, block: int) -> _Studio:
    dice, era = _dice_and_era(seed, block)
    home = dice.choices(CULTURES, CULTURE_SHARES)[0]
    first = block * PEOPLE
    actors = [first + place for place in TRADES["actor"]]
    # Guests are actors of earlier blocks of about the same era; an id is all it takes.
    for earlier in (dice.between(0, block - 1) for _ in range(6 if block else 0)):
        if abs(_dice_and_era(seed, earlier)[1] - era) <= 8:
            actors.append(earlier * PEOPLE + dice.pick(TRADES["actor"]))
    actors = list(dict.fromkeys(actors))
    dice.shuffle(actors)
    directors = [_director(dice, first + place, actors) for place in TRADES["director"]]
    return _Studio(dice, home, era, first, actors, directors)


def _director(dice: _Dice, person: int, actors: list[int]) -> _Director:
    mood = dice.choices(MOODS, MOOD_SHARES)[0]
    return _Director(
        person=person,
        mood=mood,
        genres=dice.sample(mood.genres, 2),
        adjectives=dice.sample(mood.adjectives, 6),
        nouns=dice.sample(mood.nouns, 8),
        templates=cycle(dice.sample(mood.templates, 5) + dice.sample(TEMPLATES, 6)),
        quality=mood.rating + dice.gauss(0, 0.6),
        log_votes=mood.votes + dice.gauss(4.9, 1.2),
        troupe=dice.sample(actors, 7),
    )


def _is_woman(person: int) -> bool:
    return person % 2 == 0


def _name(dice: _Dice, culture: _Culture, is_woman: bool) -> str:
    return f"{dice.pick(culture.women if is_woman else culture.men)} {_surname(dice, culture)}"


def _surname(dice: _Dice, culture: _Culture) -> str:
    return dice.pick(culture.surname_stems) + dice.pick(culture.surname_endings)


def _person_row(studio: _Studio, trade: str, person: int, known_for: str) -> str:
    dice, is_woman = studio.dice, _is_woman(person)
    at_home = dice.random() < 0.8
    culture = studio.home if at_home else dice.choices(CULTURES, CULTURE_SHARES)[0]
    name = _name(dice, culture, is_woman)
    if dice.random() < 0.25:
        name = name.replace(" ", f" {dice.pick('ABCDEFGHJLMNPRSTVW')}. ", 1)
    birth = studio.era - dice.between(30, 58)
    death = max(birth + dice.between(58, 97), studio.era + 15)
    trades = ["actress" if is_woman and trade == "actor" else trade]
    if dice.random() < 0.25 and trade != "writer":
        trades.append("writer")
    birth_year = birth if dice.random() < 0.75 else NULL
    death_year = death if death <= LATEST_YEAR else NULL
    return (
        f"{_nconst(person)}\t{name}\t{birth_year}\t{death_year}\t{','.join(trades)}\t{known_for}\n"
    )


# The titles of a studio


def _titles(studio: _Studio) -> list[_Title]:
    titles: list[_Title] = []
    for number, director in enumerate(studio.directors):
        if studio.dice.random() < 0.15:
            titles += _franchise(studio, director, number)
    while len(titles) < BLOCK_SIZE:
        titles.append(_single(studio, studio.dice.pick(studio.directors)))
    studio.dice.shuffle(titles)
    return titles


def _franchise(studio: _Studio, director: _Director, number: int) -> list[_Title]:
    """Builds 2-5 movies of one stem: same genres and leads, mostly one director, many votes."""
    dice, length = studio.dice, studio.dice.pick((2, 2, 3, 3, 3, 4, 5))
    stem = _english_title(studio, director, dice.pick(FRANCHISE_TEMPLATES))
    numerals, subtitles = dice.pick(NUMERALS), dice.sample(SUBTITLES, length - 1)
    genres, leads = dice.pick(director.genres), [_role(studio, p) for p in director.troupe[:3]]
    gaps = [dice.between(2, 4) for _ in subtitles]
    year = min(studio.era - dice.between(0, 6), LATEST_YEAR - sum(gaps))
    log_votes = max(7.4, dice.gauss(director.log_votes + 2.8, 0.8))
    rating = dice.gauss(director.quality + 0.4, 0.5)
    has_subtitles = dice.random() < 0.5
    films = [_title(studio, director, "movie", genres, year, stem, leads)]
    for gap, numeral, subtitle in zip(gaps, numerals, subtitles, strict=False):
        year += gap
        name = f"{stem}: {subtitle}" if has_subtitles else f"{stem} {numeral}"
        heir = director if dice.random() < 0.85 else dice.pick(studio.directors)
        films.append(_title(studio, heir, "movie", genres, year, name, leads))
    for part, film in enumerate(films):
        film.genres = films[0].genres
        film.log_votes = dice.gauss(log_votes - 0.15 * part, 0.3)
        film.rating = dice.gauss(rating - 0.15 * part, 0.25)
        film.franchise = number
    return films


def _single(studio: _Studio, director: _Director) -> _Title:
    """Builds a title that stands alone, of any type."""
    dice = studio.dice
    kind = "movie" if dice.random() < 0.725 else dice.pick(TYPES)
    year = studio.era + dice.between(-8, 12)
    year = 2 * LATEST_YEAR - year if year > LATEST_YEAR else year
    name = _english_title(studio, director, next(director.templates))
    title = _title(studio, director, kind, dice.pick(director.genres), year, name, [])
    if kind == "tvEpisode" and dice.random() < 0.4:
        name = f"Episode #{dice.between(1, 9)}.{dice.between(1, 24)}"
    elif dice.random() < 0.008:
        # A double quote that is never closed, as some real titles have.
        name = f'"{name}' if dice.random() < 0.5 else name.replace(" ", ' "', 1)
    title.names = _names(studio, name)
    title.is_rated = dice.random() < 0.85
    title.is_in_us = dice.random() < (0.68 if title.names[0] == title.names[1] else 0.42)
    _roughen(dice, title)
    return title


def _roughen(dice: _Dice, title: _Title) -> None:
    """Gives a title the rarer properties: adult, announced for later, ended, or with nulls."""
    if dice.random() < 0.013 and title.kind in ("movie", "video"):
        title.is_adult, title.genres = True, dice.pick(("Adult", "Adult,Drama"))
    elif dice.random() < 0.02:
        title.genres = NULL
    if title.kind == "tvSeries" and title.year and dice.random() < 0.6:
        title.end_year = min(title.year + dice.between(0, 9), LATEST_YEAR)
    elif dice.random() < 0.006:
        title.year, title.is_rated = LATEST_YEAR + dice.between(1, 3), False
    elif dice.random() < 0.015:
        title.year = None
    if dice.random() < 0.1:
        title.runtime = None


def _title(
    studio: _Studio,
    director: _Director,
    kind: str,
    genres: str,
    year: int,
    name: str,
    leads: list[_Credit],
) -> _Title:
    """Builds a title as its studio and director would; the callers then change what differs."""
    dice = studio.dice
    runtime = max(45, dice.gauss(director.mood.runtime, 14)) * SHARE_OF_RUNTIME.get(kind, 1)
    # Newer titles and movies are voted on more, and what is voted on more is rated higher.
    log_votes = dice.gauss(director.log_votes, 1.7) + (year - 1995) / 40 - 1.5 * (kind != "movie")
    return _Title(
        kind=kind,
        names=(name, name),
        year=year,
        runtime=round(runtime),
        genres=_genres(dice, kind, genres.split(","), year),
        credits=_credits(studio, director, genres, leads),
        log_votes=log_votes,
        rating=dice.gauss(director.quality + 0.12 * (log_votes - 5), 0.8),
    )


def _genres(dice: _Dice, kind: str, names: list[str], year: int) -> str:
    if kind == "short":
        names = [*names[:2], "Short"]
    elif kind == "tvSeries" and dice.random() < 0.3:
        names = [*names[:1], dice.pick(SHOW_GENRES)]
    elif names[0] in ("Crime", "Thriller", "Mystery") and 1940 <= year <= 1959:
        names = [*names[:2], "Film-Noir"]  # a period as much as a genre
    return ",".join(sorted(names))


def _english_title(studio: _Studio, director: _Director, template: str) -> str:
    dice, home = studio.dice, studio.home
    number = dice.between(0, len(director.nouns) - 1)
    name = dice.pick(home.women)
    return template.format(
        adj=dice.pick(director.adjectives),
        noun=director.nouns[number],
        noun2=director.nouns[number - 1],
        place=dice.pick(PLACES),
        name=f"{name} {_surname(dice, home)}" if dice.random() < 0.55 else name,
        name2=dice.pick(home.men),
        number=dice.pick(NUMBERS),
        kin=dice.pick(KIN),
    )


def _names(studio: _Studio, english: str) -> tuple[str, str]:
    """Returns the primary and the original title, which differ for most foreign titles."""
    dice, home = studio.dice, studio.home
    if not home.heads or dice.random() < 0.1:
        return english, english
    original = _foreign_title(dice, home)
    is_kept = home.region in ("FR", "ES", "IT") and dice.random() < 0.2
    return (original if is_kept else english), original


def _foreign_title(dice: _Dice, culture: _Culture) -> str:
    number = dice.between(0, len(culture.heads) - 1)
    head, other = culture.heads[number], culture.heads[number - 1]
    if dice.random() < 0.1:
        return head + culture.conjunction + other[0].lower() + other[1:]
    return head + culture.gap + dice.pick(culture.tails)


# Their credits


def _credits(
    studio: _Studio, director: _Director, genres: str, leads: list[_Credit]
) -> list[_Credit]:
    dice, actors = studio.dice, studio.actors
    start = dice.between(0, len(actors) - 5)
    people = [] if leads else [dice.pick(director.troupe)]
    people += actors[start : start + dice.between(1, 4)]
    known = {credit.person for credit in leads}
    if "Documentary" in genres:
        people = [credit.person for credit in leads] + people
        cast = [_Credit(p, "self", '["Self"]') for p in dict.fromkeys(people)]
    else:
        cast = leads + [_role(studio, p) for p in dict.fromkeys(people) if p not in known]
    cast.append(_Credit(director.person, "director"))
    for trade, chance in CREW.items():
        if dice.random() < chance:
            cast.append(_Credit(studio.first_person + dice.pick(TRADES[trade]), trade))
    if dice.random() < 0.2:
        cast.append(_Credit(director.person, "writer"))  # who also directs
    return cast


def _role(studio: _Studio, person: int) -> _Credit:
    dice, home, is_woman = studio.dice, studio.home, _is_woman(person)
    if dice.random() < 0.3:
        character = f"{dice.pick(HONOURS)} {_surname(dice, home)}"
    else:
        character = dice.pick(home.women if is_woman else home.men)
    return _Credit(person, "actress" if is_woman else "actor", f'["{character}"]')


# The rows of a block


def _rows(seed: int, block: int, size: int) -> tuple[list[str], ...]:
    """Returns a block's rows, one list a file, in the order of `FILES`."""
    studio = _studio(seed, block)
    titles = {_tconst(block, index): t for index, t in enumerate(_titles(studio)[:size])}
    people = _people_rows(studio, titles)
    basics, akas, ratings, crew, principals = ([], [], [], [], [])
    for tconst, title in titles.items():
        basics.append(_basics_row(tconst, title))
        akas += _akas_rows(studio, tconst, title)
        if title.is_rated:
            rating = min(10.0, max(1.0, title.rating))
            ratings.append(f"{tconst}\t{rating:.1f}\t{title.votes}\n")
        crew.append(f"{tconst}\t{_ids(title, 'director')}\t{_ids(title, 'writer')}\n")
        for ordering, (person, category, characters) in enumerate(title.credits, 1):
            job = JOBS.get(category, NULL)
            nconst = _nconst(person)
            principals.append(f"{tconst}\t{ordering}\t{nconst}\t{category}\t{job}\t{characters}\n")
    return basics, akas, ratings, crew, principals, people


def _people_rows(studio: _Studio, titles: dict[str, _Title]) -> list[str]:
    known_for: dict[int, dict[str, None]] = {}  # a dict as an ordered set: one may be named twice
    for tconst, title in sorted(titles.items(), key=lambda item: -item[1].votes):
        for credit in title.credits:
            known_for.setdefault(credit.person, {})[tconst] = None
    rows: list[str] = []
    for trade, places in TRADES.items():
        for person in (studio.first_person + place for place in places):
            best = ",".join(list(known_for.get(person, ()))[:4])
            rows.append(_person_row(studio, trade, person, best or NULL))
    return rows


def _basics_row(tconst: str, title: _Title) -> str:
    primary, original = title.names
    return (
        f"{tconst}\t{title.kind}\t{primary}\t{original}\t{int(title.is_adult)}\t"
        f"{title.year or NULL}\t{title.end_year or NULL}\t{title.runtime or NULL}\t{title.genres}\n"
    )


def _ids(title: _Title, category: str) -> str:
    return ",".join(_nconst(c.person) for c in title.credits if c.category == category) or NULL


def _akas_rows(studio: _Studio, tconst: str, title: _Title) -> list[str]:
    """Builds the row of the original title and one for each region the title is known in."""
    dice, home = studio.dice, studio.home
    primary, original = title.names
    names: list[tuple[str, str, str]] = []
    if title.is_in_us:
        # IMDb leaves the language of nearly every US row null.
        names.append((primary, "US", "en" if dice.random() < 0.015 else NULL))
    if home.heads:
        names.append((original, home.region, NULL))
    if primary != original:
        names.append((primary, "XWW", "en"))
    more = dice.between(0, 1 + (title.log_votes > 6) + (title.log_votes > 9))
    for region in dice.sample(REGIONS, more or not names):
        if region != home.region:
            names.append(_regional(dice, title, region))
    rows = [f"{tconst}\t1\t{original}\t{NULL}\t{NULL}\toriginal\t{NULL}\t1\n"]
    for ordering, (name, region, language) in enumerate(names, 2):
        types = dice.pick(AKA_TYPES)
        attributes = dice.pick(AKA_ATTRIBUTES) if dice.random() < 0.06 else NULL
        row = f"{tconst}\t{ordering}\t{name}\t{region}\t{language}\t{types}\t{attributes}\t0\n"
        rows.append(row)
    return rows


def _regional(dice: _Dice, title: _Title, region: str) -> tuple[str, str, str]:
    culture = CULTURE_OF.get(region)
    language = dice.pick(REGION_LANGUAGES.get(region, (NULL,)))
    if culture and language != "en" and dice.random() < 0.6:
        return _foreign_title(dice, culture), region, language
    return title.names[0], region, language
