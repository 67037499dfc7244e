// A secret whose life has ended is overwritten where it lies, not only forgotten: whoever reads the memory of a device
// later (a core file, a swap file, a bug) must not find it. The tests look at the arrays themselves: those that the
// engine is given and gives, those that dealing makes, and those that the state holds.
import { platform } from '#platform';
import { expect } from 'chai';
import { createHmac } from 'node:crypto';
import { split } from '../../src/crypto/shamir.ts';
import { systemRandom } from '../../src/crypto/random.ts';
import type { UserWrapper } from '../../src/index.ts';
import { platform as node } from '../../src/platform/node.ts';
import { userWith, withPlatform } from '../support/injected.ts';
import { encodeFields } from '../../src/wire/msgpack.ts';
import { rejected } from '../support/errors.ts';
import { Session } from '../support/session.ts';
import { dealInconsistently } from '../support/user-lies.ts';

const IDS = [5, 10, 20, 30];
const USER = 10;

const isWiped = (secret: Uint8Array): boolean => secret.every((byte) => byte === 0);
const wiped = (secrets: readonly Uint8Array[]): boolean[] => secrets.map(isWiped);
const all = (count: number, value: boolean): boolean[] => new Array<boolean>(count).fill(value);

/** What passed through the engine while something ran: the arrays, not copies of them. */
interface Passed {
  /** Drawn: secret keys and seeds. */
  readonly drawn: Uint8Array[];
  /** Secret keys that something was agreed with. */
  readonly agreedWith: Uint8Array[];
  /** What keys were derived from: agreements and seeds. */
  readonly sources: Uint8Array[];
  readonly derived: Uint8Array[];
}

async function passing(run: () => Promise<unknown>): Promise<Passed> {
  const passed: Passed = { drawn: [], agreedWith: [], sources: [], derived: [] };
  const engine = { ...platform };
  platform.randomBytes = (length) => {
    const bytes = engine.randomBytes(length);
    if (length === 32) passed.drawn.push(bytes);
    return bytes;
  };
  platform.x25519 = (secretKey) => {
    passed.agreedWith.push(secretKey);
    return engine.x25519(secretKey);
  };
  platform.hkdfSha256 = (secret, salt, info) => {
    const key = engine.hkdfSha256(secret, salt, info);
    passed.sources.push(secret);
    passed.derived.push(key);
    return key;
  };
  try {
    await run();
  } finally {
    Object.assign(platform, engine);
  }
  return passed;
}

/** The arrays that something cuts up, or copies into others (into those of one length only), while it runs. */
async function taken(name: 'cut' | 'copied', run: () => Promise<unknown>, into?: number): Promise<Uint8Array[]> {
  const sources = new Set<Uint8Array>();
  const prototype = Reflect.getPrototypeOf(Uint8Array.prototype)!;
  const own = Object.getOwnPropertyDescriptors(prototype);
  for (const method of name === 'cut' ? ['slice', 'subarray'] : ['set']) {
    const original = Reflect.get(prototype, method) as (...args: unknown[]) => unknown;
    Reflect.set(prototype, method, function (this: Uint8Array, ...args: unknown[]) {
      if (name === 'cut') sources.add(this);
      else if (into === undefined || this.length === into) sources.add(args[0] as Uint8Array);
      return original.apply(this, args);
    });
  }
  try {
    await run();
  } finally {
    Object.defineProperties(prototype, own);
  }
  return [...sources];
}

const SECRET_FIELDS = ['signSecretKey', 'channelSecretKey', 'maskSecretKey', 'selfMaskSeed', 'ownShare', 'holdings'] as const;

/** The arrays behind the secrets in a user's state, by field: its codec is handed each of them when the state is written. */
function secretsOf(user: UserWrapper): Record<string, Uint8Array[]> {
  const arrays = new Map<string, Uint8Array>();
  const engine = { ...platform };
  platform.toBase64 = (bytes) => {
    const text = engine.toBase64(bytes);
    arrays.set(text, bytes);
    return text;
  };
  let text: string;
  try {
    text = user.serializeState();
  } finally {
    Object.assign(platform, engine);
  }
  const { state, input } = JSON.parse(text) as { state: Record<string, unknown>; input: string | null };
  const arraysIn = (value: unknown): Uint8Array[] =>
    typeof value === 'string'
      ? [arrays.get(value)!]
      : typeof value === 'object' && value !== null
        ? Object.values(value).flatMap(arraysIn)
        : [];
  const peers = (state.peers ?? []) as { readonly openingKey?: string }[];
  const openingKeys = peers.flatMap(({ openingKey }) => openingKey ?? []);
  const found = [
    ...SECRET_FIELDS.map((name) => [name, state[name]] as const),
    ['openingKeys', openingKeys] as const,
    ['input', input] as const,
  ];
  return Object.fromEntries(
    found.map(([name, value]) => [name, arraysIn(value)] as const).filter(([, { length }]) => length > 0),
  );
}

