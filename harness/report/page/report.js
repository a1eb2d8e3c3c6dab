// SPDX-License-Identifier: Apache-2.0
// Draws the report from the JSON in #data.  Everything from there is put in as text, never as markup.
"use strict";
const report = JSON.parse(document.getElementById("data").textContent);
const VERDICTS = ["fail", "error", "inconclusive", "flaky", "warn", "info", "pass", "skip"];
const TROUBLE = new Set(["fail", "error", "inconclusive", "flaky", "warn"]);
const $ = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== null));
  return node;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

const badge = (verdict, expected, isNew) =>
  make("span", { class: `v v-${verdict}` }, verdict + (expected ? " (expected)" : "") + (isNew ? " (new)" : ""));

const sentences = new Map(report.requirements.map((row) => [row.id, row]));
const filter = { text: "", requirement: "", actor: "", transport: "", chapter: "", onlyNew: false, verdicts: new Set() };

/* ---- head ---- */

function drawHead() {
  const { run, summary } = report;
  const name = run.target.name;
  document.title = `SMCP conformance: ${name}`;
  $("title").textContent = `SMCP conformance: ${name}`;
  $("facts").textContent = [
    `revision ${run.revision}`, run.transports.join(", "), `${summary.executed} of ${summary.declared} checks judged in ${run.duration_ms / 1000} s`,
    run.started_at, `seed ${run.seed}`, run.interrupted ? "interrupted: partial" : "", run.error || "",
  ].filter(Boolean).join(" · ");
  $("sums").textContent = `${summary.passed} passed, ${summary.failed} failed, ${summary.skipped} skipped` +
    ` · ${summary.expected_failures} expected failures, ${summary.stale} stale, ${summary.flaky} flaky, ${summary.inconclusive} inconclusive`;
  for (const text of run.stale) $("sums").after(make("p", { class: "v-fail" }, `stale: ${text}`));
  for (const text of run.vanished) $("sums").after(make("p", { class: "v-warn" }, `vanished: ${text}`));
  if (summary.new)
    $("sums").after(make("p", {}, `${summary.new} checks are new to set ${run.set}` +
      (run.score === "all" ? ", and scored all the same" : ` and not scored yet; ${summary.new_failed} of them failed`)));
}

/* ---- matrix ---- */

const isUnscored = (check) => check.new && report.run.score !== "all" && check.verdict !== "error";
const chapterOf = (scenario) => scenario.scenario.split(".")[0];

function cellCounts(chapter, transport) {
  const counts = {};
  for (const s of report.scenarios)
    if (chapterOf(s) === chapter && s.transport === transport)
      for (const c of s.checks) {
        const key = c.expected && c.verdict === "fail" ? "expected" : isUnscored(c) ? "new" : c.verdict;
        counts[key] = (counts[key] || 0) + 1;
      }
  return counts;
}

function cell(chapter, transport) {
  const counts = cellCounts(chapter, transport);
  const parts = [...VERDICTS, "expected", "new"].filter((v) => counts[v]);
  if (!parts.length) return make("td", {}, "");
  const inner = parts.map((v) => make("span", { class: `v-${v === "expected" ? "fail" : v}` }, `${counts[v]} ${v} `));
  return make("td", {}, make("button", {
    type: "button", title: `only ${chapter} on ${transport}`,
    onclick: () => { filter.chapter = chapter; $("transport").value = filter.transport = transport; apply(); $("h-list").scrollIntoView(); },
  }, ...inner));
}

function drawMatrix() {
  const chapters = [...new Set(report.scenarios.map(chapterOf))];
  const transports = report.run.transports;
  $("matrix").append(make("table", {},
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "chapter"), ...transports.map((t) => make("th", { scope: "col" }, t)))),
    make("tbody", {}, ...chapters.map((chapter) =>
      make("tr", {}, make("th", { scope: "row" }, chapter), ...transports.map((t) => cell(chapter, t)))))));
}

/* ---- requirements ---- */

function requirementButton(id) {
  return make("button", {
    type: "button", title: sentences.has(id) ? sentences.get(id).sentence : "",
    onclick: () => { $("requirement").value = filter.requirement = id; apply(); $("h-list").scrollIntoView(); },
  }, id);
}

