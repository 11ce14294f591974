// A page that is live: what comes takes the place of what stands there, and leaves what the
// reader did: what is unfolded, sorted, filtered, typed, looked at.
function keyOf(node) {
  if (node.nodeType !== Node.ELEMENT_NODE) return node.nodeName;
  if (node.tBodies) return "TABLE";
  const key = node.dataset.key || node.id;
  if (key) return node.nodeName + "#" + key;
  if (node.nodeName === "TBODY" && node.rows.length) return "TBODY " + node.rows[0].cells[0].textContent;
  return node.nodeName;
}

// What the reader changes and no server knows.
const readers = { DETAILS: "open", TBODY: "hidden", TH: "aria-sort" };

function patch(old, now) {
  if (old.isEqualNode(now)) return;
  const own = readers[old.nodeName];
  for (const { name } of [...old.attributes]) {
    if (name !== own && !now.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of now.attributes) {
    if (name !== own && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  if (old.button) {
    if (old.button.textContent !== now.textContent) old.button.textContent = now.textContent;
  } else if (old.nodeName === "FIGURE") {
    old.replaceChildren(...now.childNodes);
  } else {
    patchChildren(old, now);
  }
}

function patchChildren(old, now) {
  const waiting = new Map();
  const made = (node) => node.className === "filter";
  for (const child of old.childNodes) {
    if (made(child)) continue;
    const key = keyOf(child);
    if (!waiting.has(key)) waiting.set(key, []);
    waiting.get(key).push(child);
  }
  let at = old.firstChild;
  for (const next of [...now.childNodes]) {
    while (at && made(at)) at = at.nextSibling;
    const same = waiting.get(keyOf(next));
    const child = same && same.length ? same.shift() : next;
    if (child === at) at = at.nextSibling;
    else old.insertBefore(child, at);
    if (child === next) continue;
    if (child.nodeType === Node.ELEMENT_NODE) patch(child, next);
    else if (child.data !== next.data) child.data = next.data;
  }
  for (const same of waiting.values()) {
    for (const child of same) {
      for (const table of child.querySelectorAll?.("table") ?? []) table.box?.remove();
      child.remove();
    }
  }
}

// Sorts and filters a table as the reader has it.
function again(table) {
  ready(table);
  const head = table.tHead.querySelector("[aria-sort]");
  if (head) arrange(table, head, head.cellIndex, head.getAttribute("aria-sort") === "descending");
  if (!table.box) return;
  if (table.parentElement.previousSibling !== table.box) table.parentElement.before(table.box);
  table.filter();
}

function show(pieces, order) {
  const focus = document.activeElement;
  const places = new Map();
  for (const place of document.querySelectorAll("[data-piece]")) places.set(place.dataset.piece, place);
  for (const [id, html] of pieces) {
    if (!places.has(id)) {
      const place = document.createElement("div");
      place.dataset.piece = id;
      places.set(id, place);
    }
    const place = places.get(id);
    const parsed = document.createElement("template");
    parsed.innerHTML = html;
    patchChildren(place, parsed.content);
    for (const table of place.querySelectorAll("table")) again(table);
  }
  const main = document.querySelector("main");
  let at = main.firstElementChild;
  for (const id of order) {
    const place = places.get(id);
    places.delete(id);
    if (!place || place.nodeName !== "DIV") continue;
    if (place === at) at = at.nextElementSibling;
    else main.insertBefore(place, at);
  }
  for (const [id, place] of places) if (place.nodeName === "DIV") place.remove();
  if (focus !== document.activeElement && focus?.isConnected) focus.focus({ preventScroll: true });
}

function say(state, asOf, off) {
  const line = document.getElementById("line");
  const spoken = document.getElementById("state");
  line.classList.toggle("off", off);
  if (spoken.textContent !== state) spoken.textContent = state;
  document.getElementById("as-of").textContent = asOf;
}

const events = new EventSource("events");
events.addEventListener("view", (e) => {
  const view = JSON.parse(e.data);
  document.title = view.title;
  show(view.pieces, view.order);
  say(view.state, view.as_of, false);
});
events.addEventListener("end", () => {
  events.close();
  say("tcpwatch has ended: this is what it showed last.", "", true);
});
events.addEventListener("error", () => {
  const gone = events.readyState === EventSource.CLOSED;
  say(gone ? "tcpwatch takes no more readers, or has ended: reload to try again." : "No connection to tcpwatch: trying again.", "", true);
});