const everythingIn = (user: UserWrapper): Uint8Array[] => Object.values(secretsOf(user)).flat();

/** Plays one round, with the user's own answer watched. */
async function watched(session: Session): Promise<Passed> {
  const answers = await session.answers([USER]);
  const passed = await passing(async () => answers.set(USER, await session.user(USER).round(session.messages.get(USER)!)));
  session.deliver(answers);
  await session.close();
  return passed;
}

describe('a user overwrites', () => {
  it('the keys that it drew, agreed and derived, each when it has served', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    const { drawn: keys } = await watched(session);
    expect(wiped(keys)).to.deep.equal([false, false]);

    const dealing = await watched(session);
    expect(wiped(keys), 'the channel key has served, the mask key has not').to.deep.equal([true, false]);
    expect(wiped(dealing.sources), 'agreements: for both directions of each of 3 neighbors').to.deep.equal(all(6, true));
    expect(wiped(dealing.derived), 'what it sealed with, and what opens in round 2').to.deep.equal(
      [0, 1, 2].flatMap(() => [true, false]),
    );
    expect(wiped(dealing.drawn), 'b_u').to.deep.equal([false]);

    const masking = await watched(session);
    expect(wiped([...keys, ...dealing.drawn, ...dealing.derived])).to.deep.equal(all(2 + 1 + 6, true));
    expect(wiped(masking.sources), 'b_u, agreements').to.deep.equal(all(4, true));
    expect(wiped(masking.derived), 'the seeds of the masks').to.deep.equal(all(4, true));
    expect(wiped(masking.agreedWith)).to.deep.equal([true]);
  });

  it('the shares that it dealt, but for the one that it keeps until it has answered round 4', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    const dealt: Uint8Array[][] = [];
    const watchedUser = userWith(session.user(USER), {
      split: async (...args) => {
        const shares = await split(...args);
        dealt.push(shares);
        return shares;
      },
    });
    session.users.set(USER, watchedUser);
    await session.before(2);
    const kept = IDS.indexOf(USER);
    expect(dealt.map(wiped)).to.deep.equal([all(4, true), IDS.map((_, position) => position !== kept)]);
    await session.before(2);
    expect(isWiped(dealt[1]![kept]!)).to.equal(false);
    await session.answers();
    expect(isWiped(dealt[1]![kept]!)).to.equal(true);
  });

  it('what makes up the shares while it deals, in both fields', async () => {
    for (const users of [7, 300]) {
      const secret = systemRandom(32);
      const parts = (await taken('cut', () => split(secret, users, 3, systemRandom))).filter((part) => part !== secret);
      expect(parts.length).to.be.greaterThan(0);
      expect(wiped(parts)).to.deep.equal(all(parts.length, true));
    }
  });

  it('the symbols that it evaluates in the large field, coefficients first and values then', async () => {
    await split(systemRandom(32), 300, 3, systemRandom); // makes the tables, which are public
    const made: Uint16Array[] = [];
    const original = globalThis.Uint16Array;
    globalThis.Uint16Array = class extends original {
      constructor(length: number) {
        super(length);
        made.push(this);
      }
    } as typeof original;
    try {
      await split(systemRandom(32), 300, 3, systemRandom);
    } finally {
      globalThis.Uint16Array = original;
    }
    expect(made.map(({ length }) => length)).to.deep.equal([16 * 512, 16]);
    expect(made.every((symbols) => symbols.every((symbol) => symbol === 0))).to.equal(true);
  });

  it('the two shares for one neighbor together, once they are sealed', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(1);
    // What is sealed is copied to where it is encrypted in place, with 16 bytes for the tag.
    const kept = await taken('copied', () => session.user(USER).round(session.messages.get(USER)!), 64 + 16);
    const sealed = kept.filter(({ length }) => length === 64);
    expect(sealed.length, 'for each of 3 neighbors').to.be.at.least(3);
    expect(wiped(sealed)).to.deep.equal(all(sealed.length, true));
  });

  it('the shares of others: both together when they are opened, each by itself when round 4 is answered', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(2);
    const answers = await session.answers([USER, 30]);
    const parts = await taken('cut', async () => answers.set(USER, await session.user(USER).round(session.messages.get(USER)!)));
    const opened = parts.filter(({ length }) => length === 64);
    expect(opened.length, 'of each of 3 neighbors').to.be.at.least(3);
    expect(wiped(opened)).to.deep.equal(all(opened.length, true));
    session.deliver(answers);
    await session.close();
    await session.round();
    const { holdings, signSecretKey, ownShare, ...others } = secretsOf(session.user(USER));
    expect(others).to.deep.equal({});
    expect(wiped(holdings!), 'two of each of 3 neighbors').to.deep.equal(all(6, false));
    // Of user 30 the share of its mask key is revealed, of the others that of their seed; all are wiped.
    await session.answers();
    expect(wiped([...holdings!, ...signSecretKey!, ...ownShare!])).to.deep.equal(all(8, true));
  });

  it('its input, once it is masked, and then gives its memory back', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(2);
    const input = secretsOf(session.user(USER)).input![0]!;
    expect(isWiped(input)).to.equal(false);
    const wipedBefore: boolean[] = [];
    const release = (block: Uint8Array): void => void (block === input && wipedBefore.push(isWiped(input)));
    await withPlatform({ releaser: () => Promise.resolve(release) }, () => session.answers());
    expect(wipedBefore).to.deep.equal([true]);
  });

  for (const [round, count] of [2, 4, 8, 8, 8].entries()) {
    it(`everything that it holds where the session fails in round ${round}`, async () => {
      const session = await new Session({ ids: IDS, threshold: 3 }).before(round);
      const secrets = everythingIn(session.user(USER));
      expect(wiped(secrets)).to.deep.equal(all(count, false));
      await rejected('ERR_SECAGG_DECODE', session.user(USER).round(new Uint8Array(3)));
      expect(wiped(secrets)).to.deep.equal(all(count, true));
      expect(everythingIn(session.user(USER))).to.deep.equal([]);
    });
  }

  it('everything that it held, where it becomes another user or one of another session', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(2);
    const secrets = everythingIn(session.user(USER));
    expect(wiped(secrets)).to.deep.equal(all(8, false));
    session.user(USER).recoverState(session.user(20).serializeState());
    expect(wiped(secrets)).to.deep.equal(all(8, true));
    expect(wiped(everythingIn(session.user(USER)))).to.deep.equal(all(8, false));
  });
});

