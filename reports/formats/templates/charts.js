// Charts that show methods get a button per method: hovering or focusing it, or its line, fades the others, and
// a click hides it.
for (const chart of document.querySelectorAll(".chart:has([data-series])")) {
  const series = Map.groupBy(chart.querySelectorAll("[data-series]"), (part) => part.dataset.series);
  const list = Object.assign(document.createElement("div"), { className: "series" });
  const highlight = (label) => {
    for (const [other, parts] of series) {
      for (const part of parts) part.classList.toggle("faded", label !== undefined && other !== label);
    }
  };
  for (const [label, parts] of series) {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: label });
    button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => {
      const shown = button.getAttribute("aria-pressed") !== "true";
      button.setAttribute("aria-pressed", String(shown));
      for (const part of parts) part.classList.toggle("off", !shown);
    });
    for (const item of [button, ...parts]) {
      item.addEventListener("pointerenter", () => highlight(label));
      item.addEventListener("pointerleave", () => highlight());
    }
    button.addEventListener("focus", () => highlight(label));
    button.addEventListener("blur", () => highlight());
    for (const part of parts) {
      part.prepend(Object.assign(document.createElementNS("http://www.w3.org/2000/svg", "title"), { textContent: label }));
      // A thin line is hard to hit: an unseen wide one lies over it.
      for (const line of part.querySelectorAll("path[clip-path]")) {
        const wide = line.cloneNode();
        wide.setAttribute("style", "fill: none; stroke: transparent; stroke-width: 9");
        part.append(wide);
      }
    }
    list.append(button);
  }
  chart.querySelector("figcaption").before(list);
}
