// Prio3SumVec, which two servers add up: libprio-rs, built from its crate if cargo is installed, and the client of divviup-ts.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Prio3SumVec } from '@divviup/prio3';
import { costOf } from '../session/cost.ts';
import { medianMs } from '../statistics.ts';
import { ask, reasonOf, run, type Skipped } from './peer.ts';

/** What one vector costs: milliseconds of its user, milliseconds of all servers together, bytes that the user sends and receives. */
interface VectorCost {
  readonly client: number;
  readonly servers: number;
  readonly bytes: number;
}

export interface PrioFigures {
  readonly components: number;
  /** Bits of an input component. */
  readonly bits: number;
  /** Users of the session in which ours was measured; with Prio one vector costs the same whatever their number. */
  readonly users: number;
  readonly ours: VectorCost;
  readonly crate: (VectorCost & { readonly version: string }) | Skipped;
  /** divviup-ts, whose servers are those of the crate. */
  readonly typescript: Omit<VectorCost, 'servers'> & { readonly version: string };
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** @param crate whether the crate is built. */
export async function measurePrio(components: number, runs: number, crate: boolean): Promise<PrioFigures> {
  const [bits, users] = [16, 100];
  const size = { users, vecLen: components, bits: bits + Math.ceil(Math.log2(users)), neighbors: null, dropout: 0 };
  const { rounds } = await costOf(size);
  const total = (of: (round: (typeof rounds)[number]) => number): number => rounds.reduce((sum, round) => sum + of(round), 0);
  return {
    ...{ components, bits, users },
    ours: {
      client: total(({ userMs }) => userMs),
      servers: total(({ serverMs }) => serverMs) / users,
      bytes: total(({ bytesUp, bytesDown }) => bytesUp + bytesDown),
    },
    crate: crate ? measureCrate(components, bits, runs) : { skipped: 'it is built from source, which takes minutes' },
    typescript: await measureTypeScript(components, bits, Math.min(runs, 3)),
  };
}

function measureCrate(components: number, bits: number, runs: number): PrioFigures['crate'] {
  const directory = path('../../out/prio');
  try {
    run('cargo', ['build', '--release', '--quiet', '--manifest-path', path('prio/Cargo.toml'), '--target-dir', directory]);
  } catch (error) {
    return { skipped: reasonOf('cargo', error) };
  }
  const figures = ask(`${directory}/release/prio-peer`, [components, bits, runs]) as VectorCost | Skipped;
  if ('skipped' in figures) return figures;
  const [, version = ''] = /^prio = "=([^"]+)"$/m.exec(readFileSync(path('prio/Cargo.toml'), 'utf8')) ?? [];
  return { version, ...figures };
}

async function measureTypeScript(components: number, bits: number, runs: number): Promise<PrioFigures['typescript']> {
  const chunkLength = Math.ceil(Math.sqrt(components * bits));
  const vdaf = new Prio3SumVec({ shares: 2, length: components, bits, chunkLength });
  const measurement = Array.from({ length: components }, (_, i) => (i * 40_503) % 2 ** bits);
  const shares = (): ReturnType<typeof vdaf.shard> => vdaf.shard(measurement, randomBytes(16), randomBytes(vdaf.randSize));
  const { publicShare, inputShares } = await shares();
  const bytes = inputShares.reduce(
    (sum, share) => sum + vdaf.encodeInputShare(share).length + vdaf.encodePublicShare(publicShare).length,
    0,
  );
  const manifest = readFileSync(path('../../node_modules/@divviup/prio3/package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { readonly version: string };
  return { version, client: await medianMs(runs, shares), bytes };
}
