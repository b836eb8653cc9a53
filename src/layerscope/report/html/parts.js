/* The way to the parts of a page, by their headings. */

function makeElement(tag, text, className) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/* The words of an element, those of its parts kept apart. */
function readText(element) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), words = [];
  while (walker.nextNode()) words.push(walker.currentNode.data);
  return words.join(" ").toLowerCase();
}

/* `/` leads to the search field, Escape empties it; `run` is called a moment after each change. */
function startSearch(field, run) {
  let timer;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(run, 120);
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.closest("input, textarea, select");
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      field.focus();
    } else if (event.key === "Escape" && event.target === field) {
      field.value = "";
      run();
    }
  });
}

function listParts() {
  const sections = [...document.querySelectorAll("main > section")].filter((each) => each.id !== "results");
  document.getElementById("parts").replaceChildren(...sections.map((section) => {
    const item = makeElement("li"), link = makeElement("a", section.querySelector("h2").textContent);
    link.href = `#${section.id}`;
    item.append(link);
    return item;
  }));
}
