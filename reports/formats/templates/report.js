// Sort a table by a column: names from A to Z, numbers largest first, and the other way round when clicked
// again; what has no value stays last.
for (const button of document.querySelectorAll("th button")) {
  button.addEventListener("click", () => {
    const heading = button.closest("th");
    const body = heading.closest("table").tBodies[0];
    const [first, second] = heading.cellIndex === 0 ? ["ascending", "descending"] : ["descending", "ascending"];
    const order = heading.getAttribute("aria-sort") === first ? second : first;
    const descending = order === "descending";
    for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", order);
    const value = (row) => {
      const cell = row.cells[heading.cellIndex];
      return cell.dataset.value === undefined ? null : Number(cell.dataset.value.replace("inf", "Infinity"));
    };
    const compare = (a, b) => {
      if (heading.cellIndex === 0) {
        return a.cells[0].dataset.label.localeCompare(b.cells[0].dataset.label) * (descending ? -1 : 1);
      }
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return descending ? y - x : x - y;
    };
    const rows = [...body.rows].sort(compare);
    body.classList.add("sorted");
    for (const row of rows) row.classList.remove("first");
    body.append(...rows);
  });
}

// Show only the methods whose name or family holds what was typed, in tables and galleries.
const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const wanted = filter.value.trim().toLowerCase();
  for (const item of document.querySelectorAll("[data-method]")) {
    item.hidden = !item.dataset.method.toLowerCase().includes(wanted);
  }
});
