// Round 1 of a user: what it checks of the directory, one lie of the server for each check.
import { expect } from 'chai';
import type { SecAggError, SecAggErrorCode } from '../../src/index.ts';
import { userId, type UserId } from '../../src/leaves/ids.ts';
import { advertisedBody } from '../../src/session/binding.ts';
import type { Advertisement, DirectoryExcerpt } from '../../src/session/messages.ts';
import type { Policy } from '../../src/session/parameters.ts';
import { shareKeys } from '../../src/user/r1-share-keys.ts';
import { rejected } from '../support/errors.ts';
import { flip } from '../support/forge.ts';
import { withPlatform } from '../support/injected.ts';
import { leaving } from '../support/states.ts';
import { COMPLETE, recordedDependencies, seededRandom, SPARSE } from '../support/step-session.ts';
import { excerptFor, idAt, momentAt, type Moments } from '../support/steps.ts';

/** What a server shows a user, changed; the policy of the user; and who is lied to. */
interface Lie {
  readonly change?: (excerpt: DirectoryExcerpt, moment: Moments[1], id: UserId) => DirectoryExcerpt | Promise<DirectoryExcerpt>;
  readonly policy?: Partial<Policy>;
}

async function refusal(moment: Moments[1], position: number, code: SecAggErrorCode, lie: Lie): Promise<SecAggError> {
  const { session, users } = moment;
  const id = idAt(moment, position);
  const excerpt = excerptFor(moment, id);
  const context = { ...session.contextOf(id), policy: { ...session.policy, ...lie.policy } };
  const shown = (await lie.change?.(excerpt, moment, id)) ?? excerpt;
  const state = users.get(id)!;
  const { dependencies } = recordedDependencies(seededRandom('victim'));
  return leaving([context, state, shown], () => rejected(code, shareKeys(context, state, shown, dependencies)));
}

const withLine = (excerpt: DirectoryExcerpt, index: number, line: Partial<Advertisement>): DirectoryExcerpt => ({
  ...excerpt,
  lines: excerpt.lines.with(index, { ...excerpt.lines[index]!, ...line }),
});

/** The same line under a good signature of its user, so that nothing but the check in question can refuse it. */
async function signedAnew({ session }: Moments[1], line: Advertisement): Promise<Advertisement> {
  return { ...line, signature: await session.signed(0, line.userId, advertisedBody(line)) };
}

const SMALL_ORDER = new Uint8Array(32);
const NOT_CANONICAL = new Uint8Array(32).fill(255);

