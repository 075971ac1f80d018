// The map of films, drawn on a canvas in place of the picture of neighbourhoods: drag, zoom, click. The
// page is whole without it. The films in view are also a list of links beside it.
"use strict";

for (const figure of document.querySelectorAll("[data-films]")) start(figure);

async function start(figure) {
  const answer = await fetch(figure.dataset.films).catch(() => null);
  if (!answer?.ok) return; // the picture stays
  const { box, circles, films } = await answer.json();
  if (!films.length) return;
  const picture = figure.querySelector(".map");
  const canvas = make("canvas", { className: "map", tabIndex: 0 });
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", `Map of ${words.many}. Arrow keys move it, plus and minus zoom, Home shows all of it. The ${words.many} in view are listed after it.`);
  const label = make("p", { className: "map-label", hidden: true });
  const buttons = make("p", { className: "map-buttons" });
  const seen = make("section", { className: "in-view" });
  seen.innerHTML = "<h2>In view</h2><ol></ol>";
  const draw2d = canvas.getContext("2d");
  const home = homeOf(figure.dataset.cluster);
  let view = { ...history.state?.view ?? home }, asked = false, drag = null, pinch = null, named = null;
  const pointers = new Map();
  const byCluster = new Map(circles.map((circle) => [circle.cluster, circle]));

  function homeOf(cluster) { // the whole map, or the circle of one neighbourhood
    const circle = circles.find((one) => String(one.cluster) === cluster);
    const [left, top, width, height] = circle
      ? [circle.x - circle.r, circle.y - circle.r, 2 * circle.r, 2 * circle.r]
      : box;
    return { x: left + width / 2, y: top + height / 2, width: Math.max(width, height * box[2] / box[3]) * 1.02 };
  }
  const radius = () => Math.min(7, 1.6 * Math.sqrt(home.width / view.width)); // of a film's dot
  const scale = () => canvas.clientWidth / view.width;
  const toScreen = (x, y) => [
    (x - view.x) * scale() + canvas.clientWidth / 2,
    (y - view.y) * scale() + canvas.clientHeight / 2,
  ];
  const toMap = (left, top) => [
    (left - canvas.clientWidth / 2) / scale() + view.x,
    (top - canvas.clientHeight / 2) / scale() + view.y,
  ];

  function draw() {
    asked = false;
    const ratio = devicePixelRatio || 1, wide = canvas.clientWidth, high = canvas.clientHeight;
    if (!wide) return;
    if (canvas.width !== Math.round(wide * ratio)) {
      canvas.width = Math.round(wide * ratio);
      canvas.height = Math.round(high * ratio);
    }
    // A finger scrolls the page over the whole map, and moves the map once it is enlarged.
    canvas.style.touchAction = view.width < home.width ? "none" : "pan-y";
    draw2d.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw2d.clearRect(0, 0, wide, high);
    for (const circle of circles) {
      const [x, y] = toScreen(circle.x, circle.y), [, middle, bright] = circle.inks;
      draw2d.beginPath();
      draw2d.arc(x, y, circle.r * scale(), 0, 7);
      draw2d.fillStyle = bright;
      draw2d.fill();
      draw2d.lineWidth = 2;
      draw2d.strokeStyle = middle;
      draw2d.stroke();
    }
    const style = getComputedStyle(canvas);
    const zoomed = home.width / view.width, dot = radius();
    const visible = films.filter(([, , , , x, y]) => isIn(toScreen(x, y), wide, high));
    for (const film of visible) {
      const [x, y] = toScreen(film[4], film[5]);
      draw2d.beginPath();
      draw2d.arc(x, y, film === named ? dot + 3 : dot, 0, 7);
      draw2d.fillStyle = byCluster.get(film[3]).inks[0];
      draw2d.fill();
    }
    const family = style.fontFamily;
    draw2d.textAlign = "center";
    if (zoomed < 3) {
      for (const circle of circles) {
        const [x, y] = toScreen(circle.x, circle.y), size = Math.max(12, Math.min(26, circle.r * scale() / 4.2));
        lettering(wrapped(circle.name), x, y, `600 ${size}px ${family}`, size * 1.1, circle.inks);
      }
    }
    const taken = [];
    if (zoomed >= 2) { // names of the best known films, where there is room
      for (const film of visible) {
        if (taken.length >= 40) break;
        const [x, y] = toScreen(film[4], film[5]), width = Math.min(190, film[1].length * 7.2 + 12);
        const room = [x - width / 2, y - 24, x + width / 2, y + 4];
        if (taken.some((other) => room[0] < other[2] && room[2] > other[0] && room[1] < other[3] && room[3] > other[1])) continue;
        taken.push(room);
        lettering([shortened(film[1])], x, y - dot - 6, `600 13px ${family}`, 14, byCluster.get(film[3]).inks);
      }
    }
    list(visible);
  }
  const isIn = ([x, y], wide, high) => x > 0 && y > 0 && x < wide && y < high;
  const shortened = (text) => text.length > 26 ? `${text.slice(0, 25)}…` : text;
  const wrapped = (name) => name.split(" ");

  function lettering(lines, x, y, font, height, inks) { // dark on a bright rim, readable over dots
    draw2d.font = font;
    lines.forEach((line, at) => {
      const top = y + (at - (lines.length - 1) / 2) * height;
      draw2d.lineWidth = 5;
      draw2d.lineJoin = "round";
      draw2d.strokeStyle = inks[2];
      draw2d.strokeText(line, x, top);
      draw2d.fillStyle = inks[0];
      draw2d.fillText(line, x, top);
    });
  }

  let told = "";
  function list(visible) { // films come in the order of votes
    const shown = visible.slice(0, 10), key = shown.map(([id]) => id).join();
    if (key === told) return;
    told = key;
    seen.lastChild.replaceChildren(...shown.map(([id, title, year]) => {
      const item = make("li"), link = make("a", { href: figure.dataset.title + id });
      link.append(make("bdi", { textContent: title }));
      item.append(link, ` ${year}`);
      return item;
    }));
  }

  const redraw = () => {
    view.x = Math.max(box[0], Math.min(box[0] + box[2], view.x)); // some of the map stays in sight
    view.y = Math.max(box[1], Math.min(box[1] + box[3], view.y));
    if (!asked) requestAnimationFrame(draw);
    asked = true;
  };
  function zoom(factor, left = canvas.clientWidth / 2, top = canvas.clientHeight / 2) {
    const [x, y] = toMap(left, top);
    const width = Math.min(home.width, Math.max(home.width / 60, view.width / factor));
    const by = width / view.width;
    view = { x: x + (view.x - x) * by, y: y + (view.y - y) * by, width };
    redraw();
  }
  function move(left, top) { // by pixels
    view.x -= left / scale();
    view.y -= top / scale();
    redraw();
  }
  function nearest(left, top, reach) {
    let best = null, least = reach;
    for (const film of films) {
      const [x, y] = toScreen(film[4], film[5]), apart = Math.hypot(x - left, y - top);
      if (apart < least) [best, least] = [film, apart];
    }
    return best;
  }
  function enter(x, y) { // the circle that was clicked fills the map
    const circle = circles.find((one) => Math.hypot(one.x - x, one.y - y) < one.r);
    if (circle) view = homeOf(String(circle.cluster));
    redraw();
  }
  function name(film) {
    named = film;
    label.hidden = !film;
    if (film) label.textContent = `${film[1]} (${film[2]})`;
    canvas.style.cursor = film ? "pointer" : "grab";
    redraw();
  }

  canvas.addEventListener("wheel", (event) => { // a wheel scrolls the page until the map is clicked
    if (!event.ctrlKey && document.activeElement !== canvas) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
  }, { passive: false });
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, event);
    drag = { left: event.offsetX, top: event.offsetY, far: 0 };
    pinch = null;
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return name(nearest(event.offsetX, event.offsetY, radius() + 4));
    pointers.set(event.pointerId, event);
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()], apart = Math.hypot(a.offsetX - b.offsetX, a.offsetY - b.offsetY);
      if (pinch) zoom(apart / pinch, (a.offsetX + b.offsetX) / 2, (a.offsetY + b.offsetY) / 2);
      pinch = apart;
      drag.far = 99;
    } else {
      drag.far += Math.hypot(event.offsetX - drag.left, event.offsetY - drag.top);
      move(event.offsetX - drag.left, event.offsetY - drag.top);
      [drag.left, drag.top] = [event.offsetX, event.offsetY];
    }
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => {
    pointers.delete(event.pointerId);
    if (end === "pointerup" && drag && drag.far < 6) {
      const film = nearest(event.offsetX, event.offsetY, event.pointerType === "touch" ? 24 : radius() + 4);
      if (film && (event.pointerType !== "touch" || film === named)) location.assign(figure.dataset.title + film[0]);
      else if (film) name(film); // on a touch screen the first tap tells, the second opens
      else enter(...toMap(event.offsetX, event.offsetY));
    }
    const [left] = pointers.values(); // of two fingers, the one that stays
    drag = left ? { left: left.offsetX, top: left.offsetY, far: 99 } : null;
  });
  canvas.addEventListener("pointerleave", ({ pointerType }) => pointerType === "mouse" && name(null)); // a tap names for longer
  canvas.addEventListener("keydown", (event) => {
    const step = 60;
    const act = {
      ArrowLeft: () => move(step, 0), ArrowRight: () => move(-step, 0),
      ArrowUp: () => move(0, step), ArrowDown: () => move(0, -step),
      "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5),
      Home: () => { view = { ...home }; redraw(); },
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  for (const [text, told, act] of [
    ["+", "Zoom in", () => zoom(1.6)],
    ["−", "Zoom out", () => zoom(1 / 1.6)],
    ["All", "Show all of it", () => { view = { ...home }; redraw(); }],
  ]) {
    const button = make("button", { type: "button", textContent: text, className: "quiet-button" });
    button.setAttribute("aria-label", told);
    button.addEventListener("click", act);
    buttons.append(button);
  }

  canvas.style.aspectRatio = `${box[2]} / ${box[3]}`; // the picture's, so that nothing shifts
  picture.replaceWith(canvas);
  figure.classList.add("is-drawn");
  figure.append(label, buttons, seen);
  addEventListener("pagehide", () => history.replaceState({ view }, "")); // for those who come back
  new ResizeObserver(redraw).observe(canvas);
  redraw();
}
