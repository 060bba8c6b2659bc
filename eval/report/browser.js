"use strict";
// The error browser. Corpus text gets into the page as text nodes and attribute values only.
(() => {
  const PAGE = 20; // sentences
  const WAIT = 200; // ms until the address follows what is typed
  const KEYS = ["kind", "label", "gold", "predicted", "length", "seen", "ambiguity", "confidence", "words", "status", "reason", "goldtag", "predictedtag", "q", "at"];
  const CHIPS = { gold: "gold label", predicted: "predicted label", length: "tokens of the entity", seen: "words in train", ambiguity: "labels in train",
    confidence: "confidence", words: "tokens of the sentence",
    reason: "reason", goldtag: "gold tag", predictedtag: "predicted tag" };
  const SIGNS = { boundary: "↔", type: "≠", both: "≠↔", missed: "−", spurious: "+" };
  const SHOWN = { error: "sentences with an error", all: "all sentences", gold: "gold entities", predicted: "predicted entities" };
  const OUTSIDE = "O";
  const RIGHT_TO_LEFT = /^\P{L}*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Nko}\p{Script=Syriac}\p{Script=Thaana}]/u;
  // places in a row and in a pair
  const [ID, WHERE, TOKENS, PAIRS, STATUS, REASONS, UNGROUNDED, OUTPUT] = [0, 1, 2, 3, 4, 5, 6, 7];
  const [KIND, GOLD, PREDICTED, KNOWN, CONFIDENCE] = [0, 1, 4, 7, 8]; // start of a span, its end and its label after it

  const $ = (id) => document.getElementById(id);
  const block = $("data");
  const data = JSON.parse(block.textContent);
  block.remove();
  const rows = data.rows;
  let texts = null, lengths = null;
  let state = {}, found = [], entities = 0, page = 0, current = -1, timer = 0;

  function element(name, settings = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(settings)) {
      if (key.includes("-") || key === "role") made.setAttribute(key, value); else made[key] = value;
    }
    made.append(...children);
    return made;
  }

  // what a row holds

  const wordsOf = (row) => row[TOKENS].split("\n");
  const labelOf = (pair) => data.labels[pair[GOLD] >= 0 ? pair[GOLD + 2] : pair[PREDICTED + 2]];
  const sureness = (pair) => CONFIDENCE in pair ? `, confidence ${pair[CONFIDENCE]}` : "";
  const knownOf = (pair) => data.known[pair[KNOWN]]; // label numbers in the training split; undefined where they are not known
  const covered = (words, pair, side) => words.slice(pair[side], pair[side + 1]).join(" ");

  function searchable() {
    texts ??= rows.map((row) => (row[TOKENS].replaceAll("\n", " ") + "\n" + (row[OUTPUT] || "")).toLowerCase());
    return texts;
  }

  function sizes() {
    lengths ??= rows.map((row) => {
      let count = 1;
      for (let at = row[TOKENS].indexOf("\n"); at >= 0; at = row[TOKENS].indexOf("\n", at + 1)) count++;
      return count;
    });
    return lengths;
  }

  // filters

  const isIn = (range, number) => range[0] <= number && number <= range[1];

  function range(name) { // "3", "11-20", "5 or more"
    const numbers = (name.match(/\d+/g) || [NaN]).map(Number);
    return [numbers[0], name.includes("or more") ? Infinity : numbers[numbers.length - 1]];
  }

  function confidenceTest(name) { // "0.9-1.0": more than the first (from 0 it too), up to the second; "from 0.95"
    const [low, high] = (name.match(/[\d.]+/g) || [NaN]).map(Number);
    if (name.startsWith("from")) return (pair) => pair[CONFIDENCE] >= low;
    return (pair) => pair[CONFIDENCE] <= high && (pair[CONFIDENCE] > low || low === 0);
  }

  const SEEN = {
    unseen: (labels) => labels.length === 0,
    seen: (labels, pair) => labels.includes(pair[GOLD + 2]),
    "seen with other labels only": (labels, pair) => labels.length > 0 && !labels.includes(pair[GOLD + 2]),
  };
  const AMBIGUITY = { unseen: SEEN.unseen, "one label": (labels) => labels.length === 1, "several labels": (labels) => labels.length > 1 };

  function knownTest(groups, name) {
    return (pair) => pair[KNOWN] >= 0 && Object.hasOwn(groups, name) && groups[name](knownOf(pair), pair);
  }

  function spanTest(side, name) {
    if (name === OUTSIDE) return (pair) => pair[side] < 0;
    const label = data.labels.indexOf(name);
    return (pair) => pair[side] >= 0 && pair[side + 2] === label;
  }

  function pairTests(state) {
    const tests = [];
    const kind = data.kinds.indexOf(state.kind);
    if (state.kind === "error") tests.push((pair) => pair[KIND] !== 0);
    else if (state.kind === "gold") tests.push((pair) => pair[GOLD] >= 0);
    else if (state.kind === "predicted") tests.push((pair) => pair[PREDICTED] >= 0);
    else if (kind >= 0) tests.push((pair) => pair[KIND] === kind);
    if (state.label) tests.push((pair) => labelOf(pair) === state.label);
    if (state.gold) tests.push(spanTest(GOLD, state.gold));
    if (state.predicted) tests.push(spanTest(PREDICTED, state.predicted));
    if (state.length) {
      const wanted = range(state.length);
      tests.push((pair) => pair[GOLD] >= 0 && isIn(wanted, pair[GOLD + 1] - pair[GOLD]));
    }
    if (state.seen) tests.push(knownTest(SEEN, state.seen));
    if (state.ambiguity) tests.push(knownTest(AMBIGUITY, state.ambiguity));
    if (state.confidence) tests.push(confidenceTest(state.confidence));
    return tests;
  }

  function rowTests(state) {
    const tests = [];
    if (state.status) {
      const status = data.statuses.indexOf(state.status);
      tests.push((at) => rows[at][STATUS] === status);
    }
    if (state.reason) {
      const reason = data.reasons.indexOf(state.reason);
      tests.push((at) => rows[at][REASONS].includes(reason));
    }
    if (state.words) {
      const wanted = range(state.words), all = sizes();
      tests.push((at) => isIn(wanted, all[at]));
    }
    if (state.q) {
      const wanted = state.q.toLowerCase(), all = searchable();
      tests.push((at) => all[at].includes(wanted));
    }
    return tests;
  }

  // single tags: 0 for O, then by label two numbers: of an entity's first token and of its others

  function tagNumber(name) {
    if (name === OUTSIDE) return 0;
    const label = data.labels.indexOf(name.slice(2));
    return label < 0 ? -1 : 2 * label + (name.startsWith("B-") ? 1 : 2);
  }

  function tagAt(pairs, side, token) {
    for (const pair of pairs) {
      if (pair[side] <= token && token < pair[side + 1]) return 2 * pair[side + 2] + (token === pair[side] ? 1 : 2);
    }
    return 0;
  }

  function tagCounter(state) {
    const wanted = [[GOLD, state.goldtag], [PREDICTED, state.predictedtag]].filter(([, name]) => name)
      .map(([side, name]) => [side, tagNumber(name)]);
    const marked = wanted.find(([, number]) => number !== 0); // only tokens of its entities can have it
    const isHit = (pairs, token) => wanted.every(([side, number]) => tagAt(pairs, side, token) === number);
    return (at) => {
      const pairs = rows[at][PAIRS];
      let count = 0;
      if (marked) {
        for (const pair of pairs) {
          if (pair[marked[0]] < 0) continue;
          for (let token = pair[marked[0]]; token < pair[marked[0] + 1]; token++) if (isHit(pairs, token)) count++;
        }
      } else for (let token = 0; token < sizes()[at]; token++) if (isHit(pairs, token)) count++;
      return count;
    };
  }

  function filter() {
    const ofPair = pairTests(state), ofRow = rowTests(state);
    const tagged = state.goldtag || state.predictedtag ? tagCounter(state) : null;
    found = [];
    entities = 0;
    for (let at = 0; at < rows.length; at++) {
      if (!ofRow.every((test) => test(at))) continue;
      let count = 0;
      for (const pair of rows[at][PAIRS]) if (ofPair.every((test) => test(pair))) count++;
      if (ofPair.length && !count) continue;
      if (tagged && !(count = tagged(at))) continue;
      found.push(at);
      entities += count;
    }
  }

  // the address

  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1)), read = {};
    for (const key of KEYS) if (given.get(key)) read[key] = given.get(key);
    if (!(read.kind in SHOWN) && !data.kinds.includes(read.kind)) read.kind = "error";
    return read;
  }

  const addressOf = (state) => "#" + new URLSearchParams(KEYS.filter((key) => state[key]).map((key) => [key, state[key]]));

  function writeAddress(wait = 0) {
    clearTimeout(timer);
    const write = () => history.replaceState(null, "", addressOf(state));
    if (wait) timer = setTimeout(write, wait); else write();
  }

  // drawing

  function tone(label) { // eight colours that are told apart well, others by the golden angle
    return label < 8 ? `var(--c${label})` : `hsl(${Math.round(label * 137.5) % 360} 55% 50%)`;
  }

  function toned(made, label) {
    made.style.setProperty("--tone", tone(label));
    return made;
  }

  function levels(pairs, side) { // spans of a side with their distance from the words: those inside others are nearer
    const placed = [];
    const spans = pairs.filter((pair) => pair[side] >= 0);
    spans.sort((one, other) => (one[side + 1] - one[side]) - (other[side + 1] - other[side]) || one[side] - other[side]);
    for (const pair of spans) {
      const below = placed.filter((one) => one.start < pair[side + 1] && pair[side] < one.end).map((one) => one.level);
      placed.push({ start: pair[side], end: pair[side + 1], label: pair[side + 2], side, pair, level: Math.max(-1, ...below) + 1 });
    }
    return placed;
  }

  function cell(spans, token, level, words, tests) {
    const span = spans.find((one) => one.level === level && one.start <= token && token < one.end);
    const made = element("span", { className: "cell" });
    if (!span) return made;
    const kind = data.kinds[span.pair[KIND]], classes = ["cell", "bar"];
    if (kind !== "correct") classes.push("wrong");
    if (tests.length && !tests.every((test) => test(span.pair))) classes.push("other");
    if (token === span.end - 1) classes.push("end");
    if (token === span.start) {
      const text = (SIGNS[kind] ? SIGNS[kind] + " " : "") + data.labels[span.label];
      made.textContent = text;
      if (span.side === PREDICTED && CONFIDENCE in span.pair) made.title = `confidence ${span.pair[CONFIDENCE]}`;
      classes.push("start");
      if (words.slice(span.start, span.end).join(" ").length > text.length + 2 && span.end - span.start > 1) classes.push("narrow");
    }
    made.className = classes.join(" ");
    return toned(made, span.label);
  }

  function drawing(row) {
    const words = wordsOf(row), gold = levels(row[PAIRS], GOLD), predicted = levels(row[PAIRS], PREDICTED);
    const tests = state.kind === "error" && !state.label ? [] : pairTests(state);
    const heights = [gold, predicted].map((spans) => Math.max(1, ...spans.map((span) => span.level + 1)));
    const query = (state.q || "").toLowerCase().split(" ").filter(Boolean);
    const drawn = element("div", { className: "drawn", dir: RIGHT_TO_LEFT.test(words.join(" ")) ? "rtl" : "ltr", role: "img", "aria-label": told(row, words) });
    words.forEach((word, token) => {
      const column = element("span", { className: "token" });
      for (let level = heights[0] - 1; level >= 0; level--) column.append(cell(gold, token, level, words, tests));
      const isFound = query.some((part) => word.toLowerCase().includes(part));
      column.append(element("bdi", { className: isFound ? "word found" : "word" }, word));
      for (let level = 0; level < heights[1]; level++) column.append(cell(predicted, token, level, words, tests));
      drawn.append(column);
    });
    return drawn;
  }

  function told(row, words) {
    const list = (side) => row[PAIRS].filter((pair) => pair[side] >= 0)
      .map((pair) => `${covered(words, pair, side)}, ${data.labels[pair[side + 2]]}${side === PREDICTED ? sureness(pair) : ""}`)
      .join("; ") || "none";
    return `${words.join(" ")} Gold: ${list(GOLD)}. Predicted: ${list(PREDICTED)}.`;
  }

  function inTrain(labels) {
    return labels.length ? `; in train ${labels.map((label) => data.labels[label]).join(", ")}` : "; not in train";
  }

  function problem(words, pair) {
    const kind = data.kinds[pair[KIND]], item = element("li", {}, element("b", {}, `${SIGNS[kind]} ${kind}`), ": ");
    [["gold", GOLD], ["predicted", PREDICTED]].filter(([, side]) => pair[side] >= 0).forEach(([name, side], number) => {
      const known = side === GOLD && pair[KNOWN] >= 0 ? inTrain(knownOf(pair)) : "";
      item.append(`${number ? ", " : ""}${name} `, element("bdi", {}, covered(words, pair, side)), ` (${data.labels[pair[side + 2]]}${known})`);
    });
    item.append(sureness(pair));
    return item;
  }

  function article(at, position) {
    const row = rows[at], words = wordsOf(row);
    const link = element("a", { href: addressOf({ kind: "all", at: row[ID] }) }, row[ID]);
    const how = [data.statuses[row[STATUS]], ...row[REASONS].map((reason) => data.reasons[reason])].join(", ");
    const made = element("article", { tabIndex: -1, "aria-label": `Sentence ${row[ID]}` },
      element("h3", {}, link, element("span", { className: "place" }, row[WHERE]), element("span", { className: "place" }, how)), drawing(row));
    const problems = row[PAIRS].filter((pair) => pair[KIND] !== 0).map((pair) => problem(words, pair));
    for (const [text, label] of row[UNGROUNDED]) {
      problems.push(element("li", {}, element("b", {}, "ungrounded"), ": predicted ", element("bdi", {}, text), ` (${label}), which no token has`));
    }
    if (problems.length) made.append(element("ul", {}, ...problems));
    if (row[OUTPUT] !== 0) made.append(element("p", { className: "output" }, "Output: ", element("bdi", {}, row[OUTPUT] || "(empty)")));
    made.dataset.position = position;
    return made;
  }

  function draw() {
    const first = page * PAGE, last = Math.min(first + PAGE, found.length), pages = Math.max(1, Math.ceil(found.length / PAGE));
    $("list").replaceChildren(...found.slice(first, last).map((at, number) => article(at, first + number)));
    $("page").textContent = `page ${(page + 1).toLocaleString("en")} of ${pages.toLocaleString("en")}`;
    for (const name of ["previous", "previous-below"]) $(name).disabled = page === 0;
    for (const name of ["next", "next-below"]) $(name).disabled = page >= pages - 1;
    mark();
  }

  function mark() {
    for (const made of $("list").children) {
      const isCurrent = Number(made.dataset.position) === current;
      made.classList.toggle("current", isCurrent);
      made.tabIndex = isCurrent || (current < 0 && made === $("list").firstChild) ? 0 : -1;
    }
  }

  function summary() {
    const tagged = state.goldtag || state.predictedtag, counted = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
    const sentences = `${counted(found.length, "sentence", "sentences")} of ${rows.length.toLocaleString("en")}`;
    const parts = pairTests(state).length || tagged ? `, ${tagged ? counted(entities, "token", "tokens") : counted(entities, "entity", "entities")}` : "";
    $("found").textContent = sentences + parts;
    if (state.at && current < 0) {
      const known = rows.some((row) => row[ID] === state.at);
      $("found").append(known ? "; not among them: " : "; there is no sentence ",
        known ? element("a", { href: addressOf({ kind: "all", at: state.at }) }, state.at) : state.at);
    }
  }

  function controls() {
    for (const name of ["kind", "label", "status"]) $(name).value = state[name] || "";
    if ($("q").value !== (state.q || "")) $("q").value = state.q || "";
    $("chips").replaceChildren(...Object.keys(CHIPS).filter((key) => state[key]).map((key) => {
      const made = element("button", { type: "button", "aria-label": `Remove the filter ${CHIPS[key]} ${state[key]}` }, `${CHIPS[key]}: ${state[key]} ×`);
      made.addEventListener("click", () => change({ [key]: "" }));
      return made;
    }));
  }

  // what can be done

  function show() {
    filter();
    const at = state.at ? found.findIndex((at) => rows[at][ID] === state.at) : -1;
    current = at;
    page = Math.max(0, Math.floor(at / PAGE));
    controls();
    summary();
    draw();
  }

  function change(values, wait = 0) {
    state = { ...state, ...values, at: "" };
    show();
    writeAddress(wait);
  }

  function clear() {
    state = { kind: "error" };
    show();
    history.replaceState(null, "", "#browser");
  }

  function turn(pages) {
    page += pages;
    current = -1;
    state.at = "";
    draw();
    writeAddress();
    $("browser").scrollIntoView();
  }

  function move(steps) {
    const to = current < 0 ? page * PAGE : current + steps;
    if (to < 0 || to >= found.length) return;
    current = to;
    state.at = rows[found[to]][ID];
    if (Math.floor(to / PAGE) !== page) {
      page = Math.floor(to / PAGE);
      draw();
    } else mark();
    focusCurrent();
    writeAddress(WAIT);
  }

  function focusCurrent() {
    const made = $("list").querySelector("article.current");
    if (made) {
      made.focus({ preventScroll: true });
      made.scrollIntoView({ block: "nearest" });
    }
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const inField = event.target.matches("input, select, textarea"), inList = $("list").contains(event.target);
    if (event.key === "Escape") {
      if (event.target === $("q") && !$("q").value) $("q").blur(); else if (event.target === $("q")) change({ q: "" }); else clear();
    } else if (inField) return;
    else if (event.key === "/") $("q").focus();
    else if (event.key === "j" || (inList && event.key === "ArrowDown")) move(1);
    else if (event.key === "k" || (inList && event.key === "ArrowUp")) move(-1);
    else return;
    event.preventDefault();
  }

  function onAddress() {
    if (!location.hash.includes("=")) return;
    state = readAddress();
    show();
    if (current >= 0) focusCurrent(); else $("browser").scrollIntoView();
  }

  // what stands still

  function options(select, pairs) {
    select.append(...pairs.map(([value, text]) => element("option", { value }, text)));
  }

  function key() {
    const sample = (classes, text) => element("span", { className: `cell bar start end sample ${classes}` }, text);
    $("labels-key").append(...data.labels.map((name, label) => element("span", {}, toned(sample("", name), label))));
    $("kinds-key").append(element("span", {}, sample("tone", "LABEL"), " correct"),
      ...Object.entries(SIGNS).map(([kind, sign]) => element("span", {}, sample("tone wrong", sign), ` ${kind}`)));
  }

  options($("kind"), [["error", SHOWN.error], ["all", SHOWN.all], ...data.kinds.map((kind) => [kind, kind]),
    ["gold", SHOWN.gold], ["predicted", SHOWN.predicted]]);
  options($("label"), [["", "any"], ...data.labels.map((label) => [label, label])]);
  options($("status"), [["", "any"], ...data.statuses.map((status) => [status, status])]);
  key();
  for (const name of ["kind", "label", "status"]) $(name).addEventListener("change", () => change({ [name]: $(name).value }));
  $("q").addEventListener("input", () => change({ q: $("q").value }, WAIT));
  $("clear").addEventListener("click", clear);
  for (const name of ["previous", "previous-below"]) $(name).addEventListener("click", () => turn(-1));
  for (const name of ["next", "next-below"]) $(name).addEventListener("click", () => turn(1));
  $("list").addEventListener("focusin", (event) => {
    const made = event.target.closest("article");
    if (made && Number(made.dataset.position) !== current) {
      current = Number(made.dataset.position);
      state.at = rows[found[current]][ID];
      mark();
      writeAddress(WAIT);
    }
  });
  document.addEventListener("keydown", onKey);
  window.addEventListener("hashchange", onAddress);
  state = { kind: "error" };
  if (location.hash.includes("=")) onAddress(); else show();
  document.documentElement.dataset.ready = "true";
  (window.requestIdleCallback || setTimeout)(() => { searchable(); sizes(); });
})();
