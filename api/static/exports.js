// How an export of films is read: from a file to rows. What becomes of the rows is in library.js.
"use strict";

const MOST = 10 * 2 ** 20; // bytes of a file, and of what a ZIP holds
const TABLES = ["ratings.csv", "diary.csv", "watched.csv", "watchlist.csv"]; // of Letterboxd's ZIP
const ELSEWHERE = /(^|\/)(deleted|orphaned|likes|lists)\//; // copies, and other lists, in the same ZIP

class Unreadable extends Error {}

// The tables of a file: [{ name, kind, films: [{ id, title, year, list, rating, date, type }] }].
// `id` or else `title` and `year` say which film it is. `list` is "seen", "watchlist" or, in our own,
// "basket"; `rating` is of 10, or 0; `date` is "2024-03-11" or "". What cannot be read is an Unreadable
// that says why.
async function readExport(file) {
  if (file.size > MOST) throw new Unreadable(`${file.name} is larger than 10 MB. Exports of IMDb and Letterboxd are smaller. Is it the right file?`);
  if (!file.size) throw new Unreadable(`${file.name} is empty. Export it again.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const tables = isZip ? await unzip(file.name, bytes) : [[file.name, bytes]];
  return tables.map(([name, content]) => ({ name, ...table(name, decode(name, content)) }));
}

function decode(name, bytes) {
  const label = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
  let text;
  try {
    text = new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    text = new TextDecoder("windows-1252").decode(bytes); // Latin-1, as older programs write it
  }
  if (text.includes("\0")) throw new Unreadable(`${name} is not a CSV file.`);
  return text;
}

// CSV as RFC 4180 has it, with the separator that the first line uses most: a comma, or what a
// spreadsheet saved in its place.
function parse(name, text) {
  const told = /^sep=(.)\r?\n/.exec(text); // as Excel writes it
  if (told) text = text.slice(told[0].length);
  const head = /^.*/.exec(text)[0];
  const [separator] = told?.slice(1) ?? [",", ";", "\t"].sort((one, other) => head.split(other).length - head.split(one).length);
  const end = new RegExp(`[${separator}\r\n]`, "g");
  const rows = [];
  for (let at = 0, row = []; at < text.length || row.length;) {
    let cell = "";
    if (text[at] === '"') {
      const start = at;
      do {
        const close = text.indexOf('"', at + 1);
        if (close < 0) throw new Unreadable(`${name} is damaged: a quotation mark in line ${text.slice(0, start).split("\n").length} is never closed.`);
        cell += text.slice(at + 1, close) + (text[close + 1] === '"' ? '"' : "");
        at = close + 1;
      } while (text[at] === '"');
    }
    end.lastIndex = at;
    const stop = end.exec(text)?.index ?? text.length;
    row.push(cell + text.slice(at, stop));
    at = stop + 1;
    if (text[stop] === separator) continue;
    if (text[stop] === "\r" && text[at] === "\n") at += 1;
    if (row.length > 1 || row[0].trim()) rows.push(row);
    row = [];
  }
  return rows;
}

function table(name, text) {
  const [head = [], ...rows] = withoutPreface(parse(name, text));
  const columns = head.map((column) => column.trim().toLowerCase());
  const has = (...names) => names.every((column) => columns.includes(column));
  const records = rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, (row[at] ?? "").trim()])));
  const found = (kind, film) => ({ kind, films: records.map(film) });
  if (has("imdbid", "list")) return found("this site's own", ours);
  if (has("const", "title") && has("position")) return found("a list of IMDb", (record) => imdb(record, rated(record["your rating"]) ? "seen" : "watchlist"));
  if (has("const", "your rating")) return found("IMDb's ratings", (record) => imdb(record, "seen"));
  if (has("position", "name", "year", "url")) return found("a list of Letterboxd", (record) => letterboxd(record, "watchlist"));
  if (has("name", "year", "letterboxd uri")) {
    const isSeen = has("rating") || /watched|films/i.test(name); // likes/films.csv has what one has seen and liked
    const list = /watchlist/i.test(name) ? "watchlist" : isSeen ? "seen" : "";
    if (!list) throw new Unreadable(`${name} may be films that you have seen or that you want to see. Call it watched.csv or watchlist.csv, as Letterboxd does.`);
    return found(`Letterboxd's ${list === "seen" ? "films" : "watchlist"}`, (record) => letterboxd(record, list));
  }
  const begins = text.trim().slice(0, 60).split("\n")[0];
  if (begins[0] === "<") throw new Unreadable(`${name} is a web page, not an export.`);
  throw new Unreadable(`${name} is no export of IMDb, Letterboxd or this site: it begins with “${begins}”.`);
}

