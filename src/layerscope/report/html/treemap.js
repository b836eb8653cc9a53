/* The map: a cell a file or folder, as large as its bytes; squarified, after Bruls, Huizing and van Wijk (2000). */

const MOST_CELLS = 1600, DEEPEST = 7, HEADER = 17, LEAST_SIDE = 4, LEAST_DRAWN = 0.6, MOST_ROWS = 18, MOST_SIGNS = 60;
const HUES = [210, 150, 265, 185, 90, 235, 170, 300, 125, 55];

function worstRatio(row, sum, side, scale) {
  const thickness = sum * scale / side;
  return row.reduce((worst, each) => {
    const length = each.value * scale / thickness;
    return Math.max(worst, length / thickness, thickness / length);
  }, 0);
}

/* Rectangles for values that are sorted, the largest first; their areas are as the values. */
function squarify(items, x, y, width, height) {
  const placed = [];
  const total = items.reduce((sum, each) => sum + each.value, 0), scale = width * height / total;
  let start = 0;
  while (start < items.length && width > 0 && height > 0) {
    const side = Math.min(width, height), row = [items[start]];
    let sum = items[start].value, ratio = worstRatio(row, sum, side, scale);
    for (let next = start + 1; next < items.length; next += 1) {
      const grown = worstRatio([...row, items[next]], sum + items[next].value, side, scale);
      if (grown > ratio) break;
      row.push(items[next]);
      sum += items[next].value;
      ratio = grown;
    }
    const thickness = sum * scale / side;
    let offset = 0;
    for (const each of row) {
      const length = each.value * scale / thickness;
      placed.push(width >= height ? { item: each, x, y: y + offset, width: thickness, height: length }
        : { item: each, x: x + offset, y, width: length, height: thickness });
      offset += length;
    }
    if (width >= height) {
      x += thickness;
      width -= thickness;
    } else {
      y += thickness;
      height -= thickness;
    }
    start += row.length;
  }
  return placed;
}

function cutText(text, most) {
  return text.length > most ? `${text.slice(0, most - 1).trimEnd()}…` : text;
}

/* What a folder's cell has for what lies in it, below its name. */
function shrink({ x, y, width, height }) {
  return { x: x + 3, y: y + HEADER + 2, width: width - 6, height: height - HEADER - 5 };
}

class Treemap {
  constructor(data) {
    this.data = data;
    this.roots = { folders: buildByFolder(data), layers: null };
    this.view = "folders";
    this.isWasteOnly = false;
    this.map = document.getElementById("map");
    this.node = this.root;
    this.map.addEventListener("keydown", (event) => this.obeyKey(event));
    this.map.addEventListener("click", (event) => this.obeyClick(event));
    for (const kind of ["focusin", "mouseover"]) {
      this.map.addEventListener(kind, (event) => this.tell(this.findCell(event.target)));
    }
  }

  get root() {
    if (!this.roots[this.view]) this.roots[this.view] = buildByLayer(this.data);
    return this.roots[this.view];
  }

  value(node) {
    return this.isWasteOnly ? node.wasted : node.size;
  }

  choose(view, isWasteOnly) {
    this.view = view;
    this.isWasteOnly = isWasteOnly;
    this.show(this.root, null);
  }

  /* Shows what lies in a node; `focused` is the node whose cell then has the focus, the largest one where that has
     none; null for none. */
  show(node, focused) {
    this.node = node;
    this.draw();
    this.drawCrumbs();
    this.drawList();
    this.tell(null);
    const cell = focused && (this.cells.find((each) => each.node === focused) || this.cells[0]);
    if (cell) this.focus(cell);
  }

  draw() {
    this.cells = [];
    this.map.replaceChildren();
    if (this.value(this.node) > 0) {
      this.placeAll({ x: 0, y: 0, width: this.map.clientWidth, height: this.map.clientHeight });
      if (this.cells.length) this.cells[0].button.tabIndex = 0;
    } else {
      this.map.append(makeElement("p", this.isWasteOnly ? "No bytes are wasted here." : "No file has any bytes here."));
    }
  }

  sortChildren(node) {
    return node.children.filter((each) => this.value(each) > 0)
      .map((each) => ({ node: each, value: this.value(each) }))
      .sort((one, two) => two.value - one.value || (one.node.name < two.node.name ? -1 : 1));
  }

  /* Level by level, so that what is cut for its number lies deep; a folder is open where most of what
     it holds can be drawn. */
  placeAll(whole) {
    const pending = [{ inner: this.node, above: null, rect: whole, depth: 0 }];
    for (let next = 0; next < pending.length && this.cells.length < MOST_CELLS; next += 1) {
      const { inner, above, rect, depth } = pending[next];
      const fitting = squarify(this.sortChildren(inner), rect.x, rect.y, rect.width, rect.height)
        .filter((each) => each.width >= LEAST_SIDE && each.height >= LEAST_SIDE);
      const drawn = fitting.reduce((area, each) => area + each.width * each.height, 0);
      if (above && drawn < LEAST_DRAWN * rect.width * rect.height) continue;
      if (above) above.button.classList.add("open");
      for (const placed of fitting.slice(0, MOST_CELLS - this.cells.length)) {
        const cell = this.addCell(placed, above, depth + 1);
        if (depth + 1 < DEEPEST && cell.inner.children.length && placed.width > 70 && placed.height > 48) {
          pending.push({ inner: cell.inner, above: cell, rect: shrink(placed), depth: depth + 1 });
        }
      }
    }
  }

