// Gradio's before/after slider cannot be moved with the keyboard, and some of its buttons lack names.

const STEP = 0.05; // of the picture's width

function mouse(kind, target, x, y) {
  target.dispatchEvent(new MouseEvent(kind, { bubbles: true, clientX: x, clientY: y, view: window }));
}

// Where the picture is; its element is larger, with empty borders.
function frame(handle) {
  const image = handle.parentElement.querySelector("img");
  const box = image.getBoundingClientRect();
  const scale = Math.min(box.width / image.naturalWidth, box.height / image.naturalHeight);
  const width = scale * image.naturalWidth;
  return { x: box.x + (box.width - width) / 2, y: box.y, width, height: box.height };
}

function position(handle) {
  const box = handle.getBoundingClientRect();
  return (box.x + box.width / 2 - frame(handle).x) / frame(handle).width;
}

function tell(handle) {
  handle.setAttribute("aria-valuenow", Math.round(100 * position(handle)));
}

function move(handle, share) {
  const { x, y, width, height } = frame(handle);
  const middle = y + height / 2;
  mouse("mousedown", handle, x + position(handle) * width, middle);
  mouse("mousemove", window, x + share * width, middle);
  mouse("mouseup", window, x + share * width, middle);
  requestAnimationFrame(() => tell(handle));
}

function onKey(event) {
  const handle = event.currentTarget;
  const now = position(handle);
  const goals = { ArrowLeft: now - STEP, ArrowRight: now + STEP, Home: 0, End: 1 };
  if (!(event.key in goals)) return;
  event.preventDefault();
  move(handle, Math.min(Math.max(goals[event.key], 0), 1));
}

const attributes = (element, values) => {
  for (const [name, value] of Object.entries(values)) {
    if (element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
};

function improve() {
  for (const handle of document.querySelectorAll("#slider [data-testid=slider]:not([role=slider])")) {
    const bounds = { "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": "50" };
    const label = "Share of the original, in percent";
    attributes(handle, { role: "slider", tabindex: "0", "aria-label": label, ...bounds });
    handle.addEventListener("keydown", onKey);
    handle.addEventListener("focus", () => tell(handle));
  }
  for (const inner of document.querySelectorAll(".icon-button .upload-container")) {
    // A button inside of a button: the outer one is no more than a frame.
    const outer = inner.closest(".icon-button");
    attributes(outer, { role: "group", tabindex: "-1", "aria-label": "Add photos", title: "Add photos" });
  }
  for (const picture of document.querySelectorAll("#grid .thumbnail-item img")) {
    attributes(picture.closest("button"), { "aria-label": picture.alt });
  }
}

// What is chosen in the grid below is shown above.
document.addEventListener("click", (event) => {
  if (event.target.closest("#grid .thumbnail-item")) {
    document.getElementById("slider")?.scrollIntoView({ block: "nearest" });
  }
});

new MutationObserver(improve).observe(document.documentElement, { childList: true, subtree: true });
