// Shows the alarms of the template: those that were evaluated, and those that cannot be here.
import { element, fill, pill, visible } from "/elements.js";

const byId = (id) => document.getElementById(id);

export function showAlarms(alarms) {
  const evaluated = alarms.filter((alarm) => alarm.state !== "NOT_EVALUATED");
  const rest = alarms.filter((alarm) => alarm.state === "NOT_EVALUATED");
  fill(byId("alarms"), [...evaluated].sort((one, other) => rank(one) - rank(other)).map(evaluatedItem));
  fill(byId("unevaluated"), rest.map((alarm) => item(alarm, alarm.obstacle)));
  byId("unevaluated-title").textContent = `${rest.length} more alarms are not evaluated here`;
}

function rank(alarm) {
  return alarm.state === "ALARM" ? 0 : alarm.rung_at ? 1 : 2;
}

function evaluatedItem(alarm) {
  const rung = alarm.rung_at && alarm.state !== "ALARM" ? `It was in alarm until ${new Date(alarm.rung_at * 1000).toLocaleTimeString()}.` : "";
  return item(alarm, alarm.state === "ALARM" ? alarm.description : rung, pill(alarm.state));
}

function item(alarm, text, ...pills) {
  const className = alarm.state === "ALARM" ? "ringing" : "";
  return element("li", { class: className, title: visible(alarm.description), "data-alarm": alarm.name },
    element("span", {}, alarm.name), ...pills, ...(text ? [element("small", {}, visible(text))] : []));
}
