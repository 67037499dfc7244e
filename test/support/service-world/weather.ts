// What kinds of worlds there are: each seed has its own weather.
import type { TaskDefinition } from '../../../src/service/task.ts';
import type { Draws } from './draws.ts';
import { groupOnGraph, groupWithCohorts, VEC_LEN } from './parties.ts';
import { CALM, type Weather } from './gate.ts';
import { GOOD_NETWORK, type NetworkWeather } from './network.ts';

export interface Settings {
  /** Whether the cryptography is the real one. */
  readonly isReal: boolean;
  /** Of a session, at most. */
  readonly users: number;
  /** Of each data source; with cohorts more than a session takes. */
  readonly people: number;
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
  /** That an application gives an input of the run before once more. */
  readonly stale: number;
  /** That a clock jumps, every ten seconds. */
  readonly jumps: number;
  /** Of the registrar's seeds, each time that somebody asks. */
  readonly seeds: SeedWeather;
  readonly definition: Partial<TaskDefinition>;
}

export interface SeedWeather {
  /** That the seed is not there yet although its time has come. */
  readonly late: number;
  /** That its source fails. */
  readonly failure: number;
  /** That what comes is not what the registrar has signed. */
  readonly garbled: number;
}

/** Nothing goes wrong. */
export const FAIR: Settings = {
  isReal: false,
  users: 5,
  people: 5,
  sources: [''],
  runs: 1,
  stations: 1,
  station: CALM,
  device: CALM,
  network: GOOD_NETWORK,
  twins: 0,
  dropOut: 0,
  backup: 0,
  stale: 0,
  jumps: 0,
  seeds: { late: 0, failure: 0, garbled: 0 },
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
    ...sizesOf(draws),
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
    stale: 0.02,
    jumps: some(0.02),
    seeds: { late: some(0.5), failure: some(0.3), garbled: some(0.1) },
  };
}

/** The same with so many people, who are summed in cohorts of up to 20. A coordinator crashes as often in all as with a few. */
export function crowdedWeatherOf(draws: Draws, people: number): Settings {
  const weather = weatherOf(draws);
  const users = 20;
  const cohorts = Math.ceil(people / users) + 2;
  return {
    ...weather,
    ...{ isReal: false, users, people, sources: [''], runs: 1 },
    station: { ...weather.station, crash: (weather.station.crash * 20) / people },
    definition: { aggregate: { kind: 'integers', vecLen: VEC_LEN, bits: 40 }, group: groupWithCohorts(users, cohorts) },
  };
}

/** One world in four has cohorts, one in thirteen a sparse graph, and one in twenty the real cryptography. */
function sizesOf(draws: Draws): Pick<Settings, 'isReal' | 'users' | 'people' | 'definition'> {
  if (!draws.chance(1 / 4)) {
    if (draws.chance(0.1)) {
      const users = draws.between(9, 12);
      const group = groupOnGraph(users, 0);
      return { isReal: false, users, people: users, definition: { group, minUsers: group.threshold } };
    }
    const isReal = draws.chance(1 / 15);
    const users = draws.between(4, isReal ? 20 : 9);
    return { isReal, users, people: users, definition: {} };
  }
  const users = draws.between(4, 6);
  return { isReal: false, users, people: draws.between(8, 16), definition: { group: groupWithCohorts(users) } };
}
