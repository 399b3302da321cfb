// The page of an audit, made livelier: sorting, filtering, folding, and the graph. Without it everything is there to be read.
// State that people choose stands in the address after `#`, so that a link shows the same to somebody else.
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const root = document.documentElement;
  const data = JSON.parse(byId("data").textContent);
  const table = byId("table");
  const findings = table ? [...table.querySelectorAll("tbody.finding")] : [];
  const SEVERITIES = ["none", "low", "medium", "unknown", "high", "critical", "malicious"];

  // ---- state

  const DEFAULTS = { sort: "severity", dir: "desc", filter: "", severity: "", kind: "", dev: "", accepted: "yes", finding: "", graph: "", place: "", theme: "" };
  const state = { ...DEFAULTS };

  function readState() {
    const found = new URLSearchParams(location.hash.slice(1));
    for (const key of Object.keys(DEFAULTS)) state[key] = found.get(key) ?? DEFAULTS[key];
    if (!found.has("dir")) state.dir = state.sort === "severity" ? "desc" : "asc";
  }

  function writeState() {
    const words = new URLSearchParams();
    for (const [key, value] of Object.entries(state)) {
      const plain = key === "dir" ? (state.sort === "severity" ? "desc" : "asc") : DEFAULTS[key];
      if (value !== plain) words.set(key, value);
    }
    const text = words.toString();
    try {
      history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
    } catch {
      // A page that may not name its own address still works.
    }
  }

  function set(changes) {
    Object.assign(state, changes);
    writeState();
    show();
  }

  // ---- theme

  const THEMES = ["", "light", "dark"];
  function showTheme() {
    const theme = THEMES.includes(state.theme) ? state.theme : "";
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    byId("theme").textContent = "Theme: " + (theme || "system");
  }

  // ---- the table

  const texts = new Map(findings.map((body) => [body, body.textContent.toLowerCase()]));
  const cell = (body, name) => body.querySelector(".row ." + name).textContent.trim();
  const keys = {
    severity: (a, b) =>
      SEVERITIES.indexOf(a.dataset.severity) - SEVERITIES.indexOf(b.dataset.severity) || a.dataset.score - b.dataset.score,
    package: (a, b) => natural(cell(a, "package"), cell(b, "package")),
    id: (a, b) => natural(cell(a, "id"), cell(b, "id")),
    fix: (a, b) => natural(cell(a, "fix"), cell(b, "fix")),
    place: (a, b) => natural(cell(a, "place"), cell(b, "place")),
  };
  const natural = new Intl.Collator("en", { numeric: true }).compare;

  function sortRows() {
    const key = state.sort in keys ? state.sort : "severity";
    const sign = state.dir === "desc" ? -1 : 1;
    const byNumber = (a, b) => a.dataset.number - b.dataset.number;
    // What is ignored stays below what is not when the order is by severity.
    const first = key === "severity" ? (a, b) => (a.dataset.ignored > b.dataset.ignored) - (a.dataset.ignored < b.dataset.ignored) : () => 0;
    const sorted = [...findings].sort((a, b) => first(a, b) || sign * keys[key](a, b) || byNumber(a, b));
    const focused = document.activeElement;
    table.append(...sorted);
    if (focused instanceof HTMLElement && table.contains(focused)) focused.focus();
    for (const head of table.querySelectorAll("th")) {
      const is = head.dataset.key === key;
      head.setAttribute("aria-sort", is ? (sign < 0 ? "descending" : "ascending") : "none");
    }
  }

  const chosen = () => new Set(state.severity.split(",").filter((word) => SEVERITIES.includes(word)));

  function passes(body) {
    const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
    const severities = chosen();
    const { severity, kind, dev, ignored } = body.dataset;
    return (
      words.every((word) => texts.get(body).includes(word)) &&
      (severities.size === 0 || severities.has(severity)) &&
      (!state.kind || kind.split(" ").includes(state.kind)) &&
      (!state.dev || dev === state.dev) &&
      (state.accepted !== "no" || ignored === "false")
    );
  }

  function showTable() {
    if (!table) return;
    sortRows();
    let shown = 0;
    let places = 0;
    for (const body of findings) {
      const is = passes(body);
      body.hidden = !is;
      shown += is;
      places += is ? Number(body.dataset.places) : 0;
    }
    const status = byId("shown");
    const all = findings.length === 1 ? "1 finding" : `${findings.length} findings`;
    const text = (shown === findings.length ? all : `${shown} of ${all} shown`) + (places > shown ? `, in ${places} places` : "");
    if (status.textContent !== text) status.textContent = text;
    byId("nothing").hidden = shown > 0;
    for (const chip of document.querySelectorAll(".chip")) {
      chip.setAttribute("aria-pressed", String(chosen().has(chip.dataset.severity)));
    }
    if (byId("filter").value !== state.filter) byId("filter").value = state.filter;
    for (const id of ["kind", "dev"]) if (byId(id)) byId(id).value = state[id];
    if (byId("accepted")) byId("accepted").checked = state.accepted !== "no";
    for (const body of findings) body.classList.toggle("selected", body.dataset.number === state.finding);
  }

  function open(body, is) {
    body.classList.toggle("open", is);
    body.querySelector(".toggle").setAttribute("aria-expanded", String(is));
    if (is) drawPaths(body);
    const all = byId("all");
    const every = findings.every((one) => one.classList.contains("open"));
    all.setAttribute("aria-pressed", String(every));
    all.textContent = every ? "Fold all" : "Expand all";
  }

  function toggle(body) {
    const is = !body.classList.contains("open");
    open(body, is);
    if (is) set({ finding: body.dataset.number, place: "" });
    else if (state.finding === body.dataset.number) set({ finding: "", place: "" });
  }

  function setUpTable() {
    for (const head of table.querySelectorAll("th")) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => {
        const key = head.dataset.key;
        const first = key === "severity" ? "desc" : "asc";
        const other = state.dir === "desc" ? "asc" : "desc";
        set({ sort: key, dir: state.sort === key ? other : first });
      });
      head.replaceChildren(button);
    }
    for (const body of findings) {
      const name = body.querySelector(".row .name");
      const button = document.createElement("button");
      button.type = "button";
      button.className = "toggle";
      button.textContent = name.textContent;
      button.setAttribute("aria-expanded", "false");
      button.setAttribute("aria-controls", "detail-" + body.dataset.number);
      name.replaceChildren(button);
      // The button answers to Enter and Space by itself; a click anywhere on the row does the same.
      body.querySelector(".row").addEventListener("click", () => {
        if (String(getSelection())) return;
        toggle(body);
      });
      button.addEventListener("click", (event) => {
        event.stopPropagation();
        toggle(body);
      });
      button.addEventListener("keydown", (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const visible = [...table.querySelectorAll("tbody.finding:not([hidden]) .toggle")];
        visible[visible.indexOf(button) + step]?.focus();
      });
    }
    const filter = byId("filter");
    filter.addEventListener("input", () => set({ filter: filter.value }));
    filter.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        filter.value = "";
        set({ filter: "" });
      }
    });
    for (const chip of document.querySelectorAll(".chip")) {
      chip.addEventListener("click", () => {
        const severities = chosen();
        if (!severities.delete(chip.dataset.severity)) severities.add(chip.dataset.severity);
        set({ severity: [...severities].join(",") });
      });
    }
    for (const id of ["kind", "dev"]) byId(id)?.addEventListener("change", (event) => set({ [id]: event.target.value }));
    byId("accepted")?.addEventListener("change", (event) => set({ accepted: event.target.checked ? "yes" : "no" }));
    byId("all").addEventListener("click", () => {
      const every = findings.every((body) => body.classList.contains("open"));
      for (const body of findings) open(body, !every);
    });
    byId("clear").addEventListener("click", () => {
      set({ filter: "", severity: "", kind: "", dev: "", accepted: "yes" });
      filter.focus();
    });
    document.addEventListener("keydown", (event) => {
      const target = event.target;
      const types = target instanceof HTMLElement && target.matches("input:not([type=checkbox]), select, textarea");
      if (event.key === "/" && !types && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        filter.focus();
        filter.select();
      }
    });
  }

  // ---- the graph

  const SVG = "http://www.w3.org/2000/svg";
  const ROW = 26;
  const BOX = 20;
  const GAP = 56;
  const LETTER = 6.7;
  const LONGEST = 34;
  // From here on a whole graph is too much to look at unasked.
  const MANY = 500;

  function make(name, attributes, parent) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    parent?.append(element);
    return element;
  }

  /** For each node those that edges lead to, or come from. */
  function neighbours(graph, from, to) {
    const lists = graph.nodes.map(() => []);
    for (const edge of graph.edges) lists[edge[from]].push(edge[to]);
    return lists;
  }

  function reached(starts, lists) {
    const seen = new Set(starts);
    const open = [...starts];
    while (open.length) for (const next of lists[open.pop()]) if (!seen.has(next)) seen.add(next), open.push(next);
    return seen;
  }

  /** All nodes on a path from a root down to one of the targets. */
  const onPaths = (graph, targets) => reached(targets, neighbours(graph, 1, 0));

  /** Layers by the length of the longest way from above, so that lines run to the right; a line that closes a circle does not count. */
  function layers(graph, nodes) {
    const below = neighbours(graph, 0, 1);
    const above = neighbours(graph, 1, 0);
    const all = [...nodes];
    const before = (node) => above[node].some((parent) => nodes.has(parent));
    const depth = new Map(all.map((node) => [node, 0]));
    // Depth first without recursion: a node is finished after all that it leads to, and one that is still open closes a circle.
    const order = [];
    const marks = new Map();
    for (const start of [...all.filter((node) => !before(node)), ...all]) {
      const stack = marks.has(start) ? [] : [[start, 0]];
      marks.set(start, marks.get(start) ?? "open");
      while (stack.length) {
        const top = stack[stack.length - 1];
        const next = below[top[0]][top[1]++];
        if (next === undefined) {
          marks.set(top[0], "done");
          order.push(top[0]);
          stack.pop();
        } else if (nodes.has(next) && !marks.has(next)) {
          marks.set(next, "open");
          stack.push([next, 0]);
        }
      }
    }
    const rank = new Map(order.reverse().map((node, index) => [node, index]));
    for (const node of order) {
      for (const next of below[node]) {
        if (rank.get(next) > rank.get(node)) depth.set(next, Math.max(depth.get(next), depth.get(node) + 1));
      }
    }
    const rows = [];
    for (const node of all) (rows[depth.get(node)] ??= []).push(node);
    const layered = [...rows].map((row) => row ?? []);
    for (const row of layered) row.sort((a, b) => natural(graph.nodes[a].text, graph.nodes[b].text));
    // Each node goes to the middle of its neighbours in the layer before, down and up again: fewer lines cross.
    const place = new Map();
    const number = (row) => row.forEach((node, index) => place.set(node, index / Math.max(row.length - 1, 1)));
    layered.forEach(number);
    const settle = (row, lists) => {
      const middle = new Map();
      for (const node of row) {
        const near = lists[node].filter((other) => nodes.has(other) && depth.get(other) !== depth.get(node));
        const sum = near.reduce((total, other) => total + place.get(other), 0);
        middle.set(node, near.length ? sum / near.length : place.get(node));
      }
      row.sort((a, b) => middle.get(a) - middle.get(b));
      number(row);
    };
    for (let round = 0; round < 4; round++) {
      for (const row of layered) settle(row, above);
      for (const row of [...layered].reverse()) settle(row, below);
    }
    return layered;
  }

  const shortened = (text) => (text.length > LONGEST ? text.slice(0, LONGEST - 1) + "…" : text);

  /** Draws some nodes of a graph, with `lit` and `targets` standing out. */
  function draw(graph, nodes, lit, targets, label) {
    const columns = layers(graph, nodes);
    const spots = new Map();
    const height = Math.max(...columns.map((column) => column.length), 1) * ROW + 16;
    let left = 8;
    for (const column of columns) {
      const width = Math.max(...column.map((node) => shortened(graph.nodes[node].text).length), 1) * LETTER + 14;
      const top = (height - column.length * ROW) / 2;
      column.forEach((node, index) => spots.set(node, { x: left, y: top + index * ROW + (ROW - BOX) / 2, width }));
      left += width + GAP;
    }
    const width = Math.ceil(left - GAP + 8);
    const svg = make("svg", { class: "graph" + (lit.size ? " lighting" : ""), width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label });
    const lines = make("g", {}, svg);
    const late = [];
    for (const [from, to] of graph.edges) {
      const [start, end] = [spots.get(from), spots.get(to)];
      if (!start || !end) continue;
      const [x1, y1, x2, y2] = [start.x + start.width, start.y + BOX / 2, end.x, end.y + BOX / 2];
      const bend = x2 > x1 ? (x2 - x1) / 2 : GAP * 0.8;
      const is = lit.has(from) && lit.has(to);
      const line = make("path", { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`, class: is ? "lit" : "" });
      if (is) late.push(line);
      else lines.append(line);
    }
    lines.append(...late);
    for (const node of nodes) {
      const { text, severity, root: isRoot } = graph.nodes[node];
      const spot = spots.get(node);
      const words = ["node", severity, isRoot && "root", lit.has(node) && "lit", targets.has(node) && "target", severity && "open"];
      const group = make("g", { class: words.filter(Boolean).join(" "), transform: `translate(${spot.x} ${spot.y})`, "data-node": node }, svg);
      make("title", {}, group).textContent = severity ? `${text}: ${severity}` : text;
      make("rect", { width: spot.width, height: BOX, rx: 5 }, group);
      make("text", { x: 7, y: 14 }, group).textContent = shortened(text);
      if (severity) {
        group.setAttribute("tabindex", "0");
        group.setAttribute("role", "button");
        group.setAttribute("aria-label", `${text}, ${severity}: show the finding`);
        const choose = () => chooseNode(graph, node);
        group.addEventListener("click", choose);
        group.addEventListener("keydown", (event) => {
          if (event.key !== "Enter" && event.key !== " ") return;
          event.preventDefault();
          choose();
        });
      }
    }
    return svg;
  }

  /** Selects the finding of a node; the next one when several are there and one of them is selected. */
  function chooseNode(graph, node) {
    const index = data.graphs.indexOf(graph);
    const numbers = findings
      .map((body) => Number(body.dataset.number))
      .filter((number) => data.findings[number - 1].at.some(([place, at]) => place === index && at === node));
    if (!numbers.length) return;
    const next = numbers[(numbers.indexOf(Number(state.finding)) + 1) % numbers.length];
    const body = byId("finding-" + next);
    if (!passes(body)) set({ filter: "", severity: "", kind: "", dev: "", accepted: "yes" });
    open(body, true);
    set({ finding: String(next), place: graph.place });
    document.querySelector(`#canvas [data-node="${node}"]`)?.focus({ preventScroll: true });
  }

  /** The paths to one finding, in its own row. */
  function drawPaths(body) {
    const slot = body.querySelector(".paths");
    if (!slot || slot.firstChild) return;
    const at = data.findings[slot.dataset.number - 1]?.at[0];
    if (!at) return;
    const graph = data.graphs[at[0]];
    const targets = new Set([at[1]]);
    const nodes = onPaths(graph, targets);
    // Of so many, the whole graph below is the better picture.
    if (nodes.size > 1 && nodes.size <= 60) {
      slot.append(draw(graph, nodes, new Set(), targets, "Paths to " + graph.nodes[at[1]].text));
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = "show";
    button.textContent = "Show in the graph";
    button.addEventListener("click", () => {
      set({ finding: body.dataset.number, place: "" });
      byId("graph").scrollIntoView({ block: "start" });
      byId("canvas").focus({ preventScroll: true });
    });
    slot.after(button);
  }

  let zoom = 1;
  let drawn = "";

  function showGraph() {
    if (!data.graphs.length) return;
    const finding = data.findings[Number(state.finding) - 1];
    const named = data.graphs.findIndex((graph) => graph.place === state.place);
    const index = named >= 0 ? named : (finding?.at[0]?.[0] ?? 0);
    const graph = data.graphs[index];
    const targets = new Set((finding?.at ?? []).filter(([place]) => place === index).map(([, node]) => node));
    const lit = targets.size ? onPaths(graph, targets) : new Set();
    const mustCut = !graph.whole || graph.nodes.length > MANY;
    const tooMany = graph.nodes.length > MANY;
    const pathsOnly = lit.size > 0 && (tooMany || state.graph === "paths");
    byId("graph-place").value = String(index);
    byId("graph-paths").checked = state.graph === "paths" || tooMany;
    byId("graph-paths").disabled = tooMany;
    const key = [index, [...targets], pathsOnly].join(";");
    if (key === drawn) return;
    drawn = key;
    const canvas = byId("canvas");
    const counted = (number) => `${number} ${number === 1 ? "package" : "packages"}`;
    const what = mustCut ? " on the paths to findings" : "";
    if (tooMany && !lit.size) {
      canvas.replaceChildren();
      byId("graph-status").textContent = `${counted(graph.nodes.length)}${what}: too many to draw; choose a finding to see its paths`;
      return;
    }
    const nodes = pathsOnly ? lit : new Set(graph.nodes.keys());
    const count = [...nodes].filter((node) => !graph.nodes[node].root).length;
    const ways = [...lit].filter((node) => !graph.nodes[node].root && !targets.has(node)).length;
    const names = [...targets].map((node) => graph.nodes[node].text).join(", ");
    const svg = draw(graph, nodes, pathsOnly ? new Set() : lit, targets, names ? "Paths to " + names : "Who requires whom");
    canvas.replaceChildren(svg);
    byId("graph-status").textContent = names
      ? `${counted(count)}${what}, ${ways} between the root and ${names}`
      : `${counted(count)}${what}; choose a finding to light up its paths`;
    scale();
    const target = svg.querySelector(".target");
    if (target && canvas.clientHeight) {
      const box = target.getBoundingClientRect();
      const frame = canvas.getBoundingClientRect();
      canvas.scrollTop += box.top - frame.top - canvas.clientHeight / 2;
      canvas.scrollLeft += box.right - frame.left - canvas.clientWidth + 24;
    }
  }

  function scale() {
    const svg = byId("canvas").querySelector("svg");
    if (!svg) return;
    const { width, height } = svg.viewBox.baseVal;
    svg.setAttribute("width", Math.round(width * zoom));
    svg.setAttribute("height", Math.round(height * zoom));
  }

  function setUpGraph() {
    const select = byId("graph-place");
    data.graphs.forEach((graph, index) => select.add(new Option(graph.place, String(index))));
    byId("graph-place-label").hidden = data.graphs.length < 2;
    select.addEventListener("change", () => set({ place: data.graphs[select.value].place }));
    byId("graph-paths").addEventListener("change", (event) => set({ graph: event.target.checked ? "paths" : "" }));
    const zoomTo = (value) => {
      zoom = Math.min(Math.max(value, 0.1), 4);
      scale();
    };
    byId("zoom-in").addEventListener("click", () => zoomTo(zoom * 1.25));
    byId("zoom-out").addEventListener("click", () => zoomTo(zoom / 1.25));
    byId("zoom-fit").addEventListener("click", () => {
      const size = byId("canvas").querySelector("svg")?.viewBox.baseVal;
      if (size) zoomTo(Math.min((byId("canvas").clientWidth - 2) / size.width, 1));
    });
  }

  // ---- all of it

  function show() {
    showTheme();
    showTable();
    showGraph();
  }

  /** What the address says: also the finding that it names is opened and brought into view. */
  function showAddress() {
    readState();
    const body = byId("finding-" + state.finding);
    if (body) open(body, true);
    else state.finding = "";
    show();
    if (body && !body.hidden) body.scrollIntoView({ block: "center" });
  }

  root.classList.add("js");
  for (const element of document.querySelectorAll(".control")) element.hidden = false;
  byId("graph").hidden = data.graphs.length === 0;
  byId("theme").addEventListener("click", () => set({ theme: THEMES[(THEMES.indexOf(state.theme) + 1) % THEMES.length] }));
  if (table) {
    byId("shown").hidden = false;
    setUpTable();
  }
  setUpGraph();
  addEventListener("hashchange", showAddress);
  // Paper folds nothing: the drawings of rows that were never opened are made before it is printed.
  addEventListener("beforeprint", () => findings.forEach(drawPaths));
  showAddress();
})();