function drawRequirements() {
  const rows = report.requirements.map((row) => make("tr", {},
    make("td", {}, requirementButton(row.id)), make("td", {}, badge(row.verdict)), make("td", {}, row.level || ""), make("td", {}, row.sentence || "")));
  $("requirements").addEventListener("toggle", () => {
    const place = $("requirements").querySelector("div");
    if (!place.firstChild) place.append(make("table", {}, make("tbody", {}, ...rows)));
  });
  $("ids").append(...report.requirements.map((row) => make("option", { value: row.id })));
}

/* ---- sequence diagram ---- */

const heartbeat = (frame) => frame.kind === "text" && (frame.text === "2" || frame.text === "3");
const oneLine = (text, max) => {
  const line = text.replace(/[\u0000-\u001f\u007f]+/g, " ");
  return line.length > max ? `${line.slice(0, max)}…` : line;
};

const DRAWN = 400; // arrows

function diagram(scenario, marked) {
  const actors = Object.keys(scenario.actors);
  const all = scenario.transcript.filter((f) => !heartbeat(f) && f.actor !== null);
  const last = all.findLastIndex((f) => marked.has(f.n)); // with too many of them, those up to the last marked one
  const frames = all.slice(Math.max(0, last - DRAWN + 20)).slice(0, DRAWN);
  const gap = 190, left = 130, row = 30, top = 44;
  const server = left + actors.length * gap + 200;
  const x = Object.fromEntries(actors.map((name, i) => [name, left + 40 + i * gap]));
  const width = server + 80, height = top + frames.length * row + 20;
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `Sequence diagram of ${scenario.scenario}` });
  const head = (at, text) => root.append(
    svg("line", { class: "lane", x1: at, x2: at, y1: 30, y2: height }),
    svg("rect", { class: "head", x: at - 60, y: 4, width: 120, height: 24, rx: 4 }),
    svg("text", { x: at, y: 20, "text-anchor": "middle" }, text));
  for (const name of actors) head(x[name], `${name} (${scenario.actors[name].role})`);
  head(server, "Server");
  frames.forEach((frame, i) => root.append(arrow(frame, i, { x, server, y: top + i * row + 12, width, row, marked: marked.has(frame.n) })));
  return root;
}

function arrow(frame, i, at) {
  const from = at.x[frame.actor], y = at.y;
  const group = svg("g", { class: at.marked ? "marked" : "" }, svg("title", {}, frame.text));
  if (at.marked) group.append(svg("rect", { class: "band", x: 0, y: y - 19, width: at.width, height: at.row }));
  group.append(svg("text", { class: "time", x: 4, y: y + 3 }, `${frame.ms.toFixed(2)} ms`));
  if (frame.direction === "none") {
    group.append(svg("text", { class: "note", x: from, y: y + 3, "text-anchor": "middle" }, oneLine(frame.text, 26)));
    return group;
  }
  const [start, end] = frame.direction === "out" ? [from, at.server] : [at.server, from];
  const back = end > start ? -8 : 8;
  group.append(
    svg("line", { class: "arrow", x1: start, x2: end + back, y1: y, y2: y }),
    svg("polygon", { class: "tip", points: `${end},${y} ${end + back},${y - 4} ${end + back},${y + 4}` }),
    svg("text", { x: (start + end) / 2, y: y - 4, "text-anchor": "middle" },
      (at.marked ? "✗ " : "") + oneLine(frame.text, Math.floor(Math.abs(end - start) / 7.6))));
  return group;
}

/* ---- a scenario ---- */

function transcript(scenario, marked) {
  const sign = { out: "→", in: "←", none: "·" };
  return make("table", { class: "transcript" }, make("tbody", {}, ...scenario.transcript.map((f) =>
    make("tr", { class: marked.has(f.n) ? "marked" : undefined }, make("td", { class: "num" }, `${f.ms.toFixed(3)} ms`), make("td", {}, f.actor || ""),
      make("td", {}, sign[f.direction]), make("td", {}, f.text, f.length ? make("span", { class: "soft" }, ` (${f.length} bytes)`) : null)))));
}

