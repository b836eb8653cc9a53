/* The map: a cell a file or folder, as large as its bytes. */

const MOST_CELLS = 1600, DEEPEST = 7, HEADER = 17, LEAST_SIDE = 4, LEAST_DRAWN = 0.6, MOST_ROWS = 18, MOST_SIGNS = 60;
const HUES = [210, 150, 265, 185, 90, 235, 170, 300, 125, 55];

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
    this.roots = {};
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
    if (!this.roots[this.view]) this.roots[this.view] = this.build(this.view);
    return this.roots[this.view];
  }

  build(view) {
    return view === "folders" ? buildByFolder(this.data) : buildByLayer(this.data);
  }

  value(node) {
    return this.isWasteOnly ? node.wasted : node.size;
  }

  /* The part of a cell that is hatched, in percent. */
  hatch(node) {
    return this.isWasteOnly ? 100 : 100 * node.wasted / node.size;
  }

  hue(node) {
    return HUES[node.layer % HUES.length];
  }

  describe(node) {
    return describe(node, this.root.size);
  }

  get columns() {
    return ["name", "size", "share", "wasted"];
  }

  tellNone() {
    return this.isWasteOnly ? "No bytes are wasted here." : "No file has any bytes here.";
  }

  tellWhole(node) {
    return tellSize(this.value(node));
  }

  tellRow(node) {
    const value = this.value(node);
    return [tellSize(value), tellShare(value, this.value(this.root)), node.wasted ? tellSize(node.wasted) : ""];
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
      this.map.append(makeElement("p", this.tellNone()));
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
    const { node } = rect.item, inner = passThrough(node), names = [node.name];
    const button = makeElement("button", undefined, `cell ${node.kind} depth-${depth}`);
    for (let each = inner; each !== node; each = each.parent) names.splice(1, 0, each.name);
    button.type = "button";
    button.tabIndex = -1;
    button.title = this.describe(node);
    button.setAttribute("aria-label", button.title);
    const { style } = button;
    style.left = `${rect.x}px`;
    style.top = `${rect.y}px`;
    style.width = `${Math.max(rect.width - 1, 1)}px`;
    style.height = `${Math.max(rect.height - 1, 1)}px`;
    style.setProperty("--hue", this.hue(node));
    if (node.wasted && this.hatch(node)) {
      const waste = makeElement("span", undefined, "waste");
      waste.style.width = `${this.hatch(node)}%`;
      button.append(waste);
    }
    if (node.repeated) button.classList.add("repeated");
    if (rect.width > 34 && rect.height > 15) {
      button.append(makeElement("span", names.join("/") + (node.note ? `  ${node.note}` : ""), "name"));
      if (rect.height > 32) button.append(makeElement("span", this.tellWhole(node), "size"));
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
      this.tellWhole(this.node)}`;
    table.append(makeElement("caption", told));
    for (const name of this.columns) {
      const cell = makeElement("th", name, name === "name" ? "" : "number");
      cell.scope = "col";
      head.append(cell);
    }
    const rows = this.sortChildren(this.node);
    for (const { node } of rows.slice(0, MOST_ROWS)) body.append(this.makeRow(node));
    const group = makeElement("thead");
    group.append(head);
    table.append(group, body);
    const left = rows.length - MOST_ROWS;
    const more = left > 0 ? [makeElement("p", `and ${left.toLocaleString("en")} more`, "note")] : [];
    document.getElementById("list").replaceChildren(table, ...more);
  }

  makeRow(node) {
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
    for (const text of this.tellRow(node)) row.append(makeElement("td", text, "number"));
    return row;
  }

  findCell(target) {
    const button = target.closest(".cell");
    return this.cells.find((each) => each.button === button) || null;
  }

  tell(cell) {
    document.getElementById("told").textContent = this.describe(cell ? cell.node : this.node);
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