describe('a server overwrites', () => {
  it('what it reconstructed of its users, and every mask, once the sum is there', async () => {
    const session = await new Session({ ids: IDS, threshold: 3 }).before(4, [[], [], [30]]);
    session.deliver(await session.answers());
    const passed = await passing(() => session.close());
    expect(wiped(passed.sources), '3 seeds of those in the sum, 3 agreements of the one that is not').to.deep.equal(all(6, true));
    expect(wiped(passed.derived), 'the seeds of the masks').to.deep.equal(all(6, true));
    expect(passed.agreedWith).to.have.length(2); // to check the key, and to agree with it
    expect(wiped(passed.agreedWith)).to.deep.equal(all(2, true));
  });

  it('what it reconstructed of its users, if one of them has dealt inconsistently', async () => {
    const session = new Session({ ids: IDS, threshold: 3 });
    dealInconsistently(session, 10, 'seed', [0]);
    await session.before(4, [[], [], [30]]);
    session.deliver(await session.answers());
    const passed = await passing(() => rejected('ERR_SECAGG_INCONSISTENT_DEAL', session.close()));
    expect(wiped(passed.agreedWith), 'the key of the one that dropped out').to.deep.equal(all(1, true));
  });
});

describe('either party overwrites', () => {
  it('what the engine for Node puts together to hash it', async () => {
    // Together so long as nothing before, so that the engine has not yet cut that out of its memory.
    const parts = [systemRandom(1_000), systemRandom(1_001)];
    const joined = await taken('cut', () => Promise.resolve(node.sha256(parts)));
    expect(joined.length).to.be.greaterThan(0);
    expect(wiped(joined)).to.deep.equal(all(joined.length, true));
  });

  it('what the engine for Node extracts to derive a key from it', () => {
    const prototype = Reflect.getPrototypeOf(createHmac('sha256', ''))!;
    const own = Object.getOwnPropertyDescriptors(prototype);
    const digest = Reflect.get(prototype, 'digest') as () => Buffer;
    const made: Buffer[] = [];
    Reflect.set(prototype, 'digest', function (this: unknown) {
      const bytes = digest.call(this);
      made.push(bytes);
      return bytes;
    });
    try {
      node.hkdfSha256(systemRandom(32), systemRandom(32), systemRandom(40));
    } finally {
      Object.defineProperties(prototype, own);
    }
    expect(made).to.have.length(2);
    expect(wiped(made)).to.deep.equal([true, false]); // the second is the key
  });

  it('nothing of a message that it encodes, because the bytes of a field are copied once, into the message', async () => {
    const message = systemRandom(500);
    expect(await taken('copied', () => Promise.resolve(encodeFields([message])))).to.deep.equal([message]);
    expect(await taken('cut', () => Promise.resolve(encodeFields([message])))).to.deep.equal([]);
  });
});