function evidence(check) {
  const lines = [];
  for (const [label, text] of [["expected", check.expectation], ["actual", check.actual], ["difference", check.diff],
    ["observed", check.observed], ["expected failure", check.baseline_reason], ["blocked by", check.blocked_by], ["rerun", check.rerun]])
    if (text) lines.push(`${label}: ${text}`);
  if (check.absence) lines.push(`absence: ${check.absence.grade}, watched for ${check.absence.settled_ms} ms`);
  return lines.length ? make("pre", {}, lines.join("\n")) : null;
}

function checkRow(check) {
  const bad = check.verdict === "fail" || check.verdict === "error";
  return make("tr", { class: bad ? "bad" : undefined },
    make("td", {}, badge(check.verdict, check.expected, check.new)),
    make("td", {}, make("strong", {}, check.check), check.line ? make("span", { class: "soft" }, ` line ${check.line}`) : null,
      check.reason ? make("div", {}, check.reason) : null,
      ...(TROUBLE.has(check.verdict) ? check.requirements.filter((id) => sentences.has(id)).map((id) =>
        make("div", { class: "sentence" }, `${id} (${sentences.get(id).level}): ${sentences.get(id).sentence}`,
          sentences.get(id).wire ? make("div", {}, `on the wire: ${sentences.get(id).wire}`) : null)) : []),
      evidence(check)),
    make("td", {}, ...check.requirements.map(requirementButton)));
}

function fill(scenario, place) {
  const marked = new Set(scenario.checks.filter((c) => c.at !== undefined).map((c) => c.at));
  place.append(make("p", { class: "soft" }, [scenario.file, ...Object.entries(scenario.actors).map(([n, a]) => `${n} = ${a.name}`)].filter(Boolean).join(" · ")));
  for (const text of [scenario.trouble, scenario.skip_reason]) if (text) place.append(make("p", { class: "v-inconclusive" }, text));
  place.append(make("table", { class: "checks" }, make("tbody", {}, ...scenario.checks.map(checkRow))));
  if (!scenario.transcript || !scenario.transcript.length) return;
  const bad = marked.size > 0;
  place.append(
    make("details", { open: bad }, make("summary", {}, "Sequence diagram"), diagram(scenario, marked)),
    make("details", { open: false }, make("summary", {}, `Transcript (${scenario.transcript.length} frames)`), transcript(scenario, marked)));
}

function summaryOf(scenario) {
  const counts = {};
  for (const c of scenario.checks) counts[c.verdict] = (counts[c.verdict] || 0) + 1;
  const parts = VERDICTS.filter((v) => counts[v]).map((v) => make("span", { class: `v-${v}` }, ` ${counts[v]} ${v}`));
  const again = scenario.repetition ? ` #${scenario.repetition + 1}` : "";
  return make("summary", {}, badge(scenario.verdict), " ", make("span", { class: "id" }, scenario.scenario), ` [${scenario.transport}]${again} `,
    make("span", { class: "soft" }, scenario.title), ...parts);
}

function drawList() {
  for (const scenario of report.scenarios) {
    const place = make("div", {});
    const node = make("details", { class: "scenario" }, summaryOf(scenario), place);
    node.addEventListener("toggle", () => { if (node.open && !place.firstChild) fill(scenario, place); });
    scenario.node = node;
    scenario.haystack = [scenario.scenario, scenario.title, ...scenario.checks.flatMap((c) => [c.check, c.reason || "", c.observed || ""])].join("\n").toLowerCase();
  }
  $("list").append(...report.scenarios.map((s) => s.node));
}

/* ---- filter ---- */

const checkMatches = (check) =>
  (!filter.verdicts.size || filter.verdicts.has(check.verdict)) && (!filter.onlyNew || check.new) &&
  (!filter.requirement || check.requirements.includes(filter.requirement)) &&
  (!filter.actor || check.actor === filter.actor);

function matches(scenario) {
  if (filter.transport && scenario.transport !== filter.transport) return false;
  if (filter.chapter && chapterOf(scenario) !== filter.chapter) return false;
  if (filter.text && !scenario.haystack.includes(filter.text)) return false;
  return scenario.checks.some(checkMatches) || (!scenario.checks.length && !filter.verdicts.size && !filter.onlyNew && !filter.requirement && !filter.actor);
}

