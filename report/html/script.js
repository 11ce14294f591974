"use strict";
// Sorts the rows of a table by a column, at the first time the greatest number or the first
// word first; rows without a value come last both ways.
function sortBy(table, head, index) {
  const was = head.getAttribute("aria-sort");
  const down = was ? was !== "descending" : head.classList.contains("n");
  for (const th of table.tHead.rows[0].cells) th.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  arrange(table, head, index, down);
}

function arrange(table, head, index, down) {
  const numbers = head.classList.contains("n");
  const key = (body) => {
    const cell = body.rows[0].cells[index];
    if (!cell) return null;
    if (!numbers) return cell.textContent || null;
    return cell.dataset.v === undefined ? null : Number(cell.dataset.v);
  };
  const rows = [...table.tBodies].map((body) => [key(body), body]);
  rows.sort(([a], [b]) => {
    if (a === null || b === null) return (a === null) - (b === null);
    const order = numbers ? a - b : a.localeCompare(b, "en", { numeric: true });
    return down ? -order : order;
  });
  table.append(...rows.map(([, body]) => body));
}

// Makes a table sort by its heads and, when it has many rows, filter them.
function ready(table) {
  for (const head of table.tHead.rows[0].cells) {
    if (head.button) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sortBy(table, head, head.cellIndex));
    head.replaceChildren(button);
    head.button = button;
  }
  if (table.box || !table.classList.contains("many")) return;
  const box = document.createElement("div");
  const label = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("span");
  box.className = "filter";
  input.type = "search";
  label.append("Only rows with ", input);
  count.setAttribute("role", "status");
  box.append(label, count);
  table.box = box;
  table.filter = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const body of table.tBodies) {
      const text = body.textContent.toLowerCase();
      body.hidden = !words.every((word) => text.includes(word));
      shown += !body.hidden;
    }
    const said = input.value ? shown + " of " + table.tBodies.length + " rows" : "";
    if (count.textContent !== said) count.textContent = said;
  };
  input.addEventListener("input", table.filter);
  table.parentElement.before(box);
}
for (const table of document.querySelectorAll("table")) ready(table);

// What is folded up is printed too.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const d of folded) d.open = true;
});
addEventListener("afterprint", () => {
  for (const d of folded) d.open = false;
});

// A link to what is folded up unfolds it.
function unfold() {
  const to = location.hash && document.getElementById(location.hash.slice(1));
  const folded = to && to.querySelector("details");
  if (folded) folded.open = true;
}
addEventListener("hashchange", unfold);
unfold();

