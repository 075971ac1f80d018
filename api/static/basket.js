// The page of a basket, the visitor's own or another's. Changes to the visitor's own are kept.
"use strict";

const here = first("[data-liked]").dataset.liked.split(" ").filter(Boolean);

const change = (changed) => isOwnBasket && basket.write(changed(basket.read()));
const put = (id) => change((ids) => [...new Set([...ids, id])]);
const remove = (id) => change((ids) => ids.filter((other) => other !== id));

// The address of a changed basket, with the knob and the filters as they stand on the page by now.
function tuned(address) {
  const wanted = new URL(address, location), ids = ["title", "disliked", "seen"];
  const films = [...wanted.searchParams].filter(([name]) => ids.includes(name));
  const tuning = [...new URLSearchParams(location.search)].filter(([name]) => ![...ids, "q", "limit"].includes(name));
  wanted.search = new URLSearchParams([...films, ...tuning]);
  return wanted.href;
}

function start() {
  const mine = basket.read();
  if (!here.length && mine.length && !location.search) return location.replace(basket.address(mine));
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a.add, a[data-put]");
    if (!link) return;
    link.href = tuned(link.href);
    const { add, put: found, remove: removed } = link.dataset;
    if (add || found) put(add || found);
    if (removed) remove(removed);
  });
  first(".adding")?.addEventListener("chosen", (event) => {
    event.preventDefault();
    put(event.detail);
    location.assign(tuned(event.target.dataset.pick + event.detail));
  });
  const told = first("[data-told]"), keep = first("[data-keep]");
  if (!here.length || !canKeep) return;
  keep.hidden = isOwnBasket;
  keep.addEventListener("click", () => {
    const fault = basket.write(here);
    keep.hidden = !fault;
    told.textContent = fault || "Kept in this browser.";
  });
}

start();
