/* The tree of sizes in two views, by folder and by layer, from the rows that the page holds.
   A node has name, path, kind (folder, layer, file, others), size, wasted, layer, parent and children. */

const REMOVED = 1, METADATA = 3, REPEATED = 4;
const FATES = ["", "removed by layer", "replaced by layer", "shipped again, with other attributes, by layer",
  "same content already in layer"];

function tellSize(size) {
  if (size < 1000) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size / 1000, unit = 0;
  while (value >= 999.95 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}

function tellCount(count) {
  return count.toLocaleString("en");
}

function tellShare(part, whole) {
  return whole ? `${(100 * part / whole).toFixed(1)}%` : "0.0%";
}

function makeNode(kind, name, parent, path) {
  const node = { kind, name, parent, path, size: 0, wasted: 0, repeated: 0, files: 0, byLayer: new Map(), pieces: [],
    children: [] };
  if (parent) parent.children.push(node);
  return node;
}

function addPiece(node, layer, size, wasted, files) {
  node.size += size;
  node.wasted += wasted;
  node.files += files;
  node.byLayer.set(layer, (node.byLayer.get(layer) || 0) + size);
}

/* Adds to each node above what its children hold; `nodes` has parents before children. */
function addUp(nodes) {
  for (let place = nodes.length - 1; place > 0; place -= 1) {
    const node = nodes[place], above = node.parent;
    above.size += node.size;
    above.wasted += node.wasted;
    above.files += node.files;
    for (const [layer, size] of node.byLayer) above.byLayer.set(layer, (above.byLayer.get(layer) || 0) + size);
  }
  for (const node of nodes) {
    node.layer = [...node.byLayer].reduce((most, each) => (each[1] > most[1] ? each : most), [0, -1])[0];
  }
  return nodes[0];
}

function joinPath(folder, name) {
  return folder === "/" ? `/${name}` : `${folder}/${name}`;
}

/* `place(layer, row)` gives the node of a folder's row in a layer; a view by folder gives the same one for all layers. */
function addFiles(data, nodes, place, isByLayer) {
  for (const [row, name, ...numbers] of data.files) {
    let shared = null;
    for (let at = 0; at < numbers.length; at += 4) {
      const [layer, size, fate, other] = numbers.slice(at, at + 4), folder = place(layer, row);
      if (!shared || isByLayer) {
        shared = makeNode("file", name, folder, joinPath(folder.path, name));
        nodes.push(shared);
        shared.files = 1;
      }
      addPiece(shared, layer, size, fate >= REMOVED && fate <= METADATA ? size : 0, 0);
      if (fate === REPEATED) shared.repeated += size;
      shared.pieces.push({ layer, size, fate, other });
    }
  }
  const others = new Map();
  for (const [row, layer, size, wasted, files] of data.others) {
    const folder = place(layer, row);
    if (!others.has(folder)) {
      others.set(folder, makeNode("others", "", folder, folder.path));
      nodes.push(others.get(folder));
    }
    addPiece(others.get(folder), layer, size, wasted, files);
  }
  for (const node of others.values()) node.name = `${node.files.toLocaleString("en")} smaller files`;
}

function buildByFolder(data) {
  const nodes = [];
  for (const [parent, name] of data.folders) {
    const above = parent < 0 ? null : nodes[parent];
    nodes.push(makeNode("folder", above ? name : "/", above, above ? joinPath(above.path, name) : "/"));
  }
  const folders = nodes.slice();
  addFiles(data, nodes, (layer, row) => folders[row], false);
  return addUp(nodes);
}

function buildByLayer(data) {
  const root = makeNode("folder", "all layers", null, "/"), nodes = [root], known = new Map();
  function place(layer, row) {
    const missing = [];
    for (let at = row; at >= 0 && !known.has(`${layer}:${at}`); at = data.folders[at][0]) missing.push(at);
    for (const at of missing.reverse()) {
      const [parent, name] = data.folders[at], above = known.get(`${layer}:${parent}`);
      const node = parent < 0 ? makeNode("layer", `layer ${layer}`, root, "/")
        : makeNode("folder", name, above, joinPath(above.path, name));
      known.set(`${layer}:${at}`, node);
      nodes.push(node);
    }
    return known.get(`${layer}:${row}`);
  }
  addFiles(data, nodes, place, true);
  for (const node of root.children) node.note = data.layers[Number(node.name.slice(6))] || "";
  return addUp(nodes);
}

/* A node with the folders below that are all it holds: `usr/local/lib` is one step. */
function passThrough(node) {
  let last = node;
  while (last.children.length === 1 && last.children[0].kind === "folder") last = last.children[0];
  return last;
}

function describe(node, whole) {
  const where = node.kind === "others" ? `${node.path}: ${node.name}` : node.kind === "layer" ? `${node.name}: ${node.note}`
    : node.parent ? node.path : node.name;
  const parts = [tellSize(node.size), tellShare(node.size, whole)];
  if (node.kind !== "file" && node.kind !== "others") parts.push(node.files === 1 ? "1 file" : `${tellCount(node.files)} files`);
  const layers = [...node.byLayer.keys()].sort((one, two) => one - two);
  if (node.kind !== "layer" && layers.length) {
    const shown = layers.slice(0, 8).join(", ") + (layers.length > 8 ? ", …" : "");
    parts.push(`${layers.length === 1 ? "layer" : "layers"} ${shown}`);
  }
  if (node.wasted) parts.push(`${tellSize(node.wasted)} wasted`);
  for (const piece of node.pieces.slice(0, 4)) {
    if (piece.fate) parts.push(`layer ${piece.layer}: ${FATES[piece.fate]} ${piece.other}`);
  }
  return [where, ...parts].join(" · ");
}
