// The page of the visitor's own films: what it shows, and what can be done there. How a file is read is
// in exports.js, and how films are found and listed without telling the server in catalogue.js.
"use strict";

const count = (number, { one, many } = words) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
const rows = { one: "row", many: "rows" }, titles = { one: "title", many: "titles" };
const part = (name) => first(`[data-part="${name}"]`);
const say = (text) => part("told").textContent = text;

// Import

const hasSeries = shelf.dataset.kinds.includes("series");
const isHeld = (type) => !type || /^(movie|film|tv ?movie|video|short|tv ?short)$/i.test(type)
  || hasSeries && /^tv ?(mini ?)?series$/i.test(type);

// A film may be in a file more than once, as in a diary. It counts once.
function add(films, all) {
  const seen = kept.read("seen"), watchlist = kept.read("watchlist"), inBasket = new Set(basket.read());
  const added = { seen: new Set(), watchlist: new Set(), basket: new Set() }, missing = [], found = [];
  for (const film of films) {
    const known = all.films[find(film, all)];
    if (known) found.push([known, film]);
    else missing.push(film);
  }
  const each = (list) => found.filter(([, film]) => film.list === list);
  for (const [{ id, title, year }, film] of each("seen")) {
    const [, , rating = 0, date = ""] = seen[id] ?? [];
    const isNewer = film.rating && (!rating || film.date >= date); // of two ratings the later one
    added.seen.add(id);
    seen[id] = [title, year, isNewer ? film.rating : rating, isNewer || !date ? film.date : date];
    delete watchlist[id];
  }
  for (const [{ id, title, year }, film] of each("watchlist")) {
    if (seen[id]) continue;
    added.watchlist.add(id);
    watchlist[id] = [title, year, 0, film.date];
  }
  for (const [{ id }] of each("basket")) {
    if (inBasket.size < BASKET_SIZE) inBasket.add(id);
    if (inBasket.has(id)) added.basket.add(id);
  }
  if (!kept.write("seen", seen) || !kept.write("watchlist", watchlist) || basket.write([...inBasket])) throw new Unreadable(`This browser has no room for so many ${words.many}, or keeps nothing at all (as in private windows).`);
  return { added, missing: distinct(missing) };
}

const distinct = (films) => [...new Map(films.map((film) => [film.id || `${film.title} ${film.year}`, film])).values()];

async function read(files) {
  const report = part("report");
  report.replaceChildren();
  part("missing").hidden = true;
  const missing = [];
  for (const file of files) {
    const line = report.appendChild(make("li", { textContent: `Reading ${file.name} …` }));
    try {
      const tables = await readExport(file);
      // Seen films are not on the watchlist, so what is seen comes first.
      const films = tables.flatMap((table) => table.films);
      if (!films.length) throw new Unreadable(`${file.name} has no rows.`);
      const { added, missing: lost } = add(films, await whole(say));
      const kinds = [...new Set(tables.map(({ kind }) => kind))].join(", ");
      const parts = [`${count(films.length, rows)} read`];
      for (const [list, said] of [["seen", "seen"], ["watchlist", "for your watchlist"], ["basket", "in your basket"]]) {
        if (added[list].size || list !== "basket") parts.push(`${added[list].size.toLocaleString("en")} ${said}`);
      }
      line.textContent = `${file.name} (${kinds}): ${parts.join(", ")}${lost.length ? `; ${count(lost.length, titles)} not found` : ""}.`;
      missing.push(...lost);
    } catch (error) {
      line.textContent = error instanceof Unreadable ? error.message : `${file.name} cannot be read: ${error.message}`;
      say("");
    }
  }
  showMissing(distinct(missing));
  document.dispatchEvent(new Event("kept"));
}

const reason = ({ type }) => isHeld(type)
  ? "not in this catalogue, or under another name or year"
  : `no ${shelf.dataset.kinds} (${type})`;

function showMissing(missing) {
  part("missing").hidden = !missing.length;
  if (!missing.length) return;
  const others = missing.filter(({ type }) => !isHeld(type)).length;
  part("missing-count").textContent = `${count(missing.length, titles)} not found${others ? others === 1 ? `, 1 of them ${hasSeries ? "" : "a series, "}an episode or a game` : `, ${others} of them ${hasSeries ? "" : "series, "}episodes or games` : ""}`;
  part("missing-list").replaceChildren(...missing.slice(0, 20).map((film) =>
    make("li", { textContent: `${film.title || film.id} (${film.year || "no year"}): ${reason(film)}` })));
  if (missing.length > 20) part("missing-list").append(make("li", { textContent: `and ${(missing.length - 20).toLocaleString("en")} more` }));
  part("missing-save").onclick = () => save("not-found.csv", [
    ["Title", "Year", "imdbID", "Reason"],
    ...missing.map((film) => [film.title, film.year || "", film.id ?? "", reason(film)]),
  ]);
}

