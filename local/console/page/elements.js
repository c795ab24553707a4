// Makes elements from text nodes. No function here takes markup.

// Control characters, bidirectional marks and what is invisible, which could reverse or hide a part of a line.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

export function visible(text) {
  return text.replace(INVISIBLE, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function cell(className, ...children) {
  return element("td", { class: className }, ...children);
}

export function pill(status) {
  return element("span", { class: `pill ${status.toLowerCase()}` }, status);
}

// Replaces the children only where they differ, so that a selection and a scroll position stay.
export function fill(parent, children) {
  const next = element(parent.localName, {});
  next.append(...children);
  if (next.innerHTML !== parent.innerHTML) parent.replaceChildren(...children.length ? next.childNodes : []);
}
