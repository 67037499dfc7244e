// Published and own test vectors.
import { readFileSync } from 'node:fs';

export const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
export const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** A row of a table in test/vectors/published, by the names of its columns; which there are depends on the table. */
export interface PublishedVector<Column extends string> {
  readonly id: number;
  readonly flags: readonly string[];
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly hex: Readonly<Record<Column, string>>;
}

export function publishedVectors<Column extends string>(file: string): PublishedVector<Column>[] {
  const path = new URL(`../vectors/published/${file}`, import.meta.url);
  const { columns, rows } = JSON.parse(readFileSync(path, 'utf8')) as { columns: string[]; rows: unknown[][] };
  return rows.map((row) => {
    const named = Object.fromEntries(columns.map((column, i) => [column, row[i]]));
    return { ...named, hex: named } as unknown as PublishedVector<Column>;
  });
}
