/* The map of a comparison: a cell is as large as the bytes that came and went; what shrank or went is hatched.
   Nodes are those of a tree of sizes: `size` is all bytes that came and went, `wasted` those that went. */

const GROWN_HUE = 28, SHRUNK_HUE = 150;
const VIEWS = { folders: "/", causes: "all causes", layers: "all layers" };

function tellGrowth(bytes) {
  return `${bytes < 0 ? "-" : "+"}${tellSize(Math.abs(bytes))}`;
}

/* A tree with the folders below each group; by folder there is one group, which is the root. */
function buildGrowth(data, view) {
  const root = makeNode("folder", VIEWS[view], null, "/"), nodes = [root], known = new Map();
  const names = { causes: data.causes, layers: data.layers }[view];
  function place(group, row) {
    const missing = [];
    for (let at = row; at >= 0 && !known.has(`${group}:${at}`); at = data.folders[at][0]) missing.push(at);
    for (const at of missing.reverse()) {
      const [parent, name] = data.folders[at], above = known.get(`${group}:${parent}`);
      const node = parent >= 0 ? makeNode("folder", name, above, joinPath(above.path, name))
        : names ? makeNode("layer", names[group], root, "/") : root;
      known.set(`${group}:${at}`, node);
      if (node !== root) nodes.push(node);
    }
    return known.get(`${group}:${row}`);
  }
  function add(kind, name, folder, layer, grown, shrunk, files) {
    const node = makeNode(kind, name, folder, kind === "file" ? joinPath(folder.path, name) : folder.path);
    nodes.push(node);
    addPiece(node, layer, grown + shrunk, shrunk, files);
  }
  const choose = (cause, layer) => ({ folders: 0, causes: cause, layers: layer }[view]);
  for (const [row, name, growth, cause, layer] of data.files) {
    add("file", name, place(choose(cause, layer), row), layer, Math.max(growth, 0), Math.max(-growth, 0), 1);
  }
  for (const [row, cause, layer, grown, shrunk, files] of data.others) {
    const name = `${tellCount(files)} smaller files`;
    add("others", name, place(choose(cause, layer), row), layer, grown, shrunk, files);
  }
  return addUp(nodes);
}

class GrowthMap extends Treemap {
  build(view) {
    return buildGrowth(this.data, view);
  }

  get only() {
    return this.isWasteOnly || "";
  }

  value(node) {
    return { grown: node.size - node.wasted, shrunk: node.wasted }[this.only] ?? node.size;
  }

  hatch(node) {
    return { grown: 0, shrunk: 100 }[this.only] ?? 100 * node.wasted / node.size;
  }

  hue(node) {
    return node.wasted * 2 > node.size ? SHRUNK_HUE : GROWN_HUE;
  }

  get columns() {
    return ["name", "net", "grew", "shrank"];
  }

  tellNone() {
    return { grown: "Nothing grew here.", shrunk: "Nothing shrank here." }[this.only] || "Nothing grew or shrank here.";
  }

  tellWhole(node) {
    return tellGrowth(node.size - 2 * node.wasted);
  }

  tellRow(node) {
    const grown = node.size - node.wasted;
    return [tellGrowth(grown - node.wasted), grown ? tellSize(grown) : "", node.wasted ? tellSize(node.wasted) : ""];
  }

  describe(node) {
    const where = node.kind === "others" ? `${node.path}: ${node.name}` : node.kind === "layer" || !node.parent ? node.name
      : node.path;
    const grown = node.size - node.wasted, parts = [where, this.tellWhole(node)];
    if (grown && node.wasted) parts.push(`${tellSize(grown)} came, ${tellSize(node.wasted)} went`);
    if (node.kind !== "file") parts.push(node.files === 1 ? "1 file" : `${tellCount(node.files)} files`);
    const layers = [...node.byLayer.keys()];
    if (layers.length === 1) parts.push(`layer ${this.data.layers[layers[0]]}`);
    return parts.join(" · ");
  }
}

/* Ties the map's choosers to it, where anything grew or shrank at all. */
function startGrowth() {
  const section = document.getElementById("sizes");
  if (!section) return;
  const map = new GrowthMap(JSON.parse(document.getElementById("data").textContent));
  const views = [...section.querySelectorAll("[data-view]")], onlys = [...section.querySelectorAll("[data-only]")];
  function choose(view, only) {
    map.choose(view, only);
    for (const each of views) each.setAttribute("aria-pressed", String(each.dataset.view === view));
    for (const each of onlys) each.setAttribute("aria-pressed", String(each.dataset.only === only));
  }
  for (const each of views) each.addEventListener("click", () => choose(each.dataset.view, map.only));
  for (const each of onlys) {
    each.addEventListener("click", () => choose(map.view, map.only === each.dataset.only ? "" : each.dataset.only));
  }
  section.querySelector("#legend .swatch").style.setProperty("--hue", GROWN_HUE);
  choose("folders", "");
  const measure = () => `${map.map.clientWidth}x${map.map.clientHeight}`;
  let drawn = measure();
  new ResizeObserver(() => {
    if (measure() === drawn) return;
    drawn = measure();
    map.draw();
  }).observe(map.map);
}
