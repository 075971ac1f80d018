// The page of a basket, the visitor's own or another's. Changes to the visitor's own are kept.
"use strict";

const here = first("[data-liked]").dataset.liked.split(" ").filter(Boolean);
const isMine = () => here.join() === basket.read().join();
const put = (id) => isMine() && basket.write([...new Set([...here, id])]);
const remove = (id) => isMine() && basket.write(here.filter((other) => other !== id));

function start() {
  const mine = basket.read();
  if (!here.length && mine.length && !location.search) return location.replace(basket.address(mine));
  for (const link of all("[data-remove]")) link.addEventListener("click", () => remove(link.dataset.remove));
  for (const link of all("[data-put]")) link.addEventListener("click", () => put(link.dataset.put));
  first(".adding")?.addEventListener("chosen", (event) => put(event.detail));
  if (!here.length) return;
  const told = first("[data-told]"), keep = first("[data-keep]");
  keep.hidden = isMine();
  keep.addEventListener("click", () => {
    basket.write(here);
    keep.hidden = true;
    told.textContent = "Kept in this browser.";
  });
}

start();
