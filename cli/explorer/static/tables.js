// Filter and sort of tables. Every page can be read without it.
"use strict";

for (const label of document.querySelectorAll("label.filter")) {
  label.hidden = false;
  label.querySelector("input").addEventListener("input", (event) => {
    const wanted = event.target.value.toLowerCase();
    const filtered = document.querySelector("[data-filtered]") ?? document;
    for (const row of filtered.querySelectorAll("tbody tr")) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
    for (const section of document.querySelectorAll("section")) {
      section.hidden = !section.querySelector("tbody tr:not([hidden])");
    }
  });
}

const valueOf = (row, column) => {
  const cell = row.cells[column];
  const time = cell.querySelector("time");
  return cell.dataset.value ?? (time ? time.dateTime : cell.textContent.trim());
};

const UNITS = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const numberOf = (text) => {
  const [number, unit] = text.split(" ");
  return (parseFloat(number) || 0) * (UNITS[unit] ?? 1);
};

for (const table of document.querySelectorAll("table[data-sortable]")) {
  table.querySelectorAll("thead th").forEach((heading, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      const isNumber = heading.dataset.kind === "number";
      const body = table.tBodies[0];
      const rows = [...body.rows].sort((one, other) => {
        const a = valueOf(one, column);
        const b = valueOf(other, column);
        return isNumber ? numberOf(a) - numberOf(b) : a.localeCompare(b);
      });
      body.append(...(down ? rows.reverse() : rows));
      table.querySelectorAll("th[aria-sort]").forEach((each) => each.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    });
  });
}
