// Conveniences; every page works without this script. It requests nothing but what the page's own links
// and forms request, and what a visitor keeps stays in this browser.
"use strict";

const first = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
const make = (tag, known) => Object.assign(document.createElement(tag), known);
const words = document.body.dataset; // what titles are called here: `one`, `many`
const isCalm = matchMedia("(prefers-reduced-motion: reduce)");

// Suggestions while typing: a combobox as the ARIA Authoring Practices describe it.

function suggest(form) {
  const input = first("[type=search]", form);
  const list = make("ul", { id: `${input.id}-list`, className: "suggestions", hidden: true });
  const told = make("span", { className: "unseen" });
  let active = -1, timer, asked;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  told.setAttribute("role", "status");
  form.append(list, told);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": false,
  })) input.setAttribute(name, value);

  const close = () => {
    clearTimeout(timer);
    asked?.abort();
    list.hidden = true;
    input.setAttribute("aria-expanded", false);
    choose(-1);
  };
  const choose = (place) => {
    active = place;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", at === active));
    const item = list.children[active];
    if (item) {
      input.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  };
  const open = (item) => {
    const chosen = new CustomEvent("chosen", { cancelable: true, detail: item.dataset.id });
    if (form.dispatchEvent(chosen)) location.assign(form.dataset.pick + item.dataset.id);
  };
  const ask = async () => {
    const query = input.value.trim();
    if (!query) return close();
    asked?.abort();
    asked = new AbortController();
    try {
      const address = `${form.dataset.suggest}?${new URLSearchParams({ q: query, limit: 8 })}`;
      const answer = await fetch(address, { signal: asked.signal });
      if (!answer.ok) return close();
      if (document.activeElement !== input) return;
      const { titles, left_out, read_as } = await answer.json();
      const notes = [];
      if (read_as.length) notes.push(`Showing results for ${read_as.join(" and ")}.`);
      if (left_out.length) notes.push(`No ${words.one} has all of these words. Left out: ${left_out.join(", ")}.`);
      const note = notes.join(" ");
      list.replaceChildren(...titles.map((title, at) => {
        const item = make("li", { id: `${list.id}-${at}` });
        item.setAttribute("role", "option");
        item.dataset.id = title.title_id;
        item.append(make("bdi", { textContent: title.title }), make("span", { textContent: ` ${title.year}` }));
        return item;
      }));
      list.dataset.note = note; // the style sheet shows it: only options may be in a listbox
      choose(-1);
      list.hidden = !titles.length;
      input.setAttribute("aria-expanded", !list.hidden);
      told.textContent = `${titles.length || "No"} suggestion${titles.length === 1 ? "" : "s"}${note && `. ${note}`}`;
    } catch (error) {
      if (error.name !== "AbortError") close(); // the form itself still works
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, 90);
  });
  input.addEventListener("keydown", (event) => {
    const count = list.hidden ? 0 : list.children.length;
    if (event.key === "ArrowDown" && !count) ask();
    else if (event.key === "ArrowDown") choose((active + 2) % (count + 1) - 1);
    else if (event.key === "ArrowUp" && count) choose((active + count + 1) % (count + 1) - 1);
    else if (event.key === "Enter" && active >= 0) open(list.children[active]);
    else if (event.key === "Escape" && count) close();
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) open(item);
  });
}

// The basket: ids of liked titles. An address with them is what a visitor shares.

const BASKET_SIZE = 20;
const basketLink = first("[data-basket]");
const basketPage = basketLink.getAttribute("href");
const basket = {
  read() {
    try {
      return JSON.parse(localStorage.getItem("basket")).filter((id) => /^tt\d{1,12}$/.test(id)).slice(0, BASKET_SIZE);
    } catch {
      return []; // none yet, or no storage
    }
  },
  write(ids) { // "", or why it is not kept
    if (ids.length > BASKET_SIZE) return `Your basket is full (${BASKET_SIZE})`;
    try {
      localStorage.setItem("basket", JSON.stringify(ids));
    } catch {
      return "No room in this browser";
    }
    showBasket();
    return "";
  },
  address: (ids) => ids.length ? `${basketPage}?${new URLSearchParams(ids.map((id) => ["title", id]))}` : basketPage,
};

