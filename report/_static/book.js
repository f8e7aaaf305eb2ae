// Sorting and filtering of the book's tables, and figures opened large. Without this script every
// table is whole and every figure a link to its file. Nothing is fetched.
"use strict";

function sortValue(row, column) {
  const cell = row.cells[column];
  const given = cell.dataset.sort ?? cell.textContent.trim().replace(/−/g, "-");
  const number = parseFloat(given.replace(/(\d) (?=\d)/g, "$1"));
  // R2 before R10: the letters first, then the number.
  const coded = /^([A-Z])(\d+)$/.exec(given);
  if (coded) return [1, coded[1].charCodeAt(0) * 1000 + Number(coded[2]), given];
  if (given === "–" || given === "") return [3, 0, given];
  return Number.isNaN(number) ? [2, 0, given] : [1, number, given];
}

function compare(a, b) {
  return a[0] - b[0] || a[1] - b[1] || a[2].localeCompare(b[2]);
}

function makeSortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row) => [sortValue(row, column), row]);
      rows.sort(([a], [b]) => {
        // Cells without a value stay last either way.
        if (a[0] === 3 || b[0] === 3) return a[0] - b[0];
        return down ? compare(b, a) : compare(a, b);
      });
      body.append(...rows.map(([, row]) => row));
    });
  });
}

function makeFilters(table) {
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 12) return; // one look is enough
  const bar = document.createElement("div");
  bar.className = "filters";
  const told = document.createElement("output");
  const tests = [];
  const add = (name, control) => {
    const label = document.createElement("label");
    label.append(name, control);
    bar.append(label);
    control.addEventListener("input", apply);
  };
  function apply() {
    let left = 0;
    for (const row of rows) {
      row.hidden = !tests.every((test) => test(row));
      left += row.hidden ? 0 : 1;
    }
    told.textContent = `${left} of ${rows.length} shown`;
  }
  const text = document.createElement("input");
  text.type = "search";
  add("Find", text);
  tests.push((row) => row.textContent.toLowerCase().includes(text.value.trim().toLowerCase()));
  const kinds = { document: "Document", record: "Photographs", run: "This run" };
  for (const [kind, name] of Object.entries(kinds)) {
    const values = [...new Set(rows.map((row) => row.dataset[kind]).filter(Boolean))];
    if (values.length < 2) continue;
    const select = document.createElement("select");
    select.append(new Option("all", ""), ...values.map((value) => new Option(value, value)));
    add(name, select);
    tests.push((row) => !select.value || row.dataset[kind] === select.value);
  }
  bar.append(told);
  apply();
  table.parentElement.before(bar);
}

function openLarge(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const image = event.currentTarget.querySelector("img");
  const dialog = document.createElement("dialog");
  dialog.className = "large";
  dialog.setAttribute("aria-label", "Figure, large");
  const large = new Image();
  large.src = event.currentTarget.href;
  large.alt = image.alt;
  const close = document.createElement("button");
  close.type = "button";
  close.textContent = "Close";
  dialog.append(large, close);
  dialog.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

document.addEventListener("DOMContentLoaded", () => {
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  document.querySelectorAll("table.ledger, table.filtered").forEach(makeFilters);
  // The theme calls its search button otherwise than the words on it, which a voice would say.
  document.querySelectorAll("button[aria-label=Search]").forEach((button) => {
    if (button.textContent.trim()) button.removeAttribute("aria-label");
  });
  document.querySelectorAll("a.large").forEach((link) => link.addEventListener("click", openLarge));
});
