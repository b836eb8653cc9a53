"use strict";

/* What a person looks for: all words must occur; in a name or a part of a path, `*` and `?` stand for any signs. */

function makeMatcher(query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
    if (!/[*?]/.test(word)) return (text) => text.includes(word);
    const escaped = word.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, "[^/]*").replace(/\?/g, "[^/]");
    const pattern = new RegExp(`(^|[/ ])${escaped}($|[/ ])`);
    return (text) => pattern.test(text);
  });
  return words.length ? (text) => words.every((matches) => matches(text)) : null;
}
