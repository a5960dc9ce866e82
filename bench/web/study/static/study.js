// One trial: load both photos, show the left one, then the right one, each for the set time, then ask.

const exposure = 1000 * Number(document.body.dataset.exposure);
const at = (id) => document.getElementById(id);
const buttons = [...document.querySelectorAll(".answer")];

let state = null;
let asked = null; // {shown, since} while an answer is awaited

async function ask(method, address, content) {
  const options = { method };
  if (content) {
    options.body = JSON.stringify(content);
    options.headers = { "Content-Type": "application/json" };
  }
  const response = await fetch(address, options);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response.json();
}

async function guarded(work) {
  try {
    at("problem").textContent = "";
    await work();
  } catch (error) {
    at("problem").textContent = `Something went wrong (${error.message}). Load the page again to go on.`;
  }
}

function show(id) {
  for (const section of document.querySelectorAll("section")) section.hidden = section.id !== id;
  at(id).querySelector("h1").focus();
}

// The time that the browser gives a frame in which a change is on the screen.
const frame = () => new Promise((done) => requestAnimationFrame(done));

async function paint(side) {
  const response = await fetch(`/trials/${state.next}/${side}`);
  if (!response.ok) throw new Error(`a photo could not be loaded: ${response.status}`);
  const picture = await createImageBitmap(await response.blob());
  const canvas = at(side);
  [canvas.width, canvas.height] = [picture.width, picture.height];
  canvas.getContext("2d").drawImage(picture, 0, 0);
}

async function expose(side) {
  at(side).classList.add("shown");
  const start = await frame();
  let now = start;
  while (now - start < exposure) now = await frame();
  at(side).classList.remove("shown");
  return (now - start) / 1000;
}

async function trial() {
  if (state.next === null) return finish();
  const number = state.next;
  const practice = number <= state.practice;
  at("count").textContent = practice
    ? `Practice ${number} of ${state.practice}`
    : `Photo pair ${number - state.practice} of ${state.trials}`;
  at("progress").value = (number - 1) / (state.practice + state.trials);
  at("feedback").textContent = "";
  at("next").hidden = true;
  show("trial");
  await Promise.all([paint("left"), paint("right")]);
  await pause(500);
  const left = await expose("left");
  const right = await expose("right");
  asked = { shown: Math.max(left, right), since: performance.now() };
  at("feedback").textContent = document.body.dataset.question;
  for (const button of buttons) button.disabled = false;
}

async function answer(side) {
  if (!asked) return;
  const { shown, since } = asked;
  asked = null;
  for (const button of buttons) button.disabled = true;
  const seconds = (performance.now() - since) / 1000;
  state = await ask("POST", `/trials/${state.next}`, { answer: side, seconds, shown });
  if (state.correct === undefined) return trial();
  const other = side === "left" ? "right" : "left";
  at("feedback").textContent = state.correct
    ? `Correct, the ${side} one is real.`
    : `No, the ${other} one is real.`;
  at("next").hidden = false;
  at("next").focus();
}

function finish() {
  const { fooled, trials } = state;
  at("result").textContent = fooled === null
    ? `Your ${trials} choices are kept.`
    : `You took the computer’s colours for real in ${fooled} of ${trials} pairs. Who guesses gets about half.`;
  show("end");
}

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function begin() {
  state = await ask("POST", "/participants");
  await trial();
}

at("start").addEventListener("click", () => guarded(state === null ? begin : trial));
at("again").addEventListener("click", () => guarded(begin));
at("next").addEventListener("click", () => guarded(trial));
for (const button of buttons) button.addEventListener("click", () => guarded(() => answer(button.value)));
addEventListener("keydown", (event) => {
  const side = { ArrowLeft: "left", ArrowRight: "right" }[event.key];
  if (!side || !asked) return;
  event.preventDefault();
  guarded(() => answer(side));
});

guarded(async () => {
  state = await ask("GET", "/state");
  if (state) at("start").textContent = state.next === null ? "See the result" : "Continue";
  at("start").disabled = false;
});
