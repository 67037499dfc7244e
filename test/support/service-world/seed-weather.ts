// The registrar's seeds, as all get them who ask: sometimes late, sometimes not at all, sometimes not what the registrar has signed.
import type { Registrar } from '../../../src/service/registrar.ts';
import { registrarSeeds, type SeedSource } from '../../../src/service/seeds.ts';
import type { Draws } from './draws.ts';
import { NetworkDown } from './network.ts';
import type { Watch } from './watch.ts';
import type { SeedWeather } from './weather.ts';

interface SeedParts {
  readonly draws: Draws;
  readonly registrar: Registrar;
  readonly watch: Watch;
}

export function seedsIn({ late, failure, garbled }: SeedWeather, { draws, registrar, watch }: SeedParts): SeedSource {
  const seeds = registrarSeeds({
    authority: registrar.authority,
    fetch: (time) => {
      if (draws.chance(failure)) return Promise.reject(new NetworkDown('the registrar cannot be reached'));
      if (draws.chance(late)) return Promise.resolve(null);
      return registrar.seed(draws.chance(garbled) ? time - 1 : time);
    },
  });
  return async (time, about) => {
    const seed = await seeds(time, about);
    if (seed !== null) watch.seed(time, seed);
    return seed;
  };
}
