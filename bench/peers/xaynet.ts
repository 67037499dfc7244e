// xaynet-core, built from its crate if cargo is installed.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ask, reasonOf, run, type Skipped } from './peer.ts';

/** Medians in ms: one mask of a ring of so many bits, and its addition. */
export interface Xaynet {
  readonly version: string;
  readonly bits: number;
  readonly mask: number;
  readonly add: number;
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export function measureXaynet(components: number, runs: number): Xaynet | Skipped {
  const directory = path('../../out/xaynet');
  const build = ['build', '--release', '--quiet', '--manifest-path', path('xaynet/Cargo.toml'), '--target-dir', directory];
  try {
    run('cargo', build);
  } catch (error) {
    return { skipped: reasonOf('cargo', error) };
  }
  const figures = ask(`${directory}/release/xaynet-peer`, [components, runs]) as Omit<Xaynet, 'version'> | Skipped;
  if ('skipped' in figures) return figures;
  const [, version = ''] =
    /name = "xaynet-core"\nversion = "([^"]+)"/.exec(readFileSync(path('xaynet/Cargo.lock'), 'utf8')) ?? [];
  return { version, ...figures };
}
