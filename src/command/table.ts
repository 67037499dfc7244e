// Numbers and tables for people.

export const number = (n: number): string => n.toLocaleString('en-US');
export const percent = (rate: number): string => `${Number((rate * 100).toPrecision(4))} %`;
export const plural = (n: number, one: string, many = `${one}s`): string => `${number(n)} ${n === 1 ? one : many}`;

/** A table as text. Columns are aligned to the right, except the first one, and the second one of two. */
export function table(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) => {
      const cells = row.map((cell, i) =>
        i === 0 || columns === 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
      );
      return cells.join('  ').trimEnd();
    })
    .join('\n');
}
