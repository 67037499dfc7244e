// What a coordinator must be made with.
import { expect } from 'chai';
import {
  Coordinator,
  MemoryCoordinatorStore,
  type CoordinatorOptions,
  type CoordinatorStore,
  type SessionHost,
} from '../../src/coordinator/index.ts';
import { genKeypair } from '../../src/index.ts';

describe('a coordinator’s store that is not in memory', () => {
  const made = (options: Partial<CoordinatorOptions>): Coordinator =>
    new Coordinator({ keypair: genKeypair(), tasks: [], ...options });
  const store = { heartbeat: () => undefined, createRun: () => undefined } as unknown as CoordinatorStore;
  const host = { attendance: () => undefined, create: () => undefined } as unknown as SessionHost;
  const secret = new Uint8Array(32);

  it('does not go with sessions in memory, which are gone or in another process when a run of it goes on', () => {
    expect(() => made({ store, secret })).to.throw(TypeError, 'options.host: expected a host that keeps sessions as long');
  });

  it('does not go with a secret of one process, whose tokens the other processes would refuse', () => {
    expect(() => made({ store, host })).to.throw(TypeError, 'options.secret: expected 32 bytes that all processes share');
    expect(() => made({ store, host, secret: new Uint8Array(31) })).to.throw(
      RangeError,
      'options.secret: expected 32 bytes, got 31',
    );
  });

  it('is needed for a secret: recorded requests would be taken again when the time of a store in memory begins anew', () => {
    expect(() => made({ secret })).to.throw(TypeError, 'options.secret: leave it out');
  });

  it('goes with both; a store in memory needs neither', () => {
    expect(made({ store, host, secret }).tasks).to.deep.equal([]);
    expect(made({ store: new MemoryCoordinatorStore() }).tasks).to.deep.equal([]);
    expect(made({}).tasks).to.deep.equal([]);
  });
});
