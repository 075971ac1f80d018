// A list without what is seen. The next films move up, so that it is as long as before: they come from
// the same page with the longest list. The request does not say which films are seen.

let page; // the list as the page had it
let isWhole = false; // whether the visitor wants it so

export async function hide(seen, focused = -1) {
  const list = first("#list > ol"), isSeen = (item) => item.dataset.id in seen;
  if (list !== page?.list) page = list && { list, items: [...list.children], address: location.href };
  if (!page) return;
  const { items } = page, current = page, count = items.filter(isSeen).length;
  for (const item of items) item.classList.toggle("gone", !isWhole && isSeen(item));
  let left = items, hidden = count;
  if (count && !isWhole) {
    current.longest ??= longest(current.address);
    const longer = await current.longest;
    if (current !== page || !list.isConnected) return; // another list came meanwhile
    left = (longer ?? items).filter((item) => !isSeen(item)).slice(0, items.length);
    if (left.length < items.length) hidden = (longer ?? items).length - left.length; // all that there are
  }
  if (left.length !== list.children.length || left.some((item, at) => item !== list.children[at])) {
    list.replaceChildren(...left);
    makeButtons();
    makeMarks();
    const item = list.children[Math.min(focused, left.length - 1)]; // the film that had the focus may be gone
    if (!list.contains(document.activeElement) && item) first("[data-mark]", item).focus();
  }
  first(".hidden-films")?.remove();
  if (count) list.after(told(hidden));
}

function told(count) {
  const films = `${count} seen ${count === 1 ? words.one : words.many}`;
  const button = make("button", { className: "add", type: "button", textContent: isWhole ? "Hide" : "Show" });
  const line = make("p", { className: "hidden-films quiet" });
  line.append(`${films} ${isWhole ? "shown" : "hidden"} `, button);
  button.addEventListener("click", async () => {
    isWhole = !isWhole;
    await hide(kept.read("seen"));
    first(".hidden-films button")?.focus();
  });
  return line;
}

async function longest(address) {
  const wanted = new URL(address);
  wanted.searchParams.set("limit", 48);
  try {
    const answer = await fetch(wanted);
    const html = new DOMParser().parseFromString(await answer.text(), "text/html");
    return answer.ok ? all("#list > ol > li", html) : null;
  } catch {
    return null; // the list is shorter then
  }
}