  addCell(rect, above, depth) {
    const { node, value } = rect.item, inner = passThrough(node), names = [node.name];
    const button = makeElement("button", undefined, `cell ${node.kind} depth-${depth}`);
    for (let each = inner; each !== node; each = each.parent) names.splice(1, 0, each.name);
    button.type = "button";
    button.tabIndex = -1;
    button.title = describe(node, this.root.size);
    button.setAttribute("aria-label", button.title);
    const { style } = button;
    style.left = `${rect.x}px`;
    style.top = `${rect.y}px`;
    style.width = `${Math.max(rect.width - 1, 1)}px`;
    style.height = `${Math.max(rect.height - 1, 1)}px`;
    style.setProperty("--hue", HUES[node.layer % HUES.length]);
    if (node.wasted) {
      const waste = makeElement("span", undefined, "waste");
      waste.style.width = this.isWasteOnly ? "100%" : `${100 * node.wasted / node.size}%`;
      button.append(waste);
    }
    if (node.repeated) button.classList.add("repeated");
    if (rect.width > 34 && rect.height > 15) {
      button.append(makeElement("span", names.join("/") + (node.note ? `  ${node.note}` : ""), "name"));
      if (rect.height > 32) button.append(makeElement("span", tellSize(value), "size"));
    }
    const cell = { node, inner, button, above };
    this.cells.push(cell);
    this.map.append(button);
    return cell;
  }

  drawCrumbs() {
    const steps = [];
    for (let node = this.node; node; node = node.parent) steps.unshift(node);
    document.getElementById("crumbs").replaceChildren(...steps.map((node) => {
      const item = makeElement("li"), button = makeElement("button", node.name);
      button.type = "button";
      button.addEventListener("click", () => this.show(node, null));
      if (node === this.node) button.setAttribute("aria-current", "location");
      item.append(button);
      return item;
    }));
  }

  drawList() {
    const table = makeElement("table"), body = makeElement("tbody"), head = makeElement("tr");
    const told = `${this.node.kind === "folder" && this.node.parent ? this.node.path : this.node.name}: ${
      tellSize(this.value(this.node))}`;
    table.append(makeElement("caption", told));
    for (const name of ["name", "size", "share", "wasted"]) {
      const cell = makeElement("th", name, name === "name" ? "" : "number");
      cell.scope = "col";
      head.append(cell);
    }
    const rows = this.sortChildren(this.node);
    for (const { node, value } of rows.slice(0, MOST_ROWS)) body.append(this.makeRow(node, value));
    const group = makeElement("thead");
    group.append(head);
    table.append(group, body);
    const left = rows.length - MOST_ROWS;
    const more = left > 0 ? [makeElement("p", `and ${left.toLocaleString("en")} more`, "note")] : [];
    document.getElementById("list").replaceChildren(table, ...more);
  }

  makeRow(node, value) {
    const row = makeElement("tr"), name = makeElement("td");
    if (node.children.length) {
      const button = makeElement("button", node.name + (node.kind === "folder" ? "/" : ""));
      button.type = "button";
      button.addEventListener("click", () => this.show(passThrough(node), null));
      name.append(button);
    } else {
      name.textContent = node.name;
    }
    if (node.note) name.append(makeElement("span", ` ${cutText(node.note, MOST_SIGNS)}`, "note"));
    row.append(name);
    const wasted = node.wasted ? tellSize(node.wasted) : "";
    for (const text of [tellSize(value), tellShare(value, this.value(this.root)), wasted]) {
      row.append(makeElement("td", text, "number"));
    }
    return row;
  }

  findCell(target) {
    const button = target.closest(".cell");
    return this.cells.find((each) => each.button === button) || null;
  }

  tell(cell) {
    document.getElementById("told").textContent = describe(cell ? cell.node : this.node, this.root.size);
  }

  focus(cell) {
    for (const each of this.cells) each.button.tabIndex = each === cell ? 0 : -1;
    cell.button.focus();
  }

  enter(cell) {
    if (cell.inner.children.length) this.show(cell.inner, cell.inner);
    else this.focus(cell);
  }

  leave() {
    const before = this.node;
    if (!before.parent) return;
    let above = before.parent;
    while (above.parent && above.children.length === 1) above = above.parent;
    let child = before;
    while (child.parent !== above) child = child.parent;
    this.show(above, child);
  }

  obeyClick(event) {
    const cell = this.findCell(event.target);
    if (cell) this.enter(cell);
  }

  obeyKey(event) {
    const cell = this.findCell(event.target);
    if (!cell) return;
    const beside = this.cells.filter((each) => each.above === cell.above), place = beside.indexOf(cell);
    const moves = {
      ArrowRight: () => this.focus(beside[Math.min(place + 1, beside.length - 1)]),
      ArrowLeft: () => this.focus(beside[Math.max(place - 1, 0)]),
      Home: () => this.focus(beside[0]),
      End: () => this.focus(beside[beside.length - 1]),
      ArrowDown: () => {
        const below = this.cells.find((each) => each.above === cell);
        if (below) this.focus(below);
        else this.enter(cell);
      },
      ArrowUp: () => (cell.above ? this.focus(cell.above) : this.leave()),
      Escape: () => this.leave(),
      Backspace: () => this.leave(),
    };
    if (!moves[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    moves[event.key]();
  }

  /* Shows a path that a search found: what lies in a folder, or a file among its neighbours. */
  showPath(node) {
    if (node.children.length) this.show(passThrough(node), node);
    else this.show(node.parent, node);
    document.getElementById("sizes").scrollIntoView();
  }
}
