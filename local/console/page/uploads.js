// Shows the page's own uploads, each with its way to the verdict.
import { cell, element, pill, visible } from "/elements.js";

const byId = (id) => document.getElementById(id);
const PREVIEWED = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);
const ACCESS = { readable: "reads it", denied: "is refused", gone: "finds nothing", unknown: "–" };
// The files of this page's session, by the number of their upload. They stay in the browser's memory.
const files = new Map();
const rows = new Map();

export function rememberFile(number, file) {
  if (PREVIEWED.has(file.type)) files.set(number, file);
}

export function showUploads(uploads) {
  byId("uploads").hidden = uploads.length === 0;
  byId("no-uploads").hidden = uploads.length > 0;
  const shown = uploads.map((upload) => row(upload));
  const body = byId("uploads").tBodies[0];
  if (shown.some((one, index) => body.rows[index] !== one)) body.replaceChildren(...shown);
}

// A row is made anew only where its upload has changed: an image that is made each second would flicker.
function row(upload) {
  const text = JSON.stringify(upload);
  const known = rows.get(upload.number);
  if (known?.text === text) return known.row;
  if (known?.url) URL.revokeObjectURL(known.url);
  const url = previewUrl(upload);
  const made = element("tr", { "data-upload": upload.number, "data-status": upload.status },
    cell("preview", preview(url)),
    cell("upload", element("bdi", {}, visible(upload.key)), element("code", {}, visible(upload.command))),
    element("td", { class: "steps-cell" }, steps(upload)),
    cell("status", pill(upload.status), ...(upload.reason ? [element("div", { class: "reason" }, visible(upload.reason))] : [])),
    cell("seconds", upload.seconds === null ? "–" : upload.seconds.toFixed(2)),
    cell("access", element("span", { class: `pill ${upload.access}` }, ACCESS[upload.access])));
  rows.set(upload.number, { text, row: made, url });
  return made;
}

// Only a picture with the verdict CLEAN has a preview. Of a match not even the memory of the file is kept.
function previewUrl(upload) {
  if (["MATCHED", "QUARANTINED"].includes(upload.status)) files.delete(upload.number);
  const file = files.get(upload.number);
  return file && upload.status === "CLEAN" && upload.access === "readable" ? URL.createObjectURL(file) : null;
}

function preview(url) {
  return url ? element("img", { src: url, alt: "" }) : element("span", { class: "hidden-picture" });
}

function steps(upload) {
  const isClaimed = upload.status !== "UPLOADED";
  const isWaiting = upload.status === "DEFERRED";
  const isSettled = isClaimed && !["PENDING", "DEFERRED", "MATCHED"].includes(upload.status);
  const named = [
    ["uploaded", "done"],
    ["received", isClaimed ? "done" : "now"],
    [isWaiting ? "waiting" : "checked", isSettled || upload.status === "MATCHED" ? "done" : isClaimed ? "now" : ""],
    ["settled", isSettled ? "done" : upload.status === "MATCHED" ? "now" : ""],
  ];
  return element("ol", { class: "steps" }, ...named.map(([name, state]) => element("li", { class: state }, name)));
}
