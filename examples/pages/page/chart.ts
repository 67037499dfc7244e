// A line through some shares between 0 and 1.
const SVG = 'http://www.w3.org/2000/svg';
const WIDTH = 320;
const HEIGHT = 120;
const MARGIN = 8;
/** Beside the line, for the numbers of the grid. */
const NUMBERS = 40;

function drawn(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** @param label says the same in words. @param nameOf writes a share. */
export function chartOf(shares: readonly number[], label: string, nameOf: (share: number) => string): SVGElement {
  const chart = drawn('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label });
  const heightOf = (share: number): number => HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN);
  const left = MARGIN + NUMBERS;
  for (const share of [0, 0.5, 1]) {
    const y = heightOf(share);
    const number = drawn('text', { x: NUMBERS, y: y + 4, class: 'number' });
    number.textContent = nameOf(share);
    chart.append(number, drawn('line', { x1: left, x2: WIDTH - MARGIN, y1: y, y2: y, class: 'grid' }));
  }
  const step = (WIDTH - left - MARGIN) / Math.max(shares.length - 1, 1);
  const points = shares.map((share, i) => [left + i * step, heightOf(share)] as const);
  chart.append(drawn('polyline', { points: points.map(([x, y]) => `${x},${y}`).join(' '), class: 'line' }));
  for (const [cx, cy] of points) chart.append(drawn('circle', { cx, cy, r: 3, class: 'point' }));
  return chart;
}
