// Draws the requests of each of the last seconds against the limit.
const SVG = "http://www.w3.org/2000/svg";
const LEFT = 26, RIGHT = 394, TOP = 12, BOTTOM = 150;

export function drawRate(svg, caption, seconds, status) {
  if (!seconds) {
    caption.textContent = "The Match server is not the emulator, and so its requests are not counted here.";
    return;
  }
  const limit = status ? status.rate_limit : 0;
  const totals = seconds.map(([accepted, refused]) => accepted + refused);
  const top = Math.max(1, Math.ceil(Math.max(limit, ...totals) * 1.15));
  const y = (value) => BOTTOM - (BOTTOM - TOP) * value / top;
  const width = (RIGHT - LEFT) / seconds.length;
  svg.replaceChildren(...grid(top, y), ...labels(seconds.length), ...seconds.flatMap(([accepted, refused], index) => [
    bar("bar", LEFT + index * width, width, y(accepted), BOTTOM),
    bar("refused", LEFT + index * width, width, y(accepted + refused), y(accepted)),
  ]).filter(Boolean), ...(limit ? limitLine(limit, y) : []));
  const refused = seconds.reduce((sum, [, one]) => sum + one, 0);
  caption.textContent = `The last ${seconds.length} seconds: ${totals.reduce((sum, one) => sum + one, 0)} requests, `
    + `at most ${Math.max(...totals)} in a second${limit ? `, with a limit of ${limit}` : ""}; ${refused} were refused with 429.`;
}

function grid(top, y) {
  const step = Math.max(1, Math.ceil(top / 5));
  const values = [];
  for (let value = 0; value <= top; value += step) values.push(value);
  return values.flatMap((value) => [
    shape("line", { class: "grid", x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value) }),
    text(value, { x: LEFT - 5, y: y(value) + 3.5, "text-anchor": "end" }),
  ]);
}

function labels(count) {
  return [[0, `${count} s ago`, "start"], [0.5, `${count / 2} s ago`, "middle"], [1, "now", "end"]].map(([part, label, anchor]) =>
    text(label, { x: LEFT + (RIGHT - LEFT) * part, y: BOTTOM + 14, "text-anchor": anchor }));
}

function limitLine(limit, y) {
  return [shape("line", { class: "limit", x1: LEFT, x2: RIGHT, y1: y(limit), y2: y(limit) }),
    text(`limit ${limit}`, { class: "limit-text", x: RIGHT, y: y(limit) - 3, "text-anchor": "end" })];
}

function bar(className, x, width, from, to) {
  return to - from > 0 ? shape("rect", { class: className, x, width: Math.max(.5, width - .4), y: from, height: to - from }) : null;
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function text(content, attributes) {
  const made = shape("text", attributes);
  made.textContent = content;
  return made;
}