// Zooms a graph: its marks are laid out anew for the part that is seen, so that lines and words
// keep their size. A mouse draws a frame around that part; keys and buttons do the same.
function zoomable(svg) {
  const [x1, x2, y1, y2, t1, t2, v1, v2] = svg.dataset.zoom.split(" ").map(Number);
  const make = (name, attributes, text = "") => {
    const e = document.createElementNS(svg.namespaceURI, name);
    for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
    e.textContent = text;
    return e;
  };
  const marks = [...svg.children].filter((e) => !e.matches("title, desc, .grid, .tick, .unit") &&
    (!e.hasAttribute("y") || Number(e.getAttribute("y")) > y1 - 14));
  const axes = [...svg.querySelectorAll(".grid, .tick")];
  const unit = svg.querySelector(".end.unit");
  const unitText = unit.textContent;
  const names = ["d", "x", "y", "height"];
  const was = marks.map((e) => names.map((name) => e.getAttribute(name)));
  const inside = make("svg", { x: x1, y: y1, width: x2 - x1, height: y2 - y1, viewBox: [x1, y1, x2 - x1, y2 - y1].join(" ") });
  const scales = make("g", {});
  let part = [x1, x2, y1, y2];

  // steps are round numbers between two.
  const steps = (from, to) => {
    const least = 10 ** Math.floor(Math.log10((to - from) / 5));
    const step = [1, 2, 5, 10].map((n) => n * least).find((n) => (to - from) / n <= 6);
    const all = [];
    for (let i = Math.ceil(from / step); i * step <= to; i++) all.push(i * step);
    return [all, step];
  };
  const show = (want) => {
    const fit = (from, to, low, high) => {
      const span = Math.min(Math.max(to - from, (high - low) / 1e6), high - low);
      const at = Math.min(Math.max(from, low), high - span);
      return [at, at + span];
    };
    part = [...fit(want[0], want[1], x1, x2), ...fit(want[2], want[3], y1, y2)];
    const zoomed = part[1] - part[0] < x2 - x1 || part[3] - part[2] < y2 - y1;
    const x = (v) => x1 + (v - part[0]) / (part[1] - part[0]) * (x2 - x1);
    const y = (v) => y1 + (v - part[2]) / (part[3] - part[2]) * (y2 - y1);
    marks.forEach((e, i) => {
      names.forEach((name, k) => was[i][k] !== null && e.setAttribute(name, was[i][k]));
      if (!zoomed) return;
      const [d, left, top, height] = was[i];
      if (d !== null) {
        e.setAttribute("d", d.replace(/([ML])(-?[\d.]+) (-?[\d.]+)|H(-?[\d.]+)|V(-?[\d.]+)/g, (_, to, px, py, h, v) =>
          to ? to + x(Number(px)) + " " + y(Number(py)) : h !== undefined ? "H" + x(Number(h)) : "V" + y(Number(v))));
        return;
      }
      e.setAttribute("x", x(Number(left) + 1) - 1);
      e.setAttribute("y", height === null ? y(Number(top) + 4) - 4 : y(Number(top)));
      if (height !== null) e.setAttribute("height", Math.max(y(Number(top) + Number(height)) - y(Number(top)), 2));
    });
    for (const e of axes) e.style.display = zoomed ? "none" : "";
    scales.replaceChildren();
    inside.remove();
    scales.remove();
    unit.textContent = zoomed ? "time since the first packet" : unitText;
    svg.append(...marks);
    if (!zoomed) return;
    inside.append(...marks);
    svg.append(scales, inside);
    const time = (px) => t1 + (px - x1) / (x2 - x1) * (t2 - t1);
    const value = (py) => v1 + (y2 - py) / (y2 - y1) * (v2 - v1);
    const [times, step] = steps(time(part[0]), time(part[1]));
    const [name, per] = time(part[1]) - time(part[0]) < 2e-3 ? ["µs", 1e6] : time(part[1]) - time(part[0]) < 2 ? ["ms", 1e3] : ["s", 1];
    const digits = Math.max(0, Math.ceil(-Math.log10(step * per) - 1e-9));
    for (const t of times) {
      const at = x(x1 + (t - t1) / (t2 - t1) * (x2 - x1));
      scales.append(make("path", { class: "grid", d: `M${at} ${y2}V${y2 + 5}` }));
      scales.append(make("text", { class: "middle tick", x: at, y: y2 + 19 }, (t * per).toFixed(digits) + " " + name));
    }
    for (const v of steps(value(part[3]), value(part[2]))[0]) {
      const at = y(y2 - (v - v1) / (v2 - v1) * (y2 - y1));
      scales.append(make("path", { class: "grid", d: `M${x1} ${at}H${x2}` }));
      scales.append(make("text", { class: "end tick", x: x1 - 8, y: at + 4 }, v.toLocaleString("en", { maximumFractionDigits: 1 })));
    }
  };

  // by shows so much of what is seen, moved by shares of it to the right and down.
  const by = (share, right = 0, down = 0) => {
    const [w, h] = [part[1] - part[0], part[3] - part[2]];
    const [mx, my] = [(part[0] + part[1]) / 2 + right * w, (part[2] + part[3]) / 2 + down * h];
    show([mx - w * share / 2, mx + w * share / 2, my - h * share / 2, my + h * share / 2]);
  };
  const whole = () => show([x1, x2, y1, y2]);
  const ways = [["+", "Zoom in", () => by(0.5)], ["-", "Zoom out", () => by(2)], ["0", "The whole graph", whole],
    ["ArrowLeft", "Earlier", () => by(1, -0.25)], ["ArrowRight", "Later", () => by(1, 0.25)],
    ["ArrowUp", "Up", () => by(1, 0, -0.25)], ["ArrowDown", "Down", () => by(1, 0, 0.25)]];
  const signs = { "-": "−", 0: "whole", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };
  const bar = document.createElement("div");
  bar.className = "zoom";
  for (const [key, name, act] of ways) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = signs[key] || key;
    button.setAttribute("aria-label", name);
    button.title = name;
    button.addEventListener("click", act);
    bar.append(button);
  }
  bar.append("or draw a frame with the mouse");
  svg.before(bar);
  svg.parentElement.addEventListener("keydown", (event) => {
    const way = ways.find(([key]) => key === (event.key === "=" ? "+" : event.key));
    if (!way || event.ctrlKey || event.metaKey || event.altKey || event.key.startsWith("Arrow") && !inside.isConnected) return;
    event.preventDefault();
    way[2]();
  });

  let from = null;
  const frame = make("rect", { class: "frame" });
  const place = (event) => {
    const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [Math.min(Math.max(p.x, x1), x2), Math.min(Math.max(p.y, y1), y2)];
  };
  const framed = (event) => {
    const to = place(event);
    return [Math.min(from[0], to[0]), Math.max(from[0], to[0]), Math.min(from[1], to[1]), Math.max(from[1], to[1])];
  };
  svg.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return;
    from = place(event);
    svg.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  svg.addEventListener("pointermove", (event) => {
    if (!from) return;
    const [a, b, c, d] = framed(event);
    for (const [key, value] of Object.entries({ x: a, y: c, width: b - a, height: d - c })) frame.setAttribute(key, value);
    svg.append(frame);
  });
  svg.addEventListener("pointerup", (event) => {
    if (!from) return;
    const [a, b, c, d] = framed(event);
    from = null;
    frame.remove();
    if (b - a < 4 || d - c < 4) return;
    const [w, h] = [part[1] - part[0], part[3] - part[2]];
    show([part[0] + (a - x1) / (x2 - x1) * w, part[0] + (b - x1) / (x2 - x1) * w, part[2] + (c - y1) / (y2 - y1) * h, part[2] + (d - y1) / (y2 - y1) * h]);
  });
  svg.addEventListener("dblclick", whole);
}
for (const svg of document.querySelectorAll("svg[data-zoom]")) zoomable(svg);
