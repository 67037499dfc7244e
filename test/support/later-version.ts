// A stored state as a later version of the library would write it.
import { expect } from 'chai';
import { systemRandom } from '../../src/crypto/random.ts';
import { SealedStore, type StateSeal } from '../../src/participation/sealed-store.ts';
import type { AgentStore } from '../../src/participation/state-store.ts';

/** Replaces the newest state by one that opens and that this version cannot read. @returns its revision. */
export async function writeLaterVersion(store: AgentStore, seal: StateSeal): Promise<number> {
  const sealed = new SealedStore(store, seal, systemRandom);
  const text = (await sealed.load((each) => each)) ?? '';
  expect(text).to.match(/"version":\d+/);
  expect(await sealed.replace(text.replace(/"version":\d+/, '"version":99'))).to.equal(true);
  return (await store.load())!.revision;
}
