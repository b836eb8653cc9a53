/* The search over paths, packages, findings and layers. */

const MOST_RESULTS = 40;

/* Whether an entry has just the name, or the path, that was typed; such come before others that have it within. */
function makeNameTest(query) {
  const wanted = query.trim().toLowerCase();
  return (entry) => Number(entry.name === wanted || entry.text === wanted);
}

class Search {
  constructor(data, treemap) {
    this.treemap = treemap;
    this.field = document.getElementById("search");
    this.sources = [
      { title: "Findings", entries: this.listFindings() },
      { title: "Layers", entries: data.layers.map((text, number) => this.makeLink(`${number}: ${text}`,
        `#layer-${number}`)) },
      { title: "Packages", entries: data.packages.map(([kind, name, version, place]) => ({
        text: `${kind} ${name} ${version} ${place}`.toLowerCase(), name: name.toLowerCase(), label: `${name} ${version}`,
        note: `${kind}, ${place}` })) },
      { title: "Paths", entries: this.listPaths(treemap.roots.folders), note: data.leftOut
        ? `${data.leftOut.toLocaleString("en")} of the smallest files are not listed one by one` : "" },
    ];
    startSearch(this.field, () => this.run());
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it would click what has the focus then
      this.run();
      document.querySelector("#results-list :is(a, button)")?.focus();
    });
  }

  makeLink(label, href, text = label) {
    return { text: text.toLowerCase(), label, href };
  }

  listFindings() {
    return [...document.querySelectorAll("#findings article")].map((article) => {
      const label = `${article.querySelector("h3 code").textContent}: ${article.querySelector("p").textContent}`;
      return this.makeLink(label, `#${article.id}`, readText(article));
    });
  }

  listPaths(root) {
    const entries = [], pending = [root];
    while (pending.length) {
      const node = pending.pop();
      if (node !== root && node.kind !== "others") {
        entries.push({ text: node.path.toLowerCase(), name: node.name.toLowerCase(), label: node.path, node });
      }
      for (const child of node.children) pending.push(child);
    }
    return entries.sort((one, two) => two.node.size - one.node.size || (one.label < two.label ? -1 : 1));
  }

  run() {
    const matches = makeMatcher(this.field.value), section = document.getElementById("results");
    section.hidden = !matches;
    if (!matches) return;
    const isNamed = makeNameTest(this.field.value);
    const found = this.sources.map((source) => ({
      ...source, hits: source.entries.filter((entry) => matches(entry.text))
        .sort((one, two) => isNamed(two) - isNamed(one)),
    })).filter((source) => source.hits.length);
    const counts = found.map(({ title, hits }) => `${title.toLowerCase()}: ${hits.length.toLocaleString("en")}`);
    const note = this.sources[3].note;
    const told = [counts.join(", ") || "nothing found", note].filter(Boolean).join(" – ");
    document.getElementById("results-count").textContent = told;
    document.getElementById("results-list").replaceChildren(...found.map((source) => this.makeGroup(source)));
  }

  makeGroup({ title, hits }) {
    const group = makeElement("div"), list = makeElement("ul");
    list.append(...hits.slice(0, MOST_RESULTS).map((entry) => this.makeEntry(entry)));
    group.append(makeElement("h3", title), list);
    const left = hits.length - MOST_RESULTS;
    if (left > 0) group.append(makeElement("p", `and ${left.toLocaleString("en")} more`, "note"));
    return group;
  }

  makeEntry(entry) {
    const item = makeElement("li");
    let label = makeElement("span", entry.label);
    if (entry.href) {
      label = makeElement("a", entry.label);
      label.href = entry.href;
    } else if (entry.node) {
      label = makeElement("button", entry.label);
      label.type = "button";
      label.addEventListener("click", () => {
        if (this.treemap.view !== "folders" || this.treemap.isWasteOnly) chooseView(this.treemap, "folders", false);
        this.treemap.showPath(entry.node);
      });
    }
    item.append(label);
    const note = entry.node ? tellSize(entry.node.size) : entry.note;
    if (note) item.append(makeElement("span", ` ${note}`, "note"));
    return item;
  }
}
