// All benches in the order of the report, and the figures of all of them.
import type { Bench } from './bench.ts';
import { bytes, type ByteFigures } from './bytes.ts';
import { encoding, type EncodingFigures } from './encoding.ts';
import { load, type LoadFigures } from './load.ts';
import type { Machine } from './machine.ts';
import { masks, type MaskFigures } from './masks.ts';
import { memory, type MemoryFigures } from './memory.ts';
import { noise, type NoiseFigures } from './noise.ts';
import { peers, type PeerFigures } from './peers.ts';
import { pet, type PetFigures } from './pet.ts';
import { postgres, type PostgresFigures } from './postgres.ts';
import { prio } from './prio.ts';
import type { PrioFigures } from './peers/prio.ts';
import { receiving, type ReceivingFigures } from './receiving.ts';
import { scale, type ScaleFigures } from './scale.ts';
import { session, type SessionFigures } from './session.ts';
import { uses, type UseFigures } from './uses.ts';

export interface Figures {
  readonly masks: MaskFigures;
  readonly peers: PeerFigures;
  readonly prio: PrioFigures;
  readonly receiving: ReceivingFigures;
  readonly memory: MemoryFigures;
  readonly session: SessionFigures;
  readonly uses: readonly UseFigures[];
  readonly scale: ScaleFigures;
  readonly bytes: ByteFigures;
  readonly encoding: EncodingFigures;
  readonly noise: NoiseFigures;
  readonly postgres: PostgresFigures;
  readonly load: LoadFigures;
  readonly pet: PetFigures;
}

export type BenchName = keyof Figures;

export const BENCHES: { readonly [Name in BenchName]: Bench<Figures[Name]> } = {
  masks,
  peers,
  prio,
  receiving,
  memory,
  session,
  uses,
  scale,
  bytes,
  encoding,
  noise,
  postgres,
  load,
  pet,
};

export const BENCH_NAMES = Object.keys(BENCHES) as readonly BenchName[];

/** The figures of all benches. If only some were run, the figures of the others are those of their last run. */
export interface Run<Measured = Partial<Figures>> {
  readonly quick: boolean;
  /** Where and when each bench was run. */
  readonly machines: Readonly<Partial<Record<BenchName, Machine>>>;
  readonly figures: Measured;
}
