/* Brings the page to life: what needs the script is shown, and the parts are tied together. */

function chooseView(treemap, view, isWasteOnly) {
  treemap.choose(view, isWasteOnly);
  for (const button of document.querySelectorAll("[data-view]")) {
    button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }
  document.getElementById("only-wasted").setAttribute("aria-pressed", String(isWasteOnly));
}

function startChoosers(treemap) {
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => chooseView(treemap, button.dataset.view, treemap.isWasteOnly));
  }
  document.getElementById("only-wasted").addEventListener("click", () => {
    chooseView(treemap, treemap.view, !treemap.isWasteOnly);
  });
}

function startFindings() {
  const articles = [...document.querySelectorAll("#findings article")], field = document.getElementById("finding-filter");
  const buttons = [...document.querySelectorAll("#findings [data-severity][aria-pressed]")];
  function choose() {
    const matches = makeMatcher(field.value) || (() => true);
    const wanted = new Set(buttons.filter((each) => each.getAttribute("aria-pressed") === "true")
      .map((each) => each.dataset.severity));
    for (const article of articles) {
      article.hidden = !wanted.has(article.dataset.severity) || !matches(readText(article));
    }
    const shown = articles.filter((each) => !each.hidden).length;
    document.getElementById("finding-count").textContent =
      shown < articles.length ? `${tellCount(shown)} of ${tellCount(articles.length)} findings shown` : "";
  }
  if (!field) return;
  field.addEventListener("input", choose);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
      choose();
    });
  }
  /* A link leads to a finding also where the choice hides it. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#finding-']"), article = link && document.querySelector(link.hash);
    if (!article || !article.hidden) return;
    field.value = "";
    for (const button of buttons) button.setAttribute("aria-pressed", "true");
    choose();
  });
}

/* A rule's documentation is folded away until a finding leads to it. */
function openTarget() {
  const target = /^#rule-\w+$/.test(location.hash) && document.querySelector(location.hash);
  if (!target) return;
  target.closest("details").open = true;
  target.scrollIntoView();
}

function writeLegend(data) {
  const legend = document.getElementById("legend");
  const shown = data.layers.slice(0, HUES.length).map((text, number) => {
    const mark = makeElement("span", `layer ${number}`, "swatch");
    mark.style.setProperty("--hue", HUES[number % HUES.length]);
    return mark;
  });
  legend.append(makeElement("span", "wasted: shipped and not seen", "swatch hatched"),
    makeElement("span", "same content elsewhere", "swatch repeated"), ...shown);
  if (data.layers.length > shown.length) {
    const last = data.layers.length - 1;
    const again = last > shown.length ? `layers ${shown.length} to ${tellCount(last)}` : `layer ${last}`;
    legend.append(makeElement("span", `${again}: the same colours again, from the first on`));
  }
  for (const cell of document.querySelectorAll("[data-layer]")) {
    cell.style.setProperty("--hue", HUES[Number(cell.dataset.layer) % HUES.length]);
  }
}

function start() {
  const data = JSON.parse(document.getElementById("data").textContent);
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
  const treemap = new Treemap(data);
  startChoosers(treemap);
  startFindings();
  listParts();
  writeLegend(data);
  chooseView(treemap, "folders", false);
  new Search(data, treemap);
  addEventListener("hashchange", openTarget);
  openTarget();
  const measure = () => `${treemap.map.clientWidth}x${treemap.map.clientHeight}`;
  let drawn = measure();
  new ResizeObserver(() => {
    if (measure() === drawn) return;
    drawn = measure();
    treemap.draw();
  }).observe(treemap.map);
  document.documentElement.dataset.started = "yes";
}

start();
