"use strict";
// Sorts the rows of a table by a column, at the first time the greatest number or the first
// word first; rows without a value come last both ways.
function sortBy(table, head, index) {
  const numbers = head.classList.contains("n");
  const was = head.getAttribute("aria-sort");
  const down = was ? was !== "descending" : numbers;
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
  for (const th of table.tHead.rows[0].cells) th.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  table.append(...rows.map(([, body]) => body));
}

for (const table of document.querySelectorAll("table")) {
  [...table.tHead.rows[0].cells].forEach((head, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => sortBy(table, head, index));
    head.replaceChildren(button);
  });
  if (!table.classList.contains("many")) continue;
  const box = document.createElement("div");
  const label = document.createElement("label");
  const input = document.createElement("input");
  const count = document.createElement("span");
  box.className = "filter";
  input.type = "search";
  label.append("Only rows with ", input);
  count.setAttribute("role", "status");
  box.append(label, count);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const body of table.tBodies) {
      const text = body.textContent.toLowerCase();
      body.hidden = !words.every((word) => text.includes(word));
      shown += !body.hidden;
    }
    count.textContent = input.value ? shown + " of " + table.tBodies.length + " rows" : "";
  });
  table.parentElement.before(box);
}

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
