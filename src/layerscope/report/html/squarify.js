/* Rectangles as large as values, and as square as can be: after Bruls, Huizing and van Wijk (2000). */

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
