"""The page of a person: their films by role, the best liked of them, and whom they work with."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from rec_platform.release.people import Film

from .dependencies import PersonId, Serving, known_person
from .rendering import render

# What people of a role are called, in the order of their rows. Other roles follow as IMDb has them.
ROLES = {
    "director": "Director",
    "writer": "Writer",
    "actor": "Cast",
    "self": "As self",
    "composer": "Composer",
    "producer": "Producer",
    "cinematographer": "Camera",
    "editor": "Editor",
    "production_designer": "Production design",
    "casting_director": "Casting",
}

people = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@people.get("/person/{person_id}")
async def person_page(request: Request, lookup: Serving, person_id: PersonId) -> Response:
    """A person's films."""
    known = known_person(lookup, person_id)
    return render(
        request,
        "person.html",
        lookup,
        person=known,
        by_role=by_role(known.films),
    )


def by_role(films: list[Film]) -> dict[str, list[Film]]:
    """The films of each role, the newest first, under what the role is called."""
    roles = [*ROLES, *sorted({role for film in films for role in film.roles} - ROLES.keys())]
    newest = sorted(films, key=lambda film: (-film.title.year, film.title.title))
    rows = {
        ROLES.get(role, role.replace("_", " ").capitalize()): [
            film for film in newest if role in film.roles
        ]
        for role in roles
    }
    return {called: row for called, row in rows.items() if row}
