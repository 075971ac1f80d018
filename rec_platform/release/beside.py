"""What people say beside a title: "the matrix movie", "director's cut"."""

from collections.abc import Iterator

# Words and editions. A title that has the word is found all the same.
BESIDE = {
    *("movie", "movies", "film", "films", "imdb", "trailer", "watch", "online", "free", "full"),
    *("streaming", "dvd", "bluray", "hd", "4k", "1080p", "uncut", "unrated", "remastered"),
}
EDITIONS = {
    *(("director", "s", "cut"), ("directors", "cut"), ("director", "cut"), ("blu", "ray")),
    *(
        (kind, of)
        for kind in ("extended", "special", "ultimate", "theatrical", "unrated", "uncut")
        for of in ("cut", "edition", "version")
    ),
}


def said_beside(words: list[str]) -> Iterator[tuple[int, ...]]:
    """The places of what people say beside a title: words, and names of editions."""
    at = 0
    while at < len(words):
        following = [tuple(words[at : at + size]) for size in (3, 2)]
        edition = next(filter(EDITIONS.__contains__, following), ())
        size = len(edition) or int(words[at] in BESIDE)
        if size:
            yield tuple(range(at, at + size))
        at += size or 1