function apply() {
  let scenarios = 0, checks = 0;
  for (const s of report.scenarios) {
    s.node.hidden = !matches(s);
    if (s.node.hidden) continue;
    scenarios++;
    checks += s.checks.filter(checkMatches).length;
  }
  $("found").textContent = `${scenarios} of ${report.scenarios.length} scenarios, ${checks} checks` + (filter.chapter ? `, chapter ${filter.chapter}` : "");
}

function clear() {
  Object.assign(filter, { text: "", requirement: "", actor: "", transport: "", chapter: "", onlyNew: false });
  filter.verdicts.clear();
  for (const id of ["text", "requirement", "actor", "transport"]) $(id).value = "";
  for (const box of $("verdicts").querySelectorAll("input")) box.checked = false;
  apply();
}

function drawFilter() {
  const option = (value) => make("option", { value }, value);
  const actors = [...new Set(report.scenarios.flatMap((s) => s.checks.map((c) => c.actor)).filter(Boolean))].sort();
  $("actor").append(...actors.map(option));
  $("transport").append(...report.run.transports.map(option));
  for (const verdict of VERDICTS) {
    const count = report.summary[verdict];
    if (!count) continue;
    const box = make("input", { type: "checkbox", value: verdict });
    box.addEventListener("change", () => { box.checked ? filter.verdicts.add(verdict) : filter.verdicts.delete(verdict); apply(); });
    $("verdicts").append(make("label", {}, box, " ", make("span", { class: `v-${verdict}` }, `${verdict} ${count}`)));
    if (verdict === "fail" || verdict === "error") { box.checked = true; filter.verdicts.add(verdict); }
  }
  if (report.summary.new) {
    const box = make("input", { type: "checkbox", value: "new" });
    box.addEventListener("change", () => { filter.onlyNew = box.checked; apply(); });
    $("verdicts").append(make("label", {}, box, ` only new ${report.summary.new}`));
  }
  $("text").addEventListener("input", () => { filter.text = $("text").value.toLowerCase(); apply(); });
  $("requirement").addEventListener("input", () => { filter.requirement = $("requirement").value.trim().toUpperCase(); apply(); });
  $("actor").addEventListener("change", () => { filter.actor = $("actor").value; apply(); });
  $("transport").addEventListener("change", () => { filter.transport = $("transport").value; apply(); });
  $("clear").addEventListener("click", clear);
  $("filter").addEventListener("submit", (event) => event.preventDefault());
}

/* ---- keyboard and theme ---- */

function move(step, wanted) {
  const shown = report.scenarios.filter((s) => !s.node.hidden && (!wanted || wanted(s))).map((s) => s.node.querySelector("summary"));
  if (!shown.length) return;
  const here = document.activeElement;
  let next = shown.indexOf(here) + step;
  if (shown.indexOf(here) < 0) { // from anywhere else: the first one after it
    next = shown.findIndex((s) => here === document.body || here.compareDocumentPosition(s) & Node.DOCUMENT_POSITION_FOLLOWING);
  }
  const target = shown[Math.max(0, Math.min(shown.length - 1, next))];
  target.focus();
  target.scrollIntoView({ block: "center" });
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") { document.activeElement.blur(); return; }
  if (["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement.tagName) && document.activeElement.type !== "checkbox") return;
  const actions = {
    "/": () => $("text").focus(), j: () => move(1), k: () => move(-1), c: clear,
    n: () => move(1, (s) => s.verdict === "fail" || s.verdict === "error"),
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
}

function openLinked() {
  const id = decodeURIComponent(location.hash.slice(1));
  const scenario = id && report.scenarios.find((s) => s.scenario === id);
  if (!scenario) return;
  clear();
  scenario.node.open = true;
  scenario.node.scrollIntoView();
}

drawHead();
drawMatrix();
drawRequirements();
drawList();
drawFilter();
apply();
openLinked();
document.addEventListener("keydown", onKey);
window.addEventListener("hashchange", openLinked);
$("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
});
$("help").addEventListener("click", () => {
  $("keys").hidden = !$("keys").hidden;
  $("help").setAttribute("aria-expanded", String(!$("keys").hidden));
});
