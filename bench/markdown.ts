// Figures as Markdown. The layout is that of the formatter, so that it can be read in a terminal too.

/** Numbers are shortened; null is a dash. */
export type Cell = string | number | null;

/** A number with three significant digits, or with all digits before the point. */
export function short(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

/** A number rounded to an integer. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en');
}

export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = rows.map((row) => row.map(textOf));
  const columns = head.map((name, i) => {
    const cells = lines.map((line) => line[i] ?? '');
    return { width: Math.max(3, name.length, ...cells.map((cell) => cell.length)), right: cells.every(isNumeric) };
  });
  const line = (cells: readonly string[]): string =>
    `| ${columns.map(({ width, right }, i) => (right ? (cells[i] ?? '').padStart(width) : (cells[i] ?? '').padEnd(width))).join(' | ')} |`;
  const rule = `| ${columns.map(({ width, right }) => (right ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(head), rule, ...lines.map(line)].join('\n');
}

const textOf = (cell: Cell): string => (cell === null ? '–' : typeof cell === 'number' ? short(cell) : cell);

const isNumeric = (text: string): boolean => /^(–|[-\d.,e]+( %)?)?$/.test(text);

/** Blocks of Markdown, one after the other. */
export function blocks(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n\n');
}
