/* Rows of a page are chosen by words; a part of which nothing is left is hidden. */

function start() {
  for (const part of document.querySelectorAll("[data-script]")) part.hidden = false;
  listParts();
  if (typeof startGrowth === "function") startGrowth(); // of pages with a map
  const field = document.getElementById("search"), shown = "main > section:not(#sizes)";
  const rows = [...document.querySelectorAll(`${shown} tbody tr, ${shown} li`)];
  const texts = rows.map(readText), sections = document.querySelectorAll(shown);
  startSearch(field, () => {
    const matches = makeMatcher(field.value);
    let count = 0;
    rows.forEach((row, place) => {
      row.hidden = Boolean(matches) && !matches(texts[place]);
      count += row.hidden ? 0 : 1;
    });
    for (const section of sections) section.hidden = !section.querySelector("tbody tr:not([hidden]), li:not([hidden])");
    const told = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows shown`;
    document.getElementById("results-count").textContent = matches ? told : "";
  });
  document.documentElement.dataset.started = "yes";
}

start();