function save(name, rows) {
  // A spreadsheet would take a name that begins so for a formula.
  const safe = (value) => /^[=+\-@\t]/.test(value) ? `'${value}` : value;
  const cell = (given, value = safe(given)) => /[",\r\n]/.test(value) ? `"${`${value}`.replaceAll('"', '""')}"` : value;
  const text = rows.map((row) => row.map((value) => cell(value)).join(",") + "\r\n").join("");
  const address = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
  make("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

const exported = () => [
  ["imdbID", "Title", "Year", "Rating10", "Date", "List"],
  ...["seen", "watchlist"].flatMap((list) => Object.entries(kept.read(list)).map(
    ([id, [title, year, rating, date]]) => [id, title, year || "", rating || "", date, list])),
  ...basket.read().map((id) => [id, "", "", "", "", "basket"]),
];

// One list for all. Films rated 8 or more of 10 give, those rated 4 or less take away, at most 500 of
// each: the highest and the lowest, the latest first.

const MOST_FILMS = 500;
let length = 9;

function chosen(isWanted, order) {
  return Object.entries(kept.read("seen"))
    .filter(([, [, , rating]]) => rating && isWanted(rating))
    .sort(([, [, , one, earlier]], [, [, , other, later]]) => order * (other - one) || (later > earlier) - (later < earlier))
    .slice(0, MOST_FILMS)
    .map(([id]) => id);
}

function entry({ id, title, year, because }) {
  const item = first("template", shelf).content.firstElementChild.cloneNode(true), seen = kept.read("seen");
  item.dataset.id = id;
  item.prepend(poster(id));
  const link = make("a", { className: "card", href: shelf.dataset.title + id });
  link.append(make("bdi", { className: "name", textContent: title }));
  first(".said", item).prepend(link);
  first(".meta", item).textContent = year;
  const why = because.slice(0, 3).map((liked) => {
    const line = make("li", { textContent: "Like " });
    const name = make("b");
    name.append(make("bdi", { textContent: seen[liked][0] }));
    line.append(name);
    return line;
  });
  if (because.length > 3) why.push(make("li", { textContent: `and like ${because.length - 3} more of yours` }));
  first(".why", item).replaceChildren(...why);
  first(".add", item).dataset.add = id;
  first(".add .unseen", item).textContent = ` ${title}`;
  return item;
}

const poster = (id) => make("img", {
  className: "poster", alt: "", width: 200, height: 300, loading: "lazy",
  src: `${shelf.dataset.poster}${id}.svg?v=${shelf.dataset.posters}`,
});

async function showForYou(isAsked) {
  const liked = chosen((rating) => rating >= 8, 1), disliked = chosen((rating) => rating <= 4, -1);
  const isKnown = isAsked || isHere();
  part("for-you").hidden = !liked.length || isKnown;
  part("for-you-told").textContent = !liked.length
    ? `This list is made from ${words.many} you rate 8 or higher on IMDb, or four stars or more on Letterboxd. Bring them here.`
    : `From ${count(liked.length)} that you rated 8 or higher${disliked.length ? `; ${words.many} like the ${disliked.length === 1 ? "one" : disliked.length} that you rated 4 or lower are pushed away` : ""}.`;
  const list = first("ol", first("#list"));
  const focused = [...list.children].indexOf(document.activeElement.closest("li")); // it may go
  if (!liked.length || !isKnown) return list.replaceChildren();
  try {
    const all = await whole(say);
    // What is on the watchlist is known already, and a request for its poster would name it.
    const films = fuse(liked, disliked, { ...kept.read("seen"), ...kept.read("watchlist") }, all);
    list.replaceChildren(...films.slice(0, length).map(entry));
    part("more").hidden = films.length <= length || length >= 48;
    makeButtons();
    makeMarks();
    if (focused >= 0) focusOn(list, focused);
  } catch (error) {
    say(error.message);
  }
}

// The watchlist, what is seen, and how many there are of each

const FEW = 30; // of the seen films, until all are wanted
let hasPosters = false, hasAll = false;

const latestFirst = ([, [, , , one]], [, [, , , other]]) => (other > one) - (other < one);

function row(list, id, [title, year, rating]) {
  const item = make("li"), link = make("a", { className: "card", href: shelf.dataset.title + id });
  if (list === "watchlist" && hasPosters) link.append(poster(id));
  link.append(make("bdi", { className: "name", textContent: title }));
  const button = make("button", { className: "add", type: "button", textContent: "Remove" });
  button.append(make("span", { className: "unseen", textContent: ` ${title}` }));
  button.addEventListener("click", () => remove(list, id, item));
  const meta = make("p", { className: "meta", textContent: `${year || ""}${rating ? `, ${rating} of 10` : ""} ` });
  meta.append(button);
  item.append(link, meta);
  return item;
}

function showWatchlist() {
  const films = Object.entries(kept.read("watchlist")).sort(latestFirst), list = part("watchlist");
  part("watchlist-empty").hidden = films.length > 0;
  part("posters").hidden = hasPosters || !films.length;
  list.className = hasPosters ? "grid" : "films";
  list.replaceChildren(...films.map(([id, film]) => row("watchlist", id, film)));
}

function showSeen() {
  const films = Object.entries(kept.read("seen")).sort(latestFirst);
  part("seen-empty").hidden = films.length > 0;
  part("all-seen").hidden = hasAll || films.length <= FEW;
  part("all-seen").textContent = `Show all ${films.length.toLocaleString("en")}`;
  part("seen").replaceChildren(...films.slice(0, hasAll ? Infinity : FEW).map(([id, film]) => row("seen", id, film)));
}

function remove(list, id, item) {
  const films = kept.read(list), at = [...item.parentNode.children].indexOf(item);
  delete films[id];
  kept.write(list, films);
  document.dispatchEvent(new Event("kept"));
  focusOn(part(list), at);
}

// What had the focus is gone. It goes on with what stands there now, or else with the top of the page.
function focusOn(list, at) {
  const item = list.children[Math.min(at, list.children.length - 1)];
  (item ? first("button", item) : part("files")).focus();
}

function show() {
  const seen = Object.values(kept.read("seen")), watchlist = Object.keys(kept.read("watchlist")), inBasket = basket.read();
  const ratings = seen.filter(([, , rating]) => rating).length;
  const isEmpty = !seen.length && !watchlist.length && !inBasket.length;
  part("counts").textContent = isEmpty
    ? "Nothing is kept in this browser yet."
    : `${count(seen.length)} seen, ${ratings.toLocaleString("en")} of them rated; ${watchlist.length.toLocaleString("en")} on your watchlist${inBasket.length ? `; ${inBasket.length} in your basket` : ""}.`;
  for (const name of ["export", "erase"]) part(name).disabled = isEmpty;
  showWatchlist();
  showSeen();
  return showForYou();
}

function tellOfStorage() {
  try {
    for (const list of ["seen", "watchlist"]) {
      const text = localStorage.getItem(list), whole = JSON.parse(text) ?? {};
      const lost = Object.keys(whole).length - Object.keys(kept.read(list)).length;
      if (lost) say(`${count(lost)} of what this browser kept cannot be read, and will be left out.`);
    }
  } catch (error) {
    say(error instanceof SyntaxError
      ? "What this browser kept is damaged and cannot be read. Bring your files again."
      : "This browser keeps nothing for this site, as in private windows or if you forbid it. Allow it to use this page.");
  }
}

// What the visitor does

part("files").addEventListener("change", async ({ target }) => {
  await read([...target.files]);
  target.value = "";
});
for (const name of ["dragover", "drop"]) part("drop").addEventListener(name, (event) => event.preventDefault());
part("drop").addEventListener("drop", ({ dataTransfer }) => read([...dataTransfer.files]));
part("export").addEventListener("click", () => save("my-films.csv", exported()));
part("erase").addEventListener("click", () => part("sure").showModal());
part("sure").addEventListener("close", ({ target }) => {
  if (target.returnValue !== "erase") return;
  for (const list of ["seen", "watchlist", "basket", "catalogue"]) localStorage.removeItem(list);
  showBasket();
  say("All of it is erased from this browser.");
  part("report").replaceChildren();
  showMissing([]);
  document.dispatchEvent(new Event("kept"));
  part("files").focus();
});
// A button that goes hands the focus to the first film that it brought.
part("for-you").addEventListener("click", async () => {
  await showForYou(true);
  first("#list a")?.focus();
});
part("more").addEventListener("click", async () => {
  const before = length;
  length = Math.min(48, 2 * length);
  await showForYou();
  first("a", first("#list ol").children[before] ?? first("#list")).focus();
});
part("posters").addEventListener("click", () => {
  hasPosters = true;
  showWatchlist();
  first("a", part("watchlist")).focus();
});
part("all-seen").addEventListener("click", () => {
  hasAll = true;
  showSeen();
  first("a", part("seen").children[FEW]).focus();
});
document.addEventListener("kept", show);
addEventListener("storage", show); // another tab
tellOfStorage();
const [last, ...others] = all("section", shelf).reverse();
for (const section of others) section.hidden = false;
show().finally(() => last.hidden = false); // the list above it would push it down
