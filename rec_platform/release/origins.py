"""Origins in words: what people call films of a country, and the languages they are in."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

# By IMDb's codes of regions: ISO 3166, and a few for countries that are no more.
COUNTRIES = {
    **{"AR": "Argentine", "AT": "Austrian", "AU": "Australian", "BD": "Bangladeshi"},
    **{"BE": "Belgian", "BG": "Bulgarian", "BR": "Brazilian", "CA": "Canadian", "CH": "Swiss"},
    **{"CL": "Chilean", "CN": "Chinese", "CO": "Colombian", "CSHH": "Czechoslovak"},
    **{"CU": "Cuban", "CZ": "Czech", "DDDE": "East German", "DE": "German", "DK": "Danish"},
    **{"DZ": "Algerian", "EE": "Estonian", "EG": "Egyptian", "ES": "Spanish", "FI": "Finnish"},
    **{"FR": "French", "GB": "British", "GE": "Georgian", "GR": "Greek", "HK": "Hong Kong"},
    **{"HR": "Croatian", "HU": "Hungarian", "ID": "Indonesian", "IE": "Irish", "IL": "Israeli"},
    **{"IN": "Indian", "IR": "Iranian", "IS": "Icelandic", "IT": "Italian", "JP": "Japanese"},
    **{"KR": "South Korean", "KZ": "Kazakh", "LB": "Lebanese", "LT": "Lithuanian"},
    **{"LV": "Latvian", "MA": "Moroccan", "MX": "Mexican", "MY": "Malaysian", "NG": "Nigerian"},
    **{"NL": "Dutch", "NO": "Norwegian", "NZ": "New Zealand", "PE": "Peruvian"},
    **{"PH": "Philippine", "PK": "Pakistani", "PL": "Polish", "PT": "Portuguese"},
    **{"RO": "Romanian", "RS": "Serbian", "RU": "Russian", "SE": "Swedish", "SI": "Slovenian"},
    **{"SK": "Slovak", "SUHH": "Soviet", "TH": "Thai", "TR": "Turkish", "TW": "Taiwanese"},
    **{"UA": "Ukrainian", "US": "American", "UY": "Uruguayan", "VE": "Venezuelan"},
    **{"VN": "Vietnamese", "XWG": "West German", "XYU": "Yugoslav", "YUCS": "Yugoslav"},
    "ZA": "South African",
}
# By ISO 639-1, and by 639-3 where that has none.
LANGUAGES = {
    **{"ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cmn": "Mandarin"},
    **{"cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English"},
    **{"es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish"},
    **{"fr": "French", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi"},
    **{"hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "is": "Icelandic"},
    **{"it": "Italian", "ja": "Japanese", "ka": "Georgian", "kn": "Kannada", "ko": "Korean"},
    **{"lt": "Lithuanian", "lv": "Latvian", "ml": "Malayalam", "mr": "Marathi", "ms": "Malay"},
    **{"nl": "Dutch", "no": "Norwegian", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese"},
    **{"ro": "Romanian", "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sr": "Serbian"},
    **{"sv": "Swedish", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog"},
    **{"tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "yue": "Cantonese"},
    "zh": "Chinese",
}


class Origins(NamedTuple):
    """Countries and languages, each as (code, name), by name."""

    countries: tuple[tuple[str, str], ...]
    languages: tuple[tuple[str, str], ...]


def offered(
    per_country: Iterable[tuple[str, int]], per_language: Iterable[tuple[str, int]]
) -> Origins:
    """Those that a filter offers: they have a name, and there is a choice.

    Args:
        per_country: codes, each with its number of titles.
        per_language: likewise.
    """
    return Origins(_named(per_country, COUNTRIES), _named(per_language, LANGUAGES))


def _named(
    counts: Iterable[tuple[str, int]], names: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    named = sorted((names[code], code) for code, _ in counts if code in names)
    return tuple((code, name) for name, code in named) if len(named) > 1 else ()