// A list of Letterboxd has a table about itself before that of its films.
const withoutPreface = (rows) => /^letterboxd list export/i.test(rows[0]?.[0])
  ? rows.slice(rows.findIndex(([first]) => /^position$/i.test(first)))
  : rows;

const rated = (text, most = 10) => {
  const rating = Number(text) * 10 / most;
  return Number.isInteger(rating) && rating >= 1 && rating <= 10 ? rating : 0;
};
const day = (text = "") => /^\d{4}-\d\d-\d\d$/.test(text) ? text : "";

const imdb = (record, list) => ({
  id: record.const,
  title: record.title,
  year: +record.year,
  list,
  rating: rated(record["your rating"]),
  date: day(record["date rated"] || record.created),
  type: record["title type"] ?? "",
});

const letterboxd = (record, list) => ({
  title: record.name,
  year: +record.year,
  list,
  rating: rated(record.rating, 5),
  date: day(record["watched date"] || record.date),
  type: "",
});

const ours = (record) => ({
  id: record.imdbid,
  title: (record.title ?? "").replace(/^'(?=[=+\-@\t])/, ""), // as library.js wrote it
  year: +record.year,
  list: ["watchlist", "basket"].includes(record.list) ? record.list : "seen",
  rating: rated(record.rating10),
  date: day(record.date),
  type: "",
});

// ZIP, as Letterboxd's export comes: its central directory is at the end.
async function unzip(name, bytes) {
  const view = new DataView(bytes.buffer), tables = [];
  const refuse = (why) => { throw new Unreadable(`${name} ${why} Unpack it first, and choose the CSV files in it.`); };
  try {
    let end = bytes.length - 22;
    while (view.getUint32(end, true) !== 0x06054b50) end -= 1;
    let at = view.getUint32(end + 16, true);
    for (let left = view.getUint16(end + 10, true); left; left -= 1) {
      const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
      const [size, nameSize] = [view.getUint32(at + 20, true), view.getUint16(at + 28, true)];
      const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameSize));
      const file = path.split("/").pop();
      if (TABLES.includes(file) && !ELSEWHERE.test(path)) {
        if (flags & 1) refuse("is locked with a password.");
        if (![0, 8].includes(method)) refuse("is packed in an unusual way.");
        const local = view.getUint32(at + 42, true);
        const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
        const packed = bytes.subarray(start, start + size);
        tables.push([file, method ? await inflated(packed, "deflate-raw") : packed]);
      }
      at += 46 + nameSize + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
    }
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    refuse("is a ZIP file that cannot be read.");
  }
  if (!tables.length) throw new Unreadable(`${name} contains none of the files of a Letterboxd export: ${TABLES.join(", ")}.`);
  return tables;
}

async function inflated(packed, format) {
  if (!globalThis.DecompressionStream) throw new Unreadable("This browser is too old to unpack files. Update it, or use another one.");
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream(format));
  const chunks = [];
  let size = 0;
  for (const reader = stream.getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MOST) throw new Unreadable("The ZIP file holds a file of more than 10 MB. Is it the right one?");
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
