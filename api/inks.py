"""Inks: the colours of each genre, and the four ways in which a poster is printed with them."""

from collections.abc import Callable
from dataclasses import dataclass

from .emblems import NO_GENRE

# dark, middle, bright, pale. Text is pale on dark, or dark on pale or bright, with a contrast of
# 4.5 : 1 or more.
PALETTES = {
    "Action": ("#3b0d0c", "#a4231a", "#ff8a4c", "#ffe8d1"),
    "Adventure": ("#0e3b36", "#1f7a68", "#f2c14e", "#fbf1d6"),
    "Animation": ("#31165f", "#7b3fc4", "#ffcf4a", "#fdeffc"),
    "Biography": ("#3a2918", "#8a5f35", "#e2b071", "#f8ead3"),
    "Comedy": ("#5a2e00", "#d9741a", "#ffd23f", "#fff5d6"),
    "Crime": ("#161d28", "#44566e", "#e5a93c", "#f0e9d8"),
    "Documentary": ("#12303f", "#2f7595", "#8fd0dc", "#eef7f4"),
    "Drama": ("#221f33", "#575277", "#d9b08c", "#f3ece4"),
    "Family": ("#0b3d4d", "#1d86a0", "#ffb870", "#fff2df"),
    "Fantasy": ("#241150", "#5f3fb5", "#7fe0cd", "#eefaf3"),
    "Film-Noir": ("#141416", "#53535c", "#c9c6bd", "#f4f2ea"),
    "History": ("#43220f", "#96562a", "#e7bb78", "#faeed8"),
    "Horror": ("#16040a", "#7a0f1e", "#ee4b3e", "#f7e5d6"),
    "Music": ("#420d38", "#a52f80", "#ff9dc4", "#ffeef4"),
    "Musical": ("#4f0b2b", "#b92c5f", "#ffc56b", "#fff1e0"),
    "Mystery": ("#0c2233", "#2a5f80", "#9ed0a8", "#eef5e6"),
    "News": ("#23272b", "#626a72", "#e0dccd", "#f7f5ee"),
    "Romance": ("#571030", "#c23f66", "#ffa69e", "#fff0ea"),
    "Sci-Fi": ("#04202f", "#0c6484", "#63dbe8", "#e6fbfa"),
    "Sport": ("#0f3a1b", "#2c8440", "#d8ea6d", "#f7fae0"),
    "Thriller": ("#0a2226", "#1f6166", "#ff8561", "#f6efe2"),
    "War": ("#272a13", "#666b35", "#cfc27c", "#f4efd6"),
    "Western": ("#4e1d09", "#b3541f", "#ffc46e", "#fff0d5"),
    NO_GENRE: ("#2a2730", "#6b6474", "#cfc8d4", "#f5f1f6"),
}


@dataclass(frozen=True, slots=True)
class Inks:
    """The colours of a poster: paper, a shade on it, two colours for the emblem, lettering."""

    paper: str
    shade: str
    body: str
    light: str
    text: str


# A film of one of these is printed in its colours, whatever else it is, and never on bright paper:
# no massacre is pink.
SOMBRE = ("War", "Horror", "Film-Noir", "Crime", "Thriller")
PRINTS: tuple[Callable[[str, str, str, str], Inks], ...] = (
    lambda dark, middle, bright, pale: Inks(dark, middle, bright, pale, pale),  # by night
    lambda dark, middle, bright, pale: Inks(dark, middle, pale, bright, pale),
    lambda dark, middle, bright, pale: Inks(pale, bright, middle, dark, dark),  # by day
    lambda dark, middle, bright, pale: Inks(bright, pale, dark, middle, dark),  # in colour
)
