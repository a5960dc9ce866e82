// The gallery: choose a photo, and compare any two of its pictures under a slider.
for (const gallery of document.querySelectorAll(".gallery")) {
  const photos = [...gallery.querySelectorAll(".photo")];
  const chooser = gallery.querySelector(".chooser");
  const chosen = { left: "truth", right: gallery.dataset.best || "input" };
  const tile = (photo, label) =>
    [...photo.querySelectorAll("[data-tile]")].find((figure) => figure.dataset.tile === label);

  const show = (photo) => {
    for (const side of ["left", "right"]) {
      photo.querySelector(`select.${side}`).value = chosen[side];
      const found = tile(photo, chosen[side])?.querySelector("img");
      const shown = photo.querySelector(`img.${side}`);
      shown.hidden = !found;
      if (found) [shown.src, shown.alt] = [found.src, found.alt];
    }
  };

  for (const photo of photos) {
    const labels = [...photo.querySelectorAll("[data-tile]")].map((figure) => figure.dataset.tile);
    const compare = photo.querySelector(".compare");
    const [stage, slider] = [compare.querySelector(".stage"), compare.querySelector("input")];
    const cut = (share) => stage.style.setProperty("--cut", `${share}%`);
    for (const select of compare.querySelectorAll("select")) {
      select.append(...labels.map((label) => new Option(label, label)));
      select.addEventListener("change", () => {
        chosen[select.className] = select.value;
        show(photo);
      });
    }
    for (const button of photo.querySelectorAll("button.picture")) {
      button.addEventListener("click", () => {
        chosen.right = button.closest("figure").dataset.tile;
        show(photo);
      });
    }
    slider.addEventListener("input", () => cut(slider.value));
    stage.addEventListener("pointermove", (event) => {
      const box = stage.getBoundingClientRect();
      slider.value = (100 * (event.clientX - box.left)) / box.width;
      cut(slider.value);
    });
    compare.hidden = false;
    show(photo);
  }

  // One thumbnail per photo; the arrow keys move between them.
  if (photos.length > 1) {
    photos.forEach((photo, place) => {
      const label = document.createElement("label");
      const radio = Object.assign(document.createElement("input"), { type: "radio", name: "photo" });
      const thumbnail = document.createElement("img");
      const truth = tile(photo, "truth")?.querySelector("img") ?? photo.querySelector(".tiles img");
      Object.assign(thumbnail, { src: truth.src, alt: photo.dataset.title });
      radio.checked = place === 0;
      radio.addEventListener("change", () => {
        for (const other of photos) other.hidden = other !== photo;
        show(photo);
      });
      label.title = photo.dataset.title;
      label.append(radio, thumbnail);
      chooser.append(label);
    });
    chooser.hidden = false;
  }
}
