"""What people say beside a title: "the matrix movie", "director's cut", "something like up"."""

# Words, editions, and how a list is asked for. A title that has the word is found all the same.
BESIDE = {
    *("movie", "movies", "film", "films", "imdb", "trailer", "watch", "online", "free", "full"),
    *("streaming", "dvd", "bluray", "hd", "4k", "1080p", "uncut", "unrated", "remastered"),
}
PHRASES = {
    *(("similar", "to"), ("something", "like"), ("anything", "like"), ("more", "like")),
    *((kind, "like") for kind in ("movie", "movies", "film", "films", "series", "shows")),
    *(("director", "s", "cut"), ("directors", "cut"), ("director", "cut"), ("blu", "ray")),
    *(
        (kind, of)
        for kind in ("extended", "special", "ultimate", "theatrical", "unrated", "uncut")
        for of in ("cut", "edition", "version")
    ),
}


def said_beside(words: list[str]) -> list[tuple[int, ...]]:
    """The places of what people say beside a title, words and phrases; none if that is all."""
    said: list[tuple[int, ...]] = []
    at = 0
    while at < len(words):
        following = [tuple(words[at : at + size]) for size in (3, 2)]
        phrase = next(filter(PHRASES.__contains__, following), ())
        size = len(phrase) or int(words[at] in BESIDE)
        if size:
            said.append(tuple(range(at, at + size)))
        at += size or 1
    return said if sum(map(len, said)) < len(words) else []
