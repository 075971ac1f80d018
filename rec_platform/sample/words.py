"""The words, names and genres that studios.py and titles.py put together at random: data only.

A likeness to a real title or person is an accident.
"""

from dataclasses import dataclass


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split("|"))


@dataclass(frozen=True)
class GenreGroup:
    """Genres that go together, the words that fit them, and how such films usually fare.

    Attributes:
        share: of all directors, relative to the other groups.
        log_votes: added to the natural logarithm of the votes.
        rating: mean.
        runtime_minutes: mean.
        genres: lists as IMDb writes them; one that stands here twice is twice as frequent.
    """

    share: int
    log_votes: float
    rating: float
    runtime_minutes: int
    genres: tuple[str, ...]
    adjectives: tuple[str, ...]
    nouns: tuple[str, ...]
    templates: tuple[str, ...]


@dataclass(frozen=True)
class Country:
    """What a country's people are called, and words for titles in its own language.

    Attributes:
        region: its code in title.akas.
        share: of all studios, relative to the other countries.
        title_starts: empty where titles are in English.
        title_separator: between the start and the end of a title.
    """

    region: str
    share: int
    female_names: tuple[str, ...]
    male_names: tuple[str, ...]
    surname_starts: tuple[str, ...]
    surname_ends: tuple[str, ...]
    title_starts: tuple[str, ...] = ()
    title_ends: tuple[str, ...] = ()
    title_separator: str = " "


