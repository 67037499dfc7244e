// Round 0 of a user: its key pairs. There is nothing to check yet.
import { expect } from 'chai';
import { publicKeyOf } from '../../src/crypto/agree.ts';
import { split } from '../../src/crypto/shamir.ts';
import { advertiseKeys } from '../../src/user/r0-advertise-keys.ts';
import { secretsOf } from '../../src/user/state.ts';
import { expectSameArrays, leaving } from '../support/states.ts';
import { COMPLETE, recordedDependencies, seededRandom } from '../support/step-session.ts';
import { beginning } from '../support/steps.ts';

const random = (): ReturnType<typeof seededRandom> => seededRandom('user');

describe('round 0 of a user', () => {
  const { session, users } = beginning(COMPLETE);
  const state = users.get(session.ids[1]!)!;

  it('a user that starts draws two secret keys and advertises the public keys of both', async () => {
    const { dependencies, drawn } = recordedDependencies(random());
    const step = await leaving(state, () => advertiseKeys(state, dependencies));
    const [channelSecretKey, maskSecretKey] = drawn as [Uint8Array, Uint8Array];
    expect(drawn.map(({ length }) => length)).to.deep.equal([32, 32]);
    const advertised = { channelKey: await publicKeyOf(channelSecretKey), maskKey: await publicKeyOf(maskSecretKey) };
    expect(step.out).to.deep.equal(advertised);
    expect(step.state).to.deep.equal({
      phase: 'share-keys',
      signSecretKey: state.signSecretKey,
      advertised,
      channelSecretKey,
      maskSecretKey,
    });
  });

  it('a user that starts spends no secret: its signing key and both new ones are in the next state', async () => {
    const { dependencies, drawn } = recordedDependencies(random());
    const step = await advertiseKeys(state, dependencies);
    expect(step.spent).to.deep.equal([]);
    expectSameArrays(secretsOf(step.state), [state.signSecretKey, ...drawn]);
  });

  it('a user that starts again with the same draws advertises the same keys, and with others it does not', async () => {
    const one = await advertiseKeys(state, { random: random(), split });
    expect(await advertiseKeys(state, { random: random(), split })).to.deep.equal(one);
    const other = await advertiseKeys(state, { random: seededRandom('another'), split });
    expect(other.out.channelKey).not.to.deep.equal(one.out.channelKey);
    expect(other.out.maskKey).not.to.deep.equal(one.out.maskKey);
  });
});
