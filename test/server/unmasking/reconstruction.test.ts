// What the shares of round 4 give: each secret, or whom the evidence names; and how much work it takes, although some holders lie.
import { expect } from 'chai';
import { DisputeError, ProtocolError, ThresholdError } from '../../../src/index.ts';
import { positions } from '../../../src/leaves/members.ts';
import { Pace } from '../../../src/masking/pace.ts';
import { ownersFor, unmasking } from '../../../src/server/r4-unmasking.ts';
import { Roster } from '../../../src/server/roster.ts';
import type { CollectingAnswers } from '../../../src/server/state.ts';
import { reconstructSecrets, type Secret } from '../../../src/server/unmasking/reconstruction.ts';
import type { UnmaskShare } from '../../../src/session/messages.ts';
import { rejected } from '../../support/errors.ts';
import { flip } from '../../support/forge.ts';
import { COMPLETE } from '../../support/step-session.ts';
import { idAt, momentAt, revealedBy, type Moments, type Silence } from '../../support/steps.ts';

type Lie = (share: UnmaskShare) => UnmaskShare;
const spoil: Lie = (share) => (share.kind === 'reported' ? share : { ...share, share: flip(share.share, 7) });
const report: Lie = () => ({ kind: 'reported' });

/** Six users, of which any five open a secret. */
const SIX = { ...COMPLETE, ids: [1, 2, 3, 4, 5, 6], threshold: 5 };

/** The answers of all users, in which some say something else about an owner. */
async function answered(
  lies: readonly (readonly [holder: number, owner: number, lie: Lie])[],
  silent: Silence = [],
): Promise<Moments[4]> {
  const moment = await momentAt(4, SIX, { silent });
  const { session, server } = moment;
  for (const holder of positions(server.u4)) {
    const { view, answer } = (await revealedBy(moment, idAt(moment, holder))).message;
    const owners: readonly number[] = ownersFor(session.serverContext, server, holder);
    const shares = answer.map(
      (share, i) => lies.find(([liar, owner]) => liar === holder && owner === owners[i])?.[2](share) ?? share,
    );
    unmasking.receive(session.serverContext, server, holder, { view, answer: shares });
  }
  return moment;
}

/** How often coefficients are computed while all secrets are reconstructed: they become an array of 16-bit logarithms. */
async function setsOfHolders({ session, server }: Moments[4]): Promise<number> {
  let made = 0;
  const from = Reflect.get(Uint16Array, 'from') as (...given: unknown[]) => Uint16Array<ArrayBuffer>;
  Uint16Array.from = (...given: unknown[]) => {
    made++;
    return from.apply(Uint16Array, given);
  };
  try {
    expect(await reconstructSecrets(session.serverContext, server, new Pace())).to.have.length(SIX.ids.length);
  } finally {
    Reflect.deleteProperty(Uint16Array, 'from');
  }
  return made;
}

describe('a server that reconstructs the secrets', () => {
  it('computes the coefficients once if all holders are honest', async () => {
    expect(await setsOfHolders(await answered([]))).to.equal(1);
  });

  it('asks a liar last, so that what it spoils of every second owner takes no coefficients of its own', async () => {
    for (const lie of [spoil, report]) {
      const moment = await answered([
        [0, 1, lie],
        [0, 3, lie],
      ]);
      expect(await setsOfHolders(moment)).to.equal(1);
    }
  });

  it('asks the one that has spoilt more after the one that has spoilt less, by wrong shares or reports', async () => {
    for (const lie of [spoil, report]) {
      const moment = await answered([
        [0, 2, spoil],
        [0, 4, report],
        [1, 3, lie],
      ]);
      // For the owners before the fourth, for the fourth, and for those after it.
      expect(await setsOfHolders(moment)).to.equal(3);
    }
  });

  it('asks the one that has spoilt more last also if it is the later one of the directory', async () => {
    const moment = await answered([
      [0, 3, spoil],
      [1, 2, spoil],
      [1, 4, spoil],
    ]);
    expect(await setsOfHolders(moment)).to.equal(3);
  });

  it('asks a liar last that has spoilt one share', async () => {
    expect(await setsOfHolders(await answered([[0, 3, spoil]]))).to.equal(1);
  });

  it('is called off by its signal between two secrets', async () => {
    const { session, server } = await answered([]);
    const pace = new Pace(AbortSignal.abort('enough'));
    expect(await reconstructSecrets(session.serverContext, server, pace).catch((error: unknown) => error)).to.equal('enough');
  });
});

