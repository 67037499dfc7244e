// What kinds of worlds there are: each seed has its own weather.
import type { TaskDefinition } from '../../../src/service/task.ts';
import type { Draws } from './draws.ts';
import { CALM, type Weather } from './gate.ts';
import { GOOD_NETWORK, type NetworkWeather } from './network.ts';

export interface Settings {
  /** Whether the cryptography is the real one. */
  readonly isReal: boolean;
  /** For each data source. */
  readonly users: number;
  /** Names of data sources. */
  readonly sources: readonly string[];
  /** Runs of each source, one after the other. */
  readonly runs: number;
  /** Processes of the coordinator. */
  readonly stations: number;
  readonly station: Weather;
  readonly device: Weather;
  readonly network: NetworkWeather;
  /** That a person has two devices with one store. */
  readonly twins: number;
  /** That a person's device is gone for good some time. */
  readonly dropOut: number;
  /** That a person's store is put back to an older state. */
  readonly backup: number;
  /** That a clock jumps, every ten seconds. */
  readonly jumps: number;
  readonly definition: Partial<TaskDefinition>;
}

/** Nothing goes wrong. */
export const FAIR: Settings = {
  isReal: false,
  users: 5,
  sources: [''],
  runs: 1,
  stations: 1,
  station: CALM,
  device: CALM,
  network: GOOD_NETWORK,
  twins: 0,
  dropOut: 0,
  backup: 0,
  jumps: 0,
  definition: {},
};

/** Anything may go wrong, some of it often. */
export function weatherOf(draws: Draws): Settings {
  const some = (most: number): number => (draws.chance(0.5) ? 0 : draws.fraction() * most);
  const process = (): Weather => ({
    slow: some(0.3),
    latency: draws.between(10, 2000),
    failure: some(0.005),
    crash: some(0.002),
  });
  return {
    isReal: draws.chance(1 / 20),
    users: draws.between(4, 9),
    sources: draws.chance(0.15) ? ['', 'other'] : [''],
    runs: draws.between(1, 3),
    stations: draws.between(1, 3),
    station: process(),
    device: process(),
    network: {
      latency: draws.between(10, 1000),
      lost: some(0.06),
      duplicated: some(0.1),
      replayed: some(0.1),
      garbled: some(0.01),
    },
    twins: some(0.3),
    dropOut: some(0.2),
    backup: some(0.2),
    jumps: some(0.02),
    definition: {},
  };
}
