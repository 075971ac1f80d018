"""What is wrong with a parameter, in a visitor's words. Programs are told pydantic's own reason."""

from collections.abc import Mapping
from typing import Any

# As forms label them.
NAMES = {
    "balance": "The balance",
    "limit": "The length of the list",
    "year_min": "“From year”",
    "year_max": "“To year”",
    "rating_min": "“Rated at least”",
    "votes_min": "“Votes at least”",
    "runtime_min": "“Minutes at least”",
    "runtime_max": "“Minutes at most”",
    "genre": "The genre",
    "without_genre": "The genre that is not wanted",
    "format": "The format",
    "country": "The country",
    "language": "The language",
    "director": "The director",
    "order": "The order",
    "page": "The page",
    "q": "What you search for",
    "title": "The title",
    "cluster": "The neighbourhood",
}
# By pydantic's type of error; the words in braces are from its context.
REASONS = {
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "string_too_long": "must have {max_length} characters or fewer",
    "too_long": "can be given {max_length} times at most",
}
UNKNOWN = "is not known here"


def plainly(details: Mapping[str, Any]) -> str:
    """What is wrong with a parameter, as a sentence.

    Args:
        details: of pydantic's error.
    """
    _, name, *_ = details["loc"]
    context = {
        key: int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in details.get("ctx", {}).items()
    }
    reason = REASONS.get(details["type"], UNKNOWN).format_map(context)
    return sentence(str(name), reason)


def sentence(parameter: str, reason: str) -> str:
    """What is wrong with a parameter, which is named as forms label it."""
    return f"{NAMES.get(parameter, 'The address')} {reason}."
