// What this browser knows of all films. It comes in pieces that are fetched whole, so that no request says
// which films are looked up. release/pieces.py packs them.
"use strict";

const shelf = first("[data-library]");
const merged = +shelf.dataset.merged; // neighbours of each film
let loading;

// Once for this page: the films by number, from 1, the numbers of the films most like each, and the
// number of each id.
async function whole(tell) {
  loading ??= load(tell);
  try {
    return await loading;
  } catch (error) {
    loading = undefined;
    tell("");
    throw error instanceof Unreadable ? error : new Unreadable("The catalogue did not come. Are you offline?");
  }
}

// Whether it is loaded already, by this page or by an earlier visit.
function isHere() {
  try {
    return loading || localStorage.getItem("catalogue") === shelf.dataset.catalogue;
  } catch {
    return false;
  }
}

async function load(tell) {
  const total = +shelf.dataset.titles, pieceLength = +shelf.dataset.pieceLength;
  const films = [null], alike = [];
  for (let index = 0; index * pieceLength < total; index += 1) {
    tell(`Loading the catalogue: ${Math.round(100 * (films.length - 1) / total)} %`);
    const answer = await fetch(`${shelf.dataset.catalogue}${index}.gz`);
    if (answer.status === 404) throw new Unreadable("The catalogue has just changed. Load this page again.");
    if (!answer.ok) throw new Unreadable("The catalogue did not come. Try again in a minute.");
    const bytes = await inflated(await answer.arrayBuffer(), "gzip");
    const size = Math.min(pieceLength, total - index * pieceLength) * merged; // of each plane
    for (let at = 0; at < size; at += 1) alike.push(bytes[at] | bytes[at + size] << 8 | bytes[at + 2 * size] << 16);
    for (const line of new TextDecoder().decode(bytes.subarray(3 * size)).split("\n").slice(0, -1)) {
      const [id, year, title, original] = line.split("\t");
      films.push({ id: `tt${id}`, year: +year, title, original });
    }
  }
  tell("");
  try {
    localStorage.setItem("catalogue", shelf.dataset.catalogue); // it need not be asked for again
  } catch { /* it is, then */ }
  return { films, alike, numbers: new Map(films.map((film, number) => [film?.id, number])), names: new Map() };
}

// The number of a film of a file: by id, or by name and year, or by name and a year next to it. Of
// several films the best known.
function find({ id, title, year }, { films, numbers, names }) {
  if (id) return numbers.get(id);
  if (!names.size) {
    for (const [number, film] of films.entries()) {
      for (const name of film ? new Set([film.title, film.original ?? film.title].map(key)) : []) {
        const named = `${name} ${film.year}`;
        if (!names.has(named)) names.set(named, number);
      }
    }
  }
  return [year, year - 1, year + 1].map((near) => names.get(`${key(title)} ${near}`)).find(Boolean);
}

const key = (title) => title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase()
  .replace(/[&+]/g, " and ").replace(/[^\p{L}\p{N}]+/gu, " ").trim() || title.trim();

// The films most like those that are liked, best first: reciprocal rank fusion, as in
// release/recommend.py. What is disliked takes away, and what is known is left out.
function fuse(liked, disliked, known, { films, alike, numbers }) {
  const points = new Map(), likedBy = new Map();
  const neighbours = (id) => {
    const at = (numbers.get(id) - 1) * merged;
    return at >= 0 ? alike.slice(at, at + merged).filter(Boolean) : [];
  };
  const share = (rank) => 1 / (60 + rank + 1);
  for (const id of liked) {
    for (const [rank, number] of neighbours(id).entries()) {
      points.set(number, (points.get(number) ?? 0) + share(rank));
      likedBy.set(number, [...likedBy.get(number) ?? [], id]);
    }
  }
  for (const id of disliked) {
    for (const [rank, number] of neighbours(id).entries()) {
      if (points.has(number)) points.set(number, points.get(number) - share(rank));
    }
  }
  return [...points]
    .filter(([number, sum]) => sum > 0 && !(films[number].id in known))
    .sort(([one, sum], [other, another]) => another - sum || one - other)
    .map(([number]) => ({ ...films[number], because: likedBy.get(number) }));
}