describe('round 1 of a user, lied to on the complete graph', () => {
  /** Position of the user that is lied to, and of another one. */
  const [OWN, OTHER] = [2, 0];
  let moment: Moments[1];
  before(async () => (moment = await momentAt(1, COMPLETE)));
  const refused = (code: SecAggErrorCode, lie: Lie | Lie['change']): Promise<SecAggError> =>
    refusal(moment, OWN, code, typeof lie === 'function' ? { change: lie } : (lie ?? {}));

  it('a server that shows fewer users than the threshold is refused', async () => {
    const error = await refused('ERR_SECAGG_THRESHOLD', (excerpt) => ({
      ...excerpt,
      users: 2,
      lines: excerpt.lines.slice(1, 3),
    }));
    expect(error).to.deep.include({ have: 2, need: 3, round: 1, userIds: [] });
  });

  it('a server that shows more users than the user accepts is refused', async () => {
    const error = await refused('ERR_SECAGG_TOO_MANY_USERS', { policy: { maxUsers: 3 } });
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that shows so many users that two halves could unmask two sums is refused', async () => {
    const error = await refused('ERR_SECAGG_POLICY', { policy: { colluders: 2 } });
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that lists a user twice is refused', async () => {
    const error = await refused('ERR_SECAGG_DUPLICATE_USER', (excerpt) => ({
      ...excerpt,
      lines: excerpt.lines.with(OTHER, excerpt.lines[1]!),
    }));
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that lists a user whom the application does not know is refused', async () => {
    const change: Lie['change'] = (excerpt) => withLine(excerpt, OTHER, { userId: userId(5, 'id') });
    expect(await refused('ERR_SECAGG_UNKNOWN_USER', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that leaves the user itself out is refused', async () => {
    const change: Lie['change'] = (excerpt) => ({ ...excerpt, users: 3, lines: excerpt.lines.toSpliced(OWN, 1) });
    expect(await refused('ERR_SECAGG_OWN_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
  });

  for (const key of ['channelKey', 'maskKey'] as const) {
    it(`a server that exchanges the user's own ${key} for one that it knows is refused`, async () => {
      const change: Lie['change'] = async (excerpt, now, own) => {
        const foreign = { ...excerpt.lines[OWN]!, userId: own, [key]: flip(excerpt.lines[OWN]![key], 3) };
        return withLine(excerpt, OWN, await signedAnew(now, foreign));
      };
      expect(await refused('ERR_SECAGG_OWN_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
    });

    for (const [kind, bytes] of [
      ['a point of small order, with which everybody agrees on the same', SMALL_ORDER],
      ['a second spelling of a key', NOT_CANONICAL],
    ] as const) {
      it(`a server that shows ${kind} as a ${key} is refused`, async () => {
        const change: Lie['change'] = async (excerpt, now) =>
          withLine(excerpt, OTHER, await signedAnew(now, { ...excerpt.lines[OTHER]!, [key]: bytes }));
        expect(await refused('ERR_SECAGG_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
      });
    }
  }

  it('a server that shows one user’s mask key as that of another one too is refused', async () => {
    const change: Lie['change'] = async (excerpt, now) =>
      withLine(excerpt, OTHER, await signedAnew(now, { ...excerpt.lines[OTHER]!, maskKey: excerpt.lines[1]!.maskKey }));
    expect(await refused('ERR_SECAGG_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that shows a channel key as the mask key of the same user is refused: a revealed one would open its shares', async () => {
    const change: Lie['change'] = async (excerpt, now) =>
      withLine(excerpt, OTHER, await signedAnew(now, { ...excerpt.lines[OTHER]!, maskKey: excerpt.lines[OTHER]!.channelKey }));
    expect(await refused('ERR_SECAGG_KEYS', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that changes the signature of any user is refused, that of the user itself too', async () => {
    for (const index of COMPLETE.ids.keys()) {
      const change: Lie['change'] = (excerpt) =>
        withLine(excerpt, index, { signature: flip(excerpt.lines[index]!.signature, 40) });
      expect(await refused('ERR_SECAGG_SIGNATURE', change)).to.deep.include({ round: 1, userIds: [] });
    }
  });

  it('a server that stands in the middle, with keys of its own under a user’s old signature, is refused', async () => {
    const change: Lie['change'] = (excerpt) => withLine(excerpt, OTHER, { maskKey: flip(excerpt.lines[OTHER]!.maskKey, 3) });
    expect(await refused('ERR_SECAGG_SIGNATURE', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that passes on a signature of another session is refused', async () => {
    const elsewhere = await momentAt(1, COMPLETE, { seed: 'session elsewhere' });
    const change: Lie['change'] = async (excerpt) => {
      const signature = await elsewhere.session.signed(0, excerpt.lines[OTHER]!.userId, advertisedBody(excerpt.lines[OTHER]!));
      return withLine(excerpt, OTHER, { signature });
    };
    expect(await refused('ERR_SECAGG_SIGNATURE', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that adds a proof to a whole directory is refused', async () => {
    const change: Lie['change'] = (excerpt) => ({ ...excerpt, proof: [new Uint8Array(32)] });
    expect(await refused('ERR_SECAGG_DIRECTORY', change)).to.deep.include({ round: 1, userIds: [] });
  });

  it('a peer with whom the agreement gives nothing but zeros is refused, whatever its key looks like', async () => {
    const zeros = { publicKey: new Uint8Array(32), agree: () => new Uint8Array(32) };
    const error = await withPlatform({ x25519: () => zeros }, () => refused('ERR_SECAGG_KEYS', {}));
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });
});

describe('round 1 of a user, lied to on a sparse graph', () => {
  /** Index of the user's own line among those that it is shown. */
  const OWN = 2;
  let moment: Moments[1];
  before(async () => (moment = await momentAt(1, SPARSE)));
  const refused = (code: SecAggErrorCode, lie: Lie): Promise<SecAggError> => refusal(moment, 4, code, lie);

  it('a server that claims fewer users than the threshold is refused', async () => {
    const error = await refused('ERR_SECAGG_THRESHOLD', { change: (excerpt) => ({ ...excerpt, users: 5 }) });
    expect(error).to.deep.include({ have: 5, need: 6, round: 1, userIds: [] });
  });

  it('a server that claims more users than the user accepts is refused', async () => {
    const error = await refused('ERR_SECAGG_TOO_MANY_USERS', { change: (excerpt) => ({ ...excerpt, users: 10 }) });
    expect(error).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that puts one neighbor in two places is refused: one colluder would hold two shares', async () => {
    const change: Lie['change'] = (excerpt) => ({ ...excerpt, lines: excerpt.lines.with(0, excerpt.lines[1]!) });
    expect(await refused('ERR_SECAGG_DUPLICATE_USER', { change })).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that shows more neighbors on one side than on the other is refused', async () => {
    const change: Lie['change'] = ({ lines, ...excerpt }) => ({
      ...excerpt,
      lines: [lines[1]!, lines[OWN]!, lines[0]!, lines[3]!, lines[4]!],
    });
    expect(await refused('ERR_SECAGG_DIRECTORY', { change })).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server whose proof has a digest more, or one less, is refused', async () => {
    for (const other of [
      (proof: DirectoryExcerpt['proof']) => [...proof, new Uint8Array(32)],
      (proof: DirectoryExcerpt['proof']) => proof.slice(1),
    ]) {
      const change: Lie['change'] = (excerpt) => ({ ...excerpt, proof: other(excerpt.proof) });
      expect(await refused('ERR_SECAGG_DIRECTORY', { change })).to.deep.include({ round: 1, userIds: [] });
    }
  });

  it('a server that changes the signature of a neighbor is refused', async () => {
    const change: Lie['change'] = (excerpt) => withLine(excerpt, 4, { signature: flip(excerpt.lines[4]!.signature, 40) });
    expect(await refused('ERR_SECAGG_SIGNATURE', { change })).to.deep.include({ round: 1, userIds: [] });
  });

  it('a server that shows another place on the graph gets a deal for a directory that nobody else has', async () => {
    const { session, users, server } = moment;
    const id = idAt(moment, 4);
    const excerpt = excerptFor(moment, id);
    const { dependencies } = recordedDependencies(seededRandom('victim'));
    const context = session.contextOf(id);
    const { out } = await shareKeys(context, users.get(id)!, excerpt, dependencies);
    expect(out.directoryDigest).to.deep.equal(server.directoryDigest);
    const proof = excerpt.proof.with(0, flip(excerpt.proof[0]!, 0));
    const lied = await shareKeys(context, users.get(id)!, { ...excerpt, proof }, dependencies);
    expect(lied.out.directoryDigest).not.to.deep.equal(server.directoryDigest);
  });
});