# fmt: off
GENRE_GROUPS = (
    GenreGroup(30, -0.3, 6.4, 104,
        _split("Drama|Drama|Drama|Drama|Drama,Family|Drama,History|Drama,Mystery|Biography,Drama"),
        _split("Salt|Quiet|Borrowed|Paper|Unfinished|Patient|Winter|Amber|Faithful|Slate|Mended"),
        _split("Cartographer|Orchard|Ferryman|Tenant|Beekeeper|Lighthouse|Lodger|Inheritance|"
              "Clockmaker|Glassblower|Saltworks|Piano Tuner|Bricklayer|Estuary|Seamstress"),
        _split("What the {noun} Knew of {place}|Letters from {place}|The Last {noun} of {place}|"
              "{name} After the Rain|{number} Winters in {place}|A House for {name}")),
    GenreGroup(21, 0.0, 6.0, 97,
        _split("Comedy|Comedy|Comedy,Drama|Comedy,Romance|Comedy,Family|Comedy,Drama,Romance"),
        _split("Accidental|Reluctant|Unlikely|Discount|Undercooked|Honorary|Part-Time|Rented"),
        _split("Uncle|Bridesmaid|Landlord|Goldfish|Caravan|Caterer|Barbershop|Talent Show|Mayor|"
              "Stuntman|Neighbour|Sausage King|Lottery Ticket|Godmother|Dentist|Weatherman"),
        _split("Don't Tell {name}|My Cousin the {adj} {noun}|{name} vs. the {noun}|"
              "Help! {name} Is Back|{name} & {name2}|{number} {place} Street|Oh, {place}!")),
    GenreGroup(9, 0.3, 5.2, 92,
        _split("Horror|Horror|Horror,Thriller|Horror,Mystery|Horror,Sci-Fi|Comedy,Horror"),
        _split("Crawling|Rotting|Whispering|Faceless|Drowned|Bloodless|Weeping|Unlit|Cursed"),
        _split("Cellar|Séance|Marrow|Scarecrow|Bone Chapel|Sexton|Doll Maker|Attic|Crypt|"
              "Moth Room|Choir|Undertaker|Ossuary|Bloodline|Mirror|Plague Doctor|Candle Eater"),
        _split("Don't Wake {name}|It Came for {name}|The {noun} Beneath {place}|{place} Bleeds|"
              "Night of the {adj} {noun}|Bury {name} Deep|{number} Nights in {place}")),
    GenreGroup(15, 0.3, 6.3, 103,
        _split("Crime,Drama|Crime,Drama,Thriller|Thriller|Crime,Mystery|Mystery,Thriller|"
              "Drama,Thriller|Action,Crime,Thriller|Crime,Drama,Film-Noir"),
        _split("Crooked|Cold|Silent|Counterfeit|Midnight|Loaded|Guilty|Marked|Sealed|Dead-End"),
        _split("Witness|Alibi|Informant|Locksmith|Ledger|Bagman|Verdict|Fingerprint|Syndicate|"
              "Getaway|Wiretap|Pawnbroker|Safecracker|Juror|Night Clerk|Decoy|Hatcheck Girl"),
        _split("A Bullet for {name}|The {name} File|The {place} Murders|{number} Hours in {place}|"
              "Nobody Saw {name}|{name} Doesn't Talk|The Woman from {place}")),
    GenreGroup(9, 1.2, 5.9, 106,
        _split("Action|Action,Adventure|Action,Thriller|Action,Crime,Thriller|Action,Drama|"
              "Action,Adventure,Sci-Fi|Action,Comedy|Adventure"),
        _split("Iron|Burning|Rogue|Steel|Savage|Scarlet|Jagged|Thunder|Molten|Unbroken|Razor"),
        _split("Harbour|Vanguard|Hammer|Extraction|Convoy|Fury|Bodyguard|Warhead|Payload|Checkpoint|"
              "Viper|Outpost|Falcon|Detonator|Gauntlet|Squadron|Ricochet|Kingpin|Avalanche"),
        _split("Operation {adj} {noun}|Code Name: {adj} {noun}|{number} Minutes to {place}|"
              "No Way Out of {place}|Ambush at {place}|Hunt for the {adj} {noun}|Avenge {name}")),
    GenreGroup(5, 1.1, 6.0, 105,
        _split("Sci-Fi|Action,Sci-Fi|Adventure,Sci-Fi|Drama,Sci-Fi|Sci-Fi,Thriller|Mystery,Sci-Fi"),
        _split("Quantum|Orbital|Silver|Synthetic|Infinite|Frozen|Parallel|Electric|Weightless"),
        _split("Signal|Colony|Meridian|Android|Engine|Asteroid|Archive|Moonbase|Perihelion|Starship|"
              "Nebula|Clone|Airlock|Satellite|Cosmonaut|Transmission|Terraformer|Dreamcoder"),
        _split("Escape from {place} {number}|{adj} {noun} {number}|Beyond the {adj} {noun}|"
              "Last Signal from {place}|{number} Light-Years to {place}|The Day {place} Vanished")),
    GenreGroup(7, 0.9, 6.4, 93,
        _split("Adventure,Animation,Family|Animation,Comedy,Family|Family|Family,Fantasy|Fantasy|"
              "Adventure,Fantasy|Adventure,Family,Fantasy|Drama,Fantasy"),
        _split("Enchanted|Clockwork|Tiny|Moonlit|Whistling|Sleepy|Gingerbread|Upside-Down"),
        _split("Dragon|Hedgehog|Lantern|Wizard|Kite|Castle|Otter|Toymaker|Snow Goose|Balloon|"
              "Carousel|Teapot|Giant|Raincloud|Lamplighter|Fox|Compass|Moon Thief"),
        _split("{name} and the {adj} {noun}|The {noun} Who Forgot {place}|{name}'s {adj} {noun}|"
              "The Secret of {place}|The {adj} {noun} Express|The {number} Keys of {place}")),
    GenreGroup(8, 0.2, 6.2, 101,
        _split("Romance|Drama,Romance|Drama,Romance|Comedy,Romance|Drama,Music,Romance"),
        _split("Tender|Sunday|Moonlit|Summer|Velvet|Unspoken|Stolen|Rainy|Honeyed|Lovesick"),
        _split("Serenade|Promise|Kiss|Waltz|Letter|Balcony|Bouquet|Rendezvous|Honeymoon|Sweetheart|"
              "Postcard|Proposal|Rose Garden|Embrace|Love Song|Picnic|Goodbye|Wedding Guest"),
        _split("Love in {place}|{name} Loves {name2}|Waiting for {name}|Kiss Me in {place}|"
              "Midnight at the {adj} {noun} Café|{number} Kisses from {name}|{name}, with Love")),
    GenreGroup(11, -1.2, 7.1, 78,
        _split("Documentary|Documentary|Documentary|Biography,Documentary|Documentary,History|"
              "Documentary,Music|Documentary,Sport|Documentary,News|Documentary,History,War"),
        _split("Hidden|Living|Forgotten|Open|Wild|Untold|Public|Vanishing|Everyday|Unseen|Stubborn"),
        _split("Archive|Glacier|River|Newsroom|Migration|Workshop|Parliament|Coastline|Reef|Factory|"
              "Census|Rainforest|Strike|Border|Observatory|Shipyard|Seed Bank"),
        _split("Inside the {place} {noun}|{name}: A Life in Pieces|The {place} Tapes|"
              "{place}: An Oral History|{number} Days in {place}|Who Owns {place}?|Being {name}")),
    GenreGroup(3, -0.2, 6.0, 86, _split("Western|Western|Drama,Western|Action,Western"),
        _split("Dusty|Lonesome|Copper|Bleached|Rattlesnake|Prairie|Sunburnt|Unmarked|Hanging"),
        _split("Trail|Sheriff|Mesa|Stagecoach|Saddle|Gunsmith|Canyon|Drifter|Spur|Rustler|Corral"),
        _split("Showdown at {place}|Ride to {place}|{name} of {adj} Creek|Dust over {place}|"
              "{number} Bullets for {name}|The {place} Kid|The {noun} Rides to {place}")),
    GenreGroup(5, 0.1, 6.7, 116,
        _split("Drama,War|Drama,History,War|Drama,History|Biography,Drama,History|Action,War|War"),
        _split("Northern|Fallen|Grey|Burnt|Besieged|Loyal|Forgotten|Muddy|Exiled|Imperial"),
        _split("Regiment|Bridgehead|Armistice|Sentry|Battalion|Trench|Courier|Bugler|Frontier"),
        _split("The Siege of {place}|{number} Days at {place}|Farewell to the {adj} {noun}|"
              "The Battle for {place}|{name}'s War|The Fall of {place}|Silence in {place}")),
    GenreGroup(3, 0.1, 6.3, 100,
        _split("Music|Drama,Music|Musical|Comedy,Musical|Music,Romance|Comedy,Musical,Romance"),
        _split("Blue|Swinging|Brass|Off-Key|Syncopated|Velvet|Barrelhouse|Sequined"),
        _split("Trumpet|Chorus|Jukebox|Tango|Cabaret|Melody|Songbird|Ballroom|Encore|Accordion"),
        _split("Play It for {name}|Dancing in {place}|The {place} Orchestra|Last Song in {place}|"
              "One More {noun} for {name}|{name} Sings|Swing Low in {place}")),
    GenreGroup(3, 0.0, 6.5, 102, _split("Drama,Sport|Comedy,Sport|Biography,Drama,Sport|Sport"),
        _split("Muddy|Long|Unbeaten|Second|Golden|Bare-Knuckle|Breakaway|Uphill"),
        _split("Whistle|Final Lap|Striker|Rower|Relay|Goalkeeper|Underdog|Southpaw|Peloton"),
        _split("The {place} Eleven|{number} Rounds with {name}|One {noun} from {place}|"
              "The Boys from {place}|Run to {place}|{name} Goes Uphill")),
)
TITLE_TEMPLATES = _split(
    "The {adj} {noun}|The {adj} {noun}|{adj} {noun}|The {noun} of {place}|"
    "The {noun} and the {noun2}|{name} and the {noun}|The {noun}'s {kin}|The {noun} from {place}|"
    "{name}'s {noun}|The {adj} {noun} of {place}|{name}, {name2} and the {noun}|Goodbye, {place}")
