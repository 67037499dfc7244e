// How much work it takes to reconstruct the secrets: coefficients for few sets of holders, although some of them lie.
import { expect } from 'chai';
import { Pace } from '../../../src/masking/pace.ts';
import { ownersFor, unmasking } from '../../../src/server/r4-unmasking.ts';
import { reconstructSecrets } from '../../../src/server/unmasking/reconstruction.ts';
import type { UnmaskShare } from '../../../src/session/messages.ts';
import { flip } from '../../support/forge.ts';
import { COMPLETE } from '../../support/step-session.ts';
import { idAt, momentAt, revealedBy, type Moments } from '../../support/steps.ts';

type Lie = (share: UnmaskShare) => UnmaskShare;
const spoil: Lie = (share) => (share.kind === 'reported' ? share : { ...share, share: flip(share.share, 7) });
const report: Lie = () => ({ kind: 'reported' });

/** Six users, of which any five open a secret. */
const SIX = { ...COMPLETE, ids: [1, 2, 3, 4, 5, 6], threshold: 5 };

/** The answers of all users, in which some say something else about an owner. */
async function answered(lies: readonly (readonly [holder: number, owner: number, lie: Lie])[]): Promise<Moments[4]> {
  const moment = await momentAt(4, SIX);
  const { session, server } = moment;
  for (const holder of server.directory.positions) {
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
});
