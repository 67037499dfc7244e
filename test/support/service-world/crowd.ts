// People with their devices: one or two each, which crash, leave, or are put back to an older state.
import type { LoadedInput } from '../../../src/agent/inputs.ts';
import type { Exchange } from '../../../src/service/exchange.ts';
import { Device, DeviceStore, type DeviceTerms } from './device.ts';
import type { Person } from './parties.ts';
import type { Settings } from './weather.ts';

export interface CrowdTerms extends Pick<DeviceTerms, 'timeline' | 'draws' | 'watch' | 'exchange' | 'seeds' | 'options'> {
  /** Whether an application gives an input of the run before once more. */
  isStale(): boolean;
  readonly settings: Pick<Settings, 'device' | 'twins' | 'dropOut' | 'backup'>;
}

/** The devices of one person: one, or two with the same store. */
export function settle(person: Person, terms: CrowdTerms): readonly Device[] {
  const { timeline, draws, watch, seeds, options } = terms;
  const { device: weather, twins, dropOut, backup } = terms.settings;
  watch.hasSource(person, options.source ?? '');
  const store = new DeviceStore((before, after) => {
    watch.stored(person, before, after);
  });
  const inputFor = (run: number, payload: Uint8Array | null): LoadedInput | null => {
    watch.loads(run, payload);
    if (draws.chance(0.1)) return null;
    const of = terms.isStale() ? run - 1 : run;
    const name = `input ${of}`;
    const data = [person.id, of, -person.id];
    watch.gave(person, options.source ?? '', name, data);
    return { id: name, data };
  };
  const exchange: Exchange = async (request, about) => {
    watch.sent(person, request, store.stored);
    return terms.exchange(request, about);
  };
  const devices = Array.from({ length: draws.chance(twins) ? 2 : 1 }, () => {
    const delay = draws.between(0, 15_000);
    return new Device({ timeline, draws, weather, watch, person, store, exchange, seeds, inputFor, options }, delay);
  });
  if (draws.chance(dropOut)) {
    timeline.after(draws.between(0, 200_000), () => {
      for (const device of devices) device.leave();
    });
  }
  if (draws.chance(backup)) restoreBackup(terms, store, devices);
  return devices;
}

/** A state is copied, and put back later: the person's agent must not go on with it. */
function restoreBackup({ timeline, draws, watch }: CrowdTerms, store: DeviceStore, devices: readonly Device[]): void {
  timeline.after(draws.between(10_000, 120_000), () => {
    const copied = store.stored;
    timeline.after(draws.between(10_000, 120_000), () => {
      if (copied === null) return;
      watch.note('a backup was restored');
      store.stored = copied;
      for (const device of devices) device.crash();
    });
  });
}