FRANCHISE_TEMPLATES = _split(
    "{adj} {noun}|The {adj} {noun}|The {noun} of {place}|{name} and the {noun}|The {place} {noun}")
KIN = _split("Daughter|Apprentice|Ghost|Secret|Wife|Son|Holiday|Shadow|Debt|Dog")
NUMBERS = _split("Two|Three|Five|Seven|Nine|Twelve|Forty|3|7|9|11|13|21|48|100|214")
SUBTITLES = _split(
    "The Reckoning|Homecoming|Aftermath|The Long Way Back|Legacy|Uprising|Nightfall|Reborn|Origins|"
    "The Last Chapter|Second Wind|The Other Side|Unfinished Business|Next of Kin")
NUMERALS = (("II", "III", "IV", "V"), ("2", "3", "4", "5"))
PLACES = tuple(stem + ending for stem in _split(
    "Ash|Bram|Cald|Dun|Ester|Fal|Grey|Har|Ister|Kes|Lor|Mar|Nor|Ost|Pel|Quill|Raven|Sel|Thorn|"
    "Vel|Wen|Yar|Black|Copper|Skel|Tam|"
    "Ald|Birch|Crow|Eld|Fern|Glen|Hollow|Ink|Jas|Lin|Oak|Rook") for ending in _split(
    "mere|wick|haven|ford|stead|holm|ridge|bay|port|vale|moor|more|gate|combe|minster|cliff"))
