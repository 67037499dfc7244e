// What a stale state of one user is worth to a lying server. A user that was rolled back counts as one that works with the
// server: where the threshold bears one, nothing is lost; where it bears none, its input is. SECURITY.md says so.
import { expect } from 'chai';
import { agreementWith } from '../../src/crypto/agree.ts';
import type { UserId } from '../../src/leaves/ids.ts';
import { UserWrapper } from '../../src/index.ts';
import { applyMasks, type Mask } from '../../src/masking/mask-expansion.ts';
import { Pace } from '../../src/masking/pace.ts';
import { addPacked } from '../../src/masking/running-sum.ts';
import { ringOf, zeroLanes } from '../../src/masking/ring.ts';
import { vectorOf } from '../../src/masking/vector.ts';
import { hasMember, membersOf, positions, type Members } from '../../src/leaves/members.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import { pairwiseMaskSeed, selfMaskKey, viewOfRound2 } from '../../src/session/binding.ts';
import { maskSign } from '../../src/session/notation.ts';
import { reconstructSecrets } from '../../src/server/unmasking/reconstruction.ts';
import type { CollectingAnswers } from '../../src/server/state.ts';
import { serverDocument } from '../../src/server/json.ts';
import { encodeServerMessage } from '../../src/wire/envelope.ts';
import { decodeMaskedInput } from '../../src/wire/r2-masked-input.ts';
import { bodyOf, refields, tagOf } from '../support/forge.ts';
import { Session } from '../support/session.ts';

const IDS = [1, 2, 3, 4, 5];
const VICTIM = 1;
const INPUT = [1000, -77, 4242];

/** A session in which as many users drop out after dealing as the threshold allows, and what its server then knows. */
async function playedOut(threshold: number): Promise<Attack> {
  const session = new Session({
    ids: IDS,
    threshold,
    vecLen: 3,
    vectorOf: (index) => INPUT.map((component) => component * (index + 1)),
  });
  await session.before(2);
  const stale = session.user(VICTIM).serializeState();
  let records = new Uint8Array();
  refields(session, session.messages.get(VICTIM)!, ([, , sealed]) => {
    records = Uint8Array.from(sealed as Uint8Array);
    return undefined;
  });
  await session.round(IDS.slice(threshold));
  await session.round();
  session.deliver(await session.answers());
  const snapshot = serverDocument.parse(session.server.serializeState());
  const state = snapshot.state as CollectingAnswers;
  const secrets = await reconstructSecrets({ ...snapshot.context, tag: tagOf(session) }, state, new Pace());
  return { session, stale, records, state, secrets: new Map(secrets.map(({ owner, secret }) => [owner, secret])) };
}

interface Attack {
  readonly session: Session;
  /** The victim as it was before it sent its masked input. */
  readonly stale: string;
  readonly records: Uint8Array;
  readonly state: CollectingAnswers;
  /** b of the users in U3, mask keys of the others. */
  readonly secrets: ReadonlyMap<number, Uint8Array>;
}

/** Shows the stale victim another U2 and removes from its answer every mask whose secret the server knows. */
async function unmaskStale({ session, stale, records, state, secrets }: Attack, u2: Members): Promise<number[]> {
  const victim = UserWrapper.fromState(stale);
  const others = positions(u2).filter((position) => position !== 0);
  const sealed = Uint8Array.from(others.flatMap((other) => [...records.subarray((other - 1) * 136, other * 136)]));
  const answer = await victim.round(encodeServerMessage(tagOf(session), { round: 2, fields: [u2, VICTIM, sealed] }));
  const parameters = resolveParameters(session.setup.threshold, 3, {});
  const ring = ringOf(parameters.bits);
  const lanes = zeroLanes(ring, 3);
  addPacked(ring, lanes, decodeMaskedInput(bodyOf(answer), parameters).vector);
  const view2 = viewOfRound2(state.directoryDigest, u2);
  const masks: Mask[] = [{ seed: selfMaskKey(secrets.get(0)!, view2, VICTIM as UserId), sign: -1 }];
  for (const other of others.filter((position) => !hasMember(state.u3, position))) {
    const agreed = (await agreementWith(secrets.get(other)!)(state.directory.line(state.directory.positions[0]!).maskKey))!;
    const seed = pairwiseMaskSeed(agreed, view2, VICTIM as UserId, IDS[other] as UserId);
    masks.push({ seed, sign: maskSign(VICTIM as UserId, IDS[other] as UserId) === 1 ? -1 : 1 });
  }
  await applyMasks(ring, lanes, masks, new Pace());
  return Array.from(vectorOf(ring, lanes), Number);
}

describe('a user rolled back to before its masked input, and shown another U2', () => {
  it('keeps its input where the threshold bears one user more: some mask key of every U2 is still secret', async () => {
    const attack = await playedOut(4);
    const { session } = attack;
    expect(session.server.progress().colludersBorne).to.equal(2);
    for (const left of [[1], [2], [3], [4]]) {
      const u2 = membersOf(
        [0, 1, 2, 3, 4].filter((position) => !left.includes(position)),
        5,
      );
      expect(await unmaskStale(attack, u2)).to.not.deep.equal(INPUT);
    }
  });

  it('loses it where the threshold bears nobody: the server knows every mask of a U2 of users that dropped out', async () => {
    const attack = await playedOut(3);
    const { session } = attack;
    expect(session.server.progress().colludersBorne).to.equal(0);
    expect(await unmaskStale(attack, membersOf([0, 3, 4], 5))).to.deep.equal(INPUT);
  });
});