function showBasket() {
  const ids = basket.read();
  basketLink.href = basket.address(ids);
  basketLink.textContent = ids.length ? `Basket (${ids.length})` : "Basket";
  for (const button of all("button[data-add]")) {
    const isIn = ids.includes(button.dataset.add);
    button.setAttribute("aria-pressed", isIn);
    button.firstChild.data = isIn ? "In your basket" : "Add to basket";
  }
}

const canKeep = (() => { // some browsers forbid it, as in private windows
  try {
    localStorage.length;
    return true;
  } catch {
    return false;
  }
})();
const isOwnBasket = first("[data-liked]")?.dataset.liked === basket.read().join(" ");

// Links to a basket become buttons that fill the visitor's own. The page of one's own basket keeps them:
// they lead to its new list.
function makeButtons() {
  if (!canKeep || isOwnBasket) return showBasket();
  for (const link of all("a[data-add]")) {
    const button = make("button", { className: link.className, type: "button" });
    button.dataset.add = link.dataset.add;
    button.append(...link.childNodes);
    link.replaceWith(button);
  }
  showBasket();
}

function startBasket() {
  makeButtons();
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-add]");
    if (!button) return;
    const id = button.dataset.add, ids = basket.read();
    const fault = basket.write(ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id]);
    if (fault) button.firstChild.data = fault;
  });
  addEventListener("storage", showBasket); // another tab
  addEventListener("pageshow", showBasket);
}

// Films seen, and films to see: { id: [name, year, rating of 10 or 0, date or ""] }.

const kept = {
  read(list) {
    try {
      const films = Object.entries(JSON.parse(localStorage.getItem(list)));
      return Object.fromEntries(films.filter(([id, film]) => /^tt\d{1,12}$/.test(id) && typeof film?.[0] === "string"));
    } catch {
      return {}; // none yet, damaged, or no storage
    }
  },
  write(list, films) {
    try {
      localStorage.setItem(list, JSON.stringify(films));
      return true;
    } catch {
      return false; // no room, or no storage
    }
  },
};
const taken = { seen: {}, watchlist: {} }; // what was taken off a list on this page, with its rating

function makeMarks() { // beside each film of a list, and of a page
  for (const item of all("#list > ol > li")) {
    if (first("[data-mark]", item)) continue;
    const marks = first(".marks", item) ?? item.appendChild(make("p", { className: "marks" }));
    first("[data-seen]", marks)?.remove();
    for (const [mark, said] of [["seen", "Seen"], ["watchlist", "Watchlist"]]) {
      const button = make("button", { className: "add", type: "button", textContent: said });
      Object.assign(button.dataset, { mark, film: item.dataset.id });
      button.append(make("span", { className: "unseen", textContent: ` ${first(".name", item).textContent}` }));
      marks.append(button);
    }
  }
  const lists = { seen: kept.read("seen"), watchlist: kept.read("watchlist") };
  for (const button of all("[data-mark]")) {
    button.hidden = false;
    button.setAttribute("aria-pressed", button.dataset.film in lists[button.dataset.mark]);
  }
}

function toggle(button) {
  const { mark, film } = button.dataset, films = kept.read(mark), about = button.closest("li, article");
  if (films[film]) {
    taken[mark][film] = films[film];
    delete films[film];
  } else {
    const name = first(".name, h1 bdi", about).textContent;
    const year = Number(/\d{4}/.exec(first(".meta, .figures", about).textContent)?.[0] ?? 0); // "since 2011" is a series'
    films[film] = taken[mark][film] ?? [name, year, 0, new Date().toISOString().slice(0, 10)];
  }
  if (!kept.write(mark, films)) return button.firstChild.data = "No room in this browser";
  if (mark === "seen" && films[film]) kept.write("watchlist", { ...kept.read("watchlist"), [film]: undefined });
  document.dispatchEvent(new Event("kept"));
}

// Lists leave out what is seen. seen.js does it, and comes with the first list that has such a film.

const seenScript = document.currentScript.dataset.seen;
let hides = false;

async function hideSeen() {
  const seen = kept.read("seen"), gone = all("#list > ol > li").filter((item) => item.dataset.id in seen);
  const focused = all("#list > ol > li").indexOf(document.activeElement.closest("li"));
  hides ||= gone.length > 0;
  if (!hides || first("[data-library]")) return;
  for (const item of gone) item.classList.add("gone");
  try {
    (await import(seenScript)).hide(seen, focused);
  } catch {
    for (const item of gone) item.classList.remove("gone");
  }
}