HONOURS = _split("Detective|Dr.|Captain|Old|Professor|Judge|Inspector|Young|Mayor")
COUNTRIES = (
    Country("US", 75,
        _split("Ada|Zoë|Clara|Della|Edith|Faye|Georgia|Hazel|Ivy|Josie|Lena|Mabel|Nora|Opal|Pearl|"
              "Ruth|Sadie|Tess|Violet|Winnie|Maren|Imogen|Cora|Wilhelmina|Louisa|Bridget|Augusta"),
        _split("Abel|Boyd|Calvin|Dexter|Elias|Frank|Gus|Harlan|Isaac|Jonah|Kit|Leland|Miles|Ned|"
              "Percy|Rufus|Silas|Theo|Virgil|Wade|Emmett|Amos|Clement|Roscoe|Barnaby|Linus|Cormac"),
        _split("Ash|Black|Cold|Fern|Hart|Lang|Mill|Oak|Pem|Rock|Stan|Tarn|Under|Wal|Win|Brad|Hol|"
              "Hazel|Thorn|Pres|Cren|Kirk|Lock|Mar|Nether|Orm|Red|Sut|Whit"),
        _split("ford|ley|well|wood|worth|ton|by|ridge|man|croft|more|brook|ham|field|stone")),
    Country("NG", 5, _split("Adaeze|Bisi|Chioma|Folake|Ifeoma|Ngozi|Simisola|Yetunde"),
        _split("Bayo|Chidi|Dele|Emeka|Femi|Kelechi|Obinna|Tunde"),
        _split("Ade|Oke|Chuk|Eze|Obi|Ife|Bala|Olu|Ako|Uzo"), _split("bayo|wuma|lani|nna|chi|mola")),
    Country("FR", 6, _split("Agnès|Béatrice|Céline|Élodie|Geneviève|Hélène|Margot|Solène|Odile"),
        _split("Aurélien|Bastien|Cédric|Étienne|Gaspard|Lucien|Mathis|Rémi|Thibault|Yves"),
        _split("Chant|Mont|Font|Lav|Marin|Delac|Roch|Vill|Cour|Bell"), _split("ier|eau|elle|oise"),
        _split("Le Dernier Phare|La Nuit|Les Enfants|Un Été|L'Écluse|La Maison|Le Facteur|"
              "Le Témoin|La Forêt|Mon Frère|L'Étrangère|Le Secret|Les Héritiers"),
        _split("du fleuve|sans retour|de la côte|d'hiver|à minuit|du quai n° 7|en flammes|"
              "de l'aube|de Saint-Brévec|aux mains vides|derrière la vitre")),
    Country("DE", 4, _split("Anneliese|Birgit|Frauke|Greta|Heike|Jutta|Liesl|Renate|Ulrike"),
        _split("Anselm|Bernd|Detlef|Falk|Gernot|Jürgen|Lothar|Rüdiger|Volker"),
        _split("Acker|Brand|Eber|Falken|Grün|Hoch|König|Stein|Rosen"),
        _split("mann|bach|berg|feld"),
        _split("Der Fährmann|Die Brücke|Das Zimmer|Die Töchter|Der Schlüssel|Das Gewitter|Die Uhr|"
              "Der Gärtner|Das Salz|Die Küste|Der Zug"),
        _split("am Fluss|ohne Namen|im Nebel|von Königswald|der Nacht|über den Dächern")),
    Country("ES", 5, _split("Araceli|Belén|Consuelo|Inmaculada|Lucía|Marisol|Pilar|Rocío"),
        _split("Álvaro|Baltasar|Emilio|Gonzalo|Íñigo|Joaquín|Octavio|Ramón|Tomás"),
        _split("Alva|Bena|Cas|Dom|Esco|Herr|Mont|Pal|Qui|Vald"), _split("rado|vides|ero|anza|illa"),
        _split("La Casa|El Río|Los Hijos|Una Tarde|El Farero|La Sombra|Las Hermanas|El Último Tren|"
              "La Cosecha|El Jardín|Mi Abuela|La Señal"),
        _split("del sur|sin nombre|de la montaña|a medianoche|en la niebla|de mi corazón")),
    Country("IT", 3, _split("Allegra|Chiara|Donatella|Fiorella|Ginevra|Ornella|Serafina"),
        _split("Amedeo|Corrado|Ettore|Fausto|Gualtiero|Nicolò|Renzo"),
        _split("Bell|Cast|Ferr|Gall|Mar|Pell|Ross|Vent"), _split("ini|etti|ano|aro|ucci|oni"),
        _split("La Città|Il Barbiere|Le Sorelle|Il Fanale|L'Orologio|La Vigna|Il Ladro|Un Giorno"),
        _split("di sabbia|senza età|del nord|a mezzanotte|sotto la neve|di nessuno")),
    Country("SE", 3, _split("Astrid|Britta|Ebba|Gunilla|Maj|Tuva"),
        _split("Arvid|Björn|Håkan|Nils"),
        _split("Berg|Dal|Ek|Lind|Sjö|Sten|Öst"), _split("kvist|gren|ström|lund|man|blad"),
        _split("Fyren|Sommaren|Systrarna|Huset|Brevet|Ön|Skogen|Bröllopet|Gården|Mörkret"),
        _split("vid havet|utan slut|i väster|på Sältö|som försvann|under isen|om natten")),
    Country("PL", 2, _split("Agnieszka|Bożena|Danuta|Małgorzata|Wanda"), _split("Bogusław|Łukasz"),
        _split("Adam|Koł|Mal|Now|Sob|Wier|Zal"), _split("czak|owicz|czyk|arz|aszek|iuk"),
        _split("Latarnik|Ostatni Pociąg|Miasto|Córka|Śnieg|Żniwa|Świadek|Zegarmistrz|Łąka"),
        _split("nad rzeką|bez imienia|o północy|za mgłą|z Wierzbowa|na końcu świata")),
    Country("RU", 3, _split("Alevtina|Darya|Galina|Ksenia|Zoya"), _split("Arkady|Gleb|Lev|Matvei"),
        _split("Bond|Cher|Gor|Kov|Lys|Mak|Rud|Tar"), _split("enko|chuk|aich|adze|evich|usik"),
        _split("Маяк|Последний поезд|Дом|Сёстры|Зима|Письмо|Часовщик|Тень|Берег|Соловьи"),
        _split("над рекой|без имени|за горизонтом|в полночь|на краю света|из соли")),
    Country("JP", 5, _split("Akane|Chiyo|Fumiko|Haruko|Kiyomi|Mitsuko|Setsuko|Yukari"),
        _split("Daigo|Eiji|Hideaki|Jiro|Kazuo|Masaru|Shintaro|Tetsuya"),
        _split("Taka|Mori|Naka|Hoshi|Kawa|Shima|Aki|Mizu|Kuro"), _split("mura|da|moto|hara|zaki"),
        _split("とうだい|うみ|よる|ひかり|まち|ゆき|かぜ|ほし|なつ|はこぶね|サムライ|ロボット"),
        _split("のうた|のかげ|のむこう|のてがみ|へかえる|をまつ|のないくに|とわたし"), ""),
    Country("IN", 6, _split("Anjali|Bhavna|Deepika|Kavita|Lalita|Meera|Rukmini|Sunanda"),
        _split("Arjun|Bhaskar|Devendra|Harish|Kartik|Mohan|Raghav|Vikram"),
        _split("Chandra|Raghu|Deva|Vish|Nara|Sur|Gopi|Venka"), _split("nathan|wala|rani|pal|kar"),
        _split("आख़िरी दीपक|नदी|रात|बारिश|सपना|मेरा गाँव|परछाई|सितारा|चिट्ठी|रेलगाड़ी"),
        _split("के पार|की ओर|के बिना|के साथ|के नाम|से पहले|के उस पार")),
)
# fmt: on

# Most akas of IMDb say imdbDisplay or nothing; several values are joined by chr(2).
AKA_REGIONS = ("GB", "CA", "AU", "BR", "MX", "FR", "DE", "ES", "IT", "SE", "PL", "RU", "JP", "IN")
AKA_LANGUAGES = {"CA": "en", "IN": "hi", "JP": "ja"}  # null in other regions
AKA_TYPES = ("imdbDisplay", "imdbDisplay", "imdbDisplay", None, None, "dvd", "tv", "dvd\x02video")
AKA_ATTRIBUTES = ("literal title", "transliterated title", "literal title\x02new title")