describe('a server that cannot reconstruct a secret', () => {
  const reconstructed = ({ session }: Moments[4], server: CollectingAnswers): Promise<Secret[]> =>
    reconstructSecrets(session.serverContext, server, new Pace());
  /** What one user deals, with another commitment to its seed. */
  const withCommitment = (server: CollectingAnswers, owners: readonly number[]): CollectingAnswers => {
    const commitments = [...server.commitments].map(([owner, dealt]) => {
      return [owner, owners.includes(owner) ? { ...dealt, seedCommitment: flip(dealt.seedCommitment, 31) } : dealt] as const;
    });
    return { ...server, commitments: new Map(commitments) };
  };

  it('names the users of the sum whose shares give another seed than they have committed to, and nobody else', async () => {
    const moment = await answered([]);
    for (const owners of [[0], [5], [1, 3, 4]]) {
      const ids = owners.map((owner) => idAt(moment, owner));
      const error = await rejected(
        'ERR_SECAGG_INCONSISTENT_DEAL',
        reconstructed(moment, withCommitment(moment.server, owners)),
        ProtocolError,
      );
      expect(error).to.deep.include({ round: 1, userIds: ids });
      const others = { 1: '', 3: ' and 2 more' }[owners.length];
      expect(error.message).to.match(new RegExp(`^round 1: user ${ids[0]}${others} dealt inconsistently: `));
    }
    const { server } = moment;
    const unknown = { ...server, commitments: new Map([...server.commitments].filter(([owner]) => owner !== 2)) };
    const error = await rejected('ERR_SECAGG_INCONSISTENT_DEAL', reconstructed(moment, unknown), ProtocolError);
    expect(error.userIds).to.deep.equal([idAt(moment, 2)]);
  });

  it('names the user that dropped out whose shares give the key of another mask key than it has advertised', async () => {
    const moment = await answered([], [[], [], [5]]);
    expect(await reconstructed(moment, moment.server)).to.have.length(6);
    const { directory } = moment.server;
    const lines = directory.lines.map((line, i) => (i === 5 ? { ...line, maskKey: directory.lines[4]!.maskKey } : line));
    const error = await rejected(
      'ERR_SECAGG_INCONSISTENT_DEAL',
      reconstructed(moment, { ...moment.server, directory: new Roster(lines) }),
      ProtocolError,
    );
    expect(error).to.deep.include({ round: 1, userIds: [idAt(moment, 5)] });
  });

  it('names an owner on the word of t holders, and with one less names both sides of the dispute', async () => {
    const accusedBy = (owner: number, holders: readonly number[]): Parameters<typeof answered>[0] =>
      holders.map((holder) => [holder, owner, report]);
    const t = await answered(accusedBy(1, [0, 2, 3, 4, 5]));
    const guilty = await rejected('ERR_SECAGG_INCONSISTENT_DEAL', reconstructed(t, t.server), ProtocolError);
    expect(guilty).to.deep.include({ round: 1, userIds: [idAt(t, 1)] });

    const fewer = await answered(accusedBy(1, [0, 2, 4, 5]));
    const dispute = await rejected('ERR_SECAGG_DISPUTED_DEAL', reconstructed(fewer, fewer.server), DisputeError);
    const accusers = [0, 2, 4, 5].map((holder) => idAt(fewer, holder));
    expect(dispute).to.deep.include({ round: 1, userIds: [], disputes: [{ owner: idAt(fewer, 1), accusers }] });

    // One report is a dispute, too, if wrong shares do the rest.
    const single = await answered([
      [0, 1, report],
      [2, 1, spoil],
    ]);
    const between = await rejected('ERR_SECAGG_DISPUTED_DEAL', reconstructed(single, single.server), DisputeError);
    expect(between.disputes).to.deep.equal([{ owner: idAt(single, 1), accusers: [idAt(single, 0)] }]);

    // If one is found out beyond doubt, a dispute about another does not matter any more.
    const both = await answered([...accusedBy(1, [0, 2, 3, 4, 5]), ...accusedBy(2, [0, 1])]);
    const named = await rejected('ERR_SECAGG_INCONSISTENT_DEAL', reconstructed(both, both.server), ProtocolError);
    expect(named.userIds).to.deep.equal([idAt(both, 1)]);
  });

  it('says how many good shares there are of the secret that has the fewest, if nobody has reported its deal', async () => {
    const lies = [0, 2].map((holder) => [holder, 1, spoil] as const);
    const moment = await answered([...lies, [3, 4, spoil], [0, 4, spoil], [1, 4, spoil]]);
    const error = await rejected('ERR_SECAGG_THRESHOLD', reconstructed(moment, moment.server), ThresholdError);
    expect(error).to.deep.include({ have: 3, need: 5, round: 4, userIds: [] });
  });
});