function startMarks() {
  if (!canKeep) return;
  const show = () => {
    makeMarks();
    hideSeen();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-mark]");
    if (button) toggle(button);
  });
  for (const [target, name] of [[document, "kept"], [window, "storage"], [window, "pageshow"]]) target.addEventListener(name, show);
  show();
}

// Sharing: the system's own way, or else a copy of the address.

function share(button) {
  const told = first("[data-told]", button.parentNode);
  button.hidden = !navigator.share && !navigator.clipboard;
  button.addEventListener("click", async () => {
    const page = { title: document.title, url: location.href };
    try {
      if (navigator.share) return await navigator.share(page);
      await navigator.clipboard.writeText(page.url);
      told.textContent = "The link is copied.";
    } catch (error) {
      if (error.name !== "AbortError") told.textContent = "Your browser did not allow it: copy the address above.";
    }
  });
}

// A list that follows its form at once: the script loads the same page, and shows its list here.

function follow(form) {
  const told = make("p", { className: "unseen" });
  let asked, timer;
  told.setAttribute("role", "status");
  form.after(told);
  first(".actions button", form).hidden = true;

  const address = () => {
    const fields = [...new FormData(form)].filter(([name, value]) =>
      value !== "" && !(name === "balance" && +value === +form.elements.balance.dataset.default));
    return `${form.action}?${new URLSearchParams(fields)}`.replace(/\?$/, "");
  };
  const show = async (wanted, whenShown) => {
    asked?.abort();
    asked = new AbortController();
    try {
      const answer = await fetch(wanted, { signal: asked.signal });
      if (!answer.ok) return location.assign(wanted); // its page says what is wrong
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const list = first("#list"), fresh = first("#list", page);
      if (!fresh) return location.assign(wanted);
      const before = new Map(all("[data-id]", list).map((item) => [item.dataset.id, item.getBoundingClientRect()]));
      list.replaceChildren(...fresh.childNodes);
      first("#alike").replaceChildren(...first("#alike", page).childNodes);
      first(".actions", form).replaceChildren(...all(".actions a", first("#tuning", page)));
      makeButtons();
      history.replaceState(null, "", wanted);
      document.dispatchEvent(new Event("kept"));
      glide(list, before);
      const shown = all("[data-id]", list);
      told.textContent = shown.length ? `${shown.length} ${shown.length === 1 ? words.one : words.many}, first ${first(".name", shown[0]).textContent}` : `No ${words.one} passes`;
      whenShown?.(shown, before);
    } catch (error) {
      if (error.name !== "AbortError") location.assign(wanted);
    }
  };

  form.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (form.checkValidity()) timer = setTimeout(() => show(address()), event.target.type === "number" ? 300 : 30);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(address());
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-more], [data-plain], .nothing a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !form.parentNode.contains(link)) return;
    event.preventDefault();
    if (!link.matches("[data-more]")) {
      for (const field of all("[type=number], select", form)) field.value = "";
      for (const field of all("details [type=hidden]", form)) field.remove();
      for (const field of all("[type=checkbox]", form)) field.checked = false;
      return show(link.href, () => first("summary", form).focus());
    }
    const limit = first("[name=limit]", form) ?? form.appendChild(make("input", { type: "hidden", name: "limit" }));
    limit.value = new URL(link.href).searchParams.get("limit");
    show(link.href, (shown, before) => first("a", shown[Math.min(before.size, shown.length - 1)]).focus());
  });
}

function glide(list, before) { // each film moves from its previous place
  if (isCalm.matches) return;
  for (const item of all("[data-id]", list)) {
    const was = before.get(item.dataset.id), is = item.getBoundingClientRect();
    const frames = was
      ? { transform: [`translate(${was.x - is.x}px, ${was.y - is.y}px)`, "none"] }
      : { opacity: [0, 1], transform: ["scale(.96)", "none"] };
    item.animate(frames, { duration: 320, easing: "cubic-bezier(.2, .8, .2, 1)" });
  }
}

all("form[data-suggest]").forEach(suggest);
startBasket();
startMarks();
all("[data-share]").forEach(share);
all("form[data-live]").forEach(follow);
