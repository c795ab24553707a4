// Asks the console for its state every second, shows it, and uploads what is dropped.
// Keys are strangers' text: every text becomes a text node, and none becomes markup.
import { drawRate } from "/rate_chart.js";
import { showAlarms } from "/alarms.js";
import { showUploads, rememberFile } from "/uploads.js";
import { cell, element, fill, pill, visible } from "/elements.js";

const POLL_MS = 1000;
const byId = (id) => document.getElementById(id);
let limits = { max_bytes: 0 };

async function poll() {
  try {
    const answer = await fetch("/state.json");
    if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
    show(await answer.json());
    setConnection("running", false);
  } catch (error) {
    setConnection(`the console does not answer (${error.message}). Is make up running?`, true);
  }
  setTimeout(poll, POLL_MS);
}

function setConnection(text, isLost) {
  byId("connection").textContent = text;
  byId("connection").classList.toggle("lost", isLost);
}

function show(state) {
  limits = state.limits;
  for (const button of document.querySelectorAll("[data-sample]")) button.hidden = !state.samples.includes(button.dataset.sample);
  byId("problems").hidden = state.problems.length === 0;
  fill(byId("problems").querySelector("ul"), state.problems.map((text) => element("li", {}, text)));
  showUploads(state.uploads);
  showStatus(state.status);
  drawRate(byId("rate"), byId("rate-caption"), state.rate, state.status);
  showAlarms(state.alarms);
  showResults(state.results, state.result_count);
  showHeadline(state.alarms);
}

function showHeadline(alarms) {
  const ringing = alarms.filter((alarm) => alarm.state === "ALARM");
  const headline = byId("headline");
  headline.textContent = ringing.length ? `In alarm: ${ringing.map((alarm) => alarm.name).join(", ")}` : "Drop a picture";
  headline.className = ringing.length ? "bad" : "";
}

function showStatus(status) {
  if (!status) return;
  const waiting = Object.entries(status.waiting).map(([queue, one]) => [`waiting: ${queue}`, one.messages]);
  const attention = Object.entries(status.needs_attention);
  const tiles = [
    ["requests", status.is_sending ? "running" : "stopped", status.is_sending ? "" : status.state],
    ["requests a second", status.rate_per_second, `of ${status.rate_limit}`],
    ["requests this month", status.used_this_month, status.monthly_quota ? `of ${status.monthly_quota}` : "no quota"],
    ...waiting,
    ["deleting", status.deleting_stopped_at ? "stopped" : "on", status.deleting_stopped_at ?? ""],
    ["need attention", attention.reduce((sum, [, count]) => sum + count, 0), attention.map(([name, count]) => `${count} ${name}`).join(", ")],
  ];
  fill(byId("status"), tiles.map(([name, value, detail]) => element("div", {}, element("dt", {}, name),
    element("dd", {}, String(value)), ...(detail ? [element("dd", { class: "detail" }, detail)] : []))));
}

function showResults(results, count) {
  byId("results").hidden = results.length === 0;
  const shown = results.length < count ? `The last ${results.length} of ${count}.` : `${count} in all.`;
  byId("results-hint").textContent = count ? shown : "None yet.";
  fill(byId("results").tBodies[0], results.map((result) => element("tr", {},
    cell("when", new Date(result.received_at).toLocaleTimeString()),
    cell("upload", element("bdi", {}, visible(result.upload))),
    cell("status", pill(result.status)),
    cell("reason", visible(result.reason)),
    cell("seconds", result.seconds === null ? "–" : result.seconds.toFixed(2)))));
}

async function upload(file) {
  // A lone surrogate has no UTF-8.
  const name = file.name.toWellFormed?.() ?? file.name;
  if (file.size > limits.max_bytes) {
    return say(`${visible(name)} is larger than ${Math.floor(limits.max_bytes / 2 ** 20)} MB. Use an S3 client.`);
  }
  const headers = { "X-File-Name": encodeURIComponent(name), "Content-Type": file.type || "application/octet-stream" };
  const number = await post("/uploads", { headers, body: file });
  if (number !== null) rememberFile(number, file);
}

async function post(path, options = {}) {
  say("");
  try {
    const answer = await fetch(path, { method: "POST", ...options });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    return found.number;
  } catch (error) {
    say(`Not uploaded: ${visible(error.message)}`);
    return null;
  }
}

function say(text) {
  byId("upload-message").textContent = text;
}

async function uploadAll(files) {
  for (const file of files) await upload(file);
}

function listen() {
  const zone = byId("drop");
  // A file that is dropped beside the zone would replace the page.
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());
  zone.addEventListener("dragover", () => zone.classList.add("over"));
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  addEventListener("drop", (event) => {
    zone.classList.remove("over");
    uploadAll([...event.dataTransfer.files]);
  });
  byId("files").addEventListener("change", async (event) => {
    await uploadAll([...event.target.files]);
    event.target.value = "";
  });
  for (const button of document.querySelectorAll("[data-sample]")) {
    button.addEventListener("click", () => post(`/samples/${button.dataset.sample}`));
  }
}

listen();
poll();
