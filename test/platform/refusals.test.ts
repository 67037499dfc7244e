// What WebCrypto refuses although it is right: noble answers in its place, with the same bytes. And zeros at the ends of keys,
// points, signatures and shares, at which engines fail that take byte strings for numbers.
import { expect } from 'chai';
import { platform as node } from '../../src/platform/node.ts';
import { platform as web } from '../../src/platform/web.ts';
import { rejected } from '../support/errors.ts';
import { withPlatform } from '../support/injected.ts';
import { Session } from '../support/session.ts';
import { answersOf } from './leading-zeros.ts';

type Method = 'importKey' | 'sign' | 'verify' | 'deriveBits' | 'encrypt';
type Call = (...args: unknown[]) => Promise<unknown>;

const PKCS8_HEAD = 16;

/** As WebKit: no secret key whose first byte is 0. */
const asWebKit: Call = (format, data) =>
  format === 'pkcs8' && (data as Uint8Array)[PKCS8_HEAD] === 0
    ? Promise.reject(new DOMException('Data provided to an operation does not meet requirements', 'DataError'))
    : Promise.resolve();

const always: Call = () => Promise.reject(new DOMException('The operation is not supported', 'NotSupportedError'));

/** Runs something while WebCrypto refuses what `refuse` rejects. Gives the result, and how often it refused. */
async function refusing<T>(method: Method, refuse: Call, run: () => Promise<T>): Promise<{ result: T; refused: number }> {
  const { subtle } = globalThis.crypto;
  const original = (subtle[method] as Call).bind(subtle);
  let refused = 0;
  const replacement: Call = async (...args) => {
    try {
      await refuse(...args);
    } catch (error) {
      refused++;
      throw error;
    }
    return original(...args);
  };
  Object.defineProperty(subtle, method, { value: replacement, configurable: true });
  try {
    return { result: await run(), refused };
  } finally {
    Reflect.deleteProperty(subtle, method);
  }
}

describe('keys, points, signatures and shares with zeros at their ends', function () {
  this.timeout(60_000);
  let expected: string[];
  before(async () => {
    expected = await answersOf(node);
    expect(expected.at(-1)).to.match(/^true( true)+$/);
    expect(expected.filter((line) => line.includes(' true true false false false'))).to.have.length(expected.length - 1);
  });

  it('the web engine gives the same as Node', async () => {
    expect(await answersOf(web)).to.deep.equal(expected);
  });

  it('a WebCrypto that refuses secret keys that begin with 0, as WebKit does: the web engine gives the same', async () => {
    const { result, refused } = await refusing('importKey', asWebKit, () => answersOf(web));
    expect(result).to.deep.equal(expected);
    expect(refused).to.be.greaterThan(40);
  });

  for (const method of ['importKey', 'sign', 'verify', 'deriveBits'] as const) {
    it(`a WebCrypto whose ${method} refuses everything: the web engine gives the same`, async () => {
      const { result, refused } = await refusing(method, always, () => answersOf(web));
      expect(result).to.deep.equal(expected);
      expect(refused).to.be.greaterThan(40);
    });
  }

  it('a WebCrypto that calls every signature forged is not believed: the web engine gives the same', async () => {
    const { subtle } = globalThis.crypto;
    Object.defineProperty(subtle, 'verify', { value: () => Promise.resolve(false), configurable: true });
    try {
      expect(await answersOf(web)).to.deep.equal(expected);
    } finally {
      Reflect.deleteProperty(subtle, 'verify');
    }
  });

  it('a WebCrypto that takes the key of AES-CTR and then refuses to use it is an error of ours', async () => {
    const { result } = await refusing('encrypt', always, () =>
      rejected('ERR_SECAGG_ENGINE', Promise.resolve(web.aes256Ctr(new Uint8Array(32), new Uint8Array(16)).next(16))),
    );
    expect(result.cause).to.be.instanceOf(DOMException);
  });

  it('a WebCrypto that has no AES-CTR: the web engine gives the same key stream', async () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i);
    const whole = await node.aes256Ctr(key, new Uint8Array(16)).next(80);
    const { result, refused } = await refusing('importKey', always, async () => {
      const stream = web.aes256Ctr(key, new Uint8Array(16));
      return [await stream.next(32), await stream.next(48)];
    });
    expect(Buffer.concat(result)).to.deep.equal(Buffer.from(whole));
    expect(refused).to.equal(1);
  });

  it('users whose secret keys all begin with 0 finish their session in an engine that refuses such keys', async () => {
    const original = { ...web };
    const zeroFirst = (length: number): Uint8Array => original.randomBytes(length).fill(0, 0, 1);
    const { refused } = await refusing('importKey', asWebKit, () =>
      withPlatform({ ...web, randomBytes: zeroFirst }, async () => {
        const session = new Session({ ids: [3, 1, 2], threshold: 2, vecLen: 100 });
        session.expectSum(await session.finish([[], [], [2]]), [1, 3]);
      }),
    );
    expect(refused).to.be.greaterThan(10);
  });
});

describe('an engine without a safe source of randomness', () => {
  it('is refused when random bytes are asked for, and not before', () => {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, 'crypto')!;
    for (const value of [undefined, {}]) {
      Object.defineProperty(globalThis, 'crypto', { value, configurable: true });
      try {
        expect(() => web.randomBytes(1))
          .to.throw()
          .with.property('code', 'ERR_SECAGG_ENGINE');
        expect(web.keystreamAtOnce()).to.equal(true);
      } finally {
        Object.defineProperty(globalThis, 'crypto', descriptor);
      }
    }
  });
});
