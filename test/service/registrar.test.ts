// The registrar: whom it certifies, and what it takes back.
import { expect } from 'chai';
import { genKeypair } from '../../src/index.ts';
import { isCertificateOf, readCertificate } from '../../src/service/certificate.ts';
import { requireValid } from '../../src/service/certified-users.ts';
import { CLOCK_SKEW } from '../../src/service/clock.ts';
import { isRevocationListOf, readRevocationList } from '../../src/service/revocation-list.ts';
import { certificateRequest, Registrar } from '../../src/service/index.ts';
import { rejected, refused } from '../support/errors.ts';
import { authorities, certified, NEW_YEAR } from '../support/service.ts';

const NOW = NEW_YEAR / 1000;
const WEEK = 7 * 24 * 3600;

describe('a registrar', () => {
  it('certifies id and key for a week, with rising serials, and anybody can verify it with its key alone', async () => {
    const { registrar } = authorities();
    const { publicKey } = registrar.authority;
    const keypair = genKeypair();
    const first = await certified(registrar, 7, keypair);
    expect(first.certificate).to.deep.include({ id: 7, serial: 1, validFrom: NOW, validUntil: NOW + WEEK });
    expect(first.certificate.publicKey).to.deep.equal(keypair[0]);
    expect(await isCertificateOf(publicKey, first.bytes)).to.equal(true);
    expect((await certified(registrar, 2 ** 53 - 1)).certificate.serial).to.equal(2);
    for (let i = 0; i < first.bytes.length; i++) {
      const changed = first.bytes.slice();
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(await isCertificateOf(publicKey, changed), `byte ${i}`).to.equal(false);
    }
  });

  it('does not certify a key whose secret key the asking party does not have', async () => {
    const { registrar } = authorities();
    const [publicKey] = genKeypair();
    const request = await certificateRequest(registrar.authority, 1, genKeypair());
    request.set(publicKey, 1 + 32 + 8); // somebody else's key under the thief's signature
    await rejected('ERR_SECAGG_CERTIFICATE', registrar.certify(request, { id: 1 }));
  });

  it('does not certify another id than the one that was signed', async () => {
    const { registrar } = authorities();
    const request = await certificateRequest(registrar.authority, 1, genKeypair());
    request[1 + 32 + 7] = 2;
    await rejected('ERR_SECAGG_CERTIFICATE', registrar.certify(request, { id: 2 }));
  });

  it('does not certify another participant than the one that is signed in', async () => {
    const { registrar } = authorities();
    const request = await certificateRequest(registrar.authority, 2, genKeypair());
    const state = registrar.serializeState();
    await rejected('ERR_SECAGG_CERTIFICATE', registrar.certify(request, { id: 1 }));
    await rejected('ERR_SECAGG_CERTIFICATE', registrar.certify(request, { id: 0 }));
    expect(registrar.serializeState()).to.equal(state);
    expect(readCertificate(await registrar.certify(request, { id: 2 })).id).to.equal(2);
    for (const whose of [{ id: -1 }, { id: '2' }, { user: 2 }, {}, undefined, 2] as { readonly id: number }[]) {
      const error: unknown = await registrar.certify(request, whose).catch((refusal: unknown) => refusal);
      expect(error, JSON.stringify(whose)).to.satisfy((each: unknown) => each instanceof TypeError || each instanceof RangeError);
    }
  });

  it('does not certify a key that another participant has a certificate for, also a revoked one, until it is over', async () => {
    const { clock, registrar } = authorities();
    const keypair = genKeypair();
    await certified(registrar, 1, keypair);
    await rejected('ERR_SECAGG_CERTIFICATE', certified(registrar, 2, keypair));
    registrar.revoke(1);
    await rejected('ERR_SECAGG_CERTIFICATE', certified(registrar, 2, keypair));
    const options = { keypair: genKeypair(), scope: 'tests', clock: () => clock.now };
    const restored = Registrar.fromState(registrar.serializeState(), options);
    await rejected('ERR_SECAGG_CERTIFICATE', certified(restored, 2, keypair));
    await certified(restored, 1, genKeypair());
    await rejected('ERR_SECAGG_CERTIFICATE', certified(restored, 2, keypair));
    clock.now += 1000 * (WEEK + 2 * CLOCK_SKEW);
    for (const each of [registrar, restored]) {
      expect((await certified(each, 2, keypair)).id).to.equal(2);
      await rejected('ERR_SECAGG_CERTIFICATE', certified(each, 1, keypair));
    }
  });

  it('refuses a request that was made for another registrar, or for another scope of the same one', async () => {
    const { registrar } = authorities();
    const keypair = genKeypair();
    const other = new Registrar({ keypair, scope: 'a' });
    const sameKey = new Registrar({ keypair, scope: 'b' });
    await rejected(
      'ERR_SECAGG_CERTIFICATE',
      registrar.certify(await certificateRequest(other.authority, 1, genKeypair()), { id: 1 }),
    );
    await rejected(
      'ERR_SECAGG_CERTIFICATE',
      other.certify(await certificateRequest(sameKey.authority, 1, genKeypair()), { id: 1 }),
    );
  });

  it('refuses bytes that are no request, of any length', async () => {
    const { registrar } = authorities();
    const request = await certificateRequest(registrar.authority, 1, genKeypair());
    for (const length of [0, 1, 40, request.length - 1]) {
      await rejected('ERR_SECAGG_DECODE', registrar.certify(request.slice(0, length), { id: 1 }));
    }
    await rejected('ERR_SECAGG_DECODE', registrar.certify(Uint8Array.of(...request, 0), { id: 1 }));
    await rejected('ERR_SECAGG_DECODE', registrar.certify(Uint8Array.of(9, ...request.slice(1)), { id: 1 }));
  });

  it('takes all old certificates back if a participant comes with another key, and keeps them for the same key', async () => {
    const { registrar } = authorities();
    const keypair = genKeypair();
    await certified(registrar, 1, keypair);
    await certified(registrar, 1, keypair);
    await certified(registrar, 2);
    expect(readRevocationList(await registrar.revocationList()).serials).to.deep.equal([]);
    await certified(registrar, 1);
    expect(readRevocationList(await registrar.revocationList()).serials).to.deep.equal([1, 2]);
  });

  it('takes back the certificates that a renewed one has not replaced, also of a registrar that was restored', async () => {
    const keypair = genKeypair();
    const options = { keypair, scope: 'tests', clock: () => NEW_YEAR };
    const before = new Registrar(options);
    const participant = genKeypair();
    for (let day = 0; day < 3; day++) await certified(before, 1, participant);
    const registrar = Registrar.fromState(before.serializeState(), options);
    registrar.revoke(1);
    expect(readRevocationList(await registrar.revocationList()).serials).to.deep.equal([1, 2, 3]);
  });

  it('does not give a certificate that was taken back to whoever has a slow clock and allows for a fast one', async () => {
    const { registrar, clock } = authorities();
    const { certificate } = await certified(registrar, 1);
    registrar.revoke(1);
    // The registrar's clock is 300 s ahead of the verifier's, which accepts certificates for 300 s after their end.
    clock.now = 1000 * (certificate.validUntil + 2 * CLOCK_SKEW - 1);
    const { serials } = readRevocationList(await registrar.revocationList());
    const terms = { now: certificate.validUntil + CLOCK_SKEW - 1, clockSkew: CLOCK_SKEW };
    requireValid(certificate, terms, new Set());
    refused('ERR_SECAGG_CERTIFICATE', () => requireValid(certificate, terms, new Set(serials)));
  });

  it('lists what it has taken back, ascending, under rising numbers, until it would be over anyway', async () => {
    const { registrar, clock } = authorities();
    await certified(registrar, 1);
    clock.now += 1000;
    await certified(registrar, 2);
    registrar.revoke(2);
    registrar.revoke(1);
    registrar.revoke(77); // never certified
    const list = readRevocationList(await registrar.revocationList());
    expect(list).to.deep.include({ number: 1, issuedAt: NOW + 1, serials: [1, 2] });
    expect(await isRevocationListOf(registrar.authority.publicKey, list.bytes)).to.equal(true);
    clock.now = NEW_YEAR + 1000 * (WEEK + 2 * CLOCK_SKEW);
    expect(readRevocationList(await registrar.revocationList())).to.deep.include({ number: 2, serials: [2] });
  });

  it('remembers no certificate that is over, of anybody', async () => {
    const { registrar, clock } = authorities();
    const empty = registrar.serializeState();
    for (const id of [1, 2, 3]) await certified(registrar, id);
    registrar.revoke(2);
    clock.now = NEW_YEAR + 1000 * (WEEK + 2 * CLOCK_SKEW);
    await registrar.revocationList();
    const { certified: kept } = JSON.parse(registrar.serializeState()) as { certified: unknown };
    expect(kept).to.deep.equal((JSON.parse(empty) as { certified: unknown }).certified);
  });

  it('certifies nobody without end: a participant that asks again and again fills neither its state nor its list', async () => {
    const { registrar, clock } = authorities();
    const keypair = genKeypair();
    for (let each = 0; each < 998; each++) await certified(registrar, 1, keypair);
    for (let each = 0; each < 2; each++) await certified(registrar, 1); // with new keys
    const state = registrar.serializeState();
    await rejected('ERR_SECAGG_CERTIFICATE', certified(registrar, 1));
    registrar.revoke(1);
    await rejected('ERR_SECAGG_CERTIFICATE', certified(registrar, 1, keypair));
    expect(registrar.serializeState()).to.have.lengthOf(state.length - 'false'.length + 'true'.length);
    expect(readRevocationList(await registrar.revocationList()).serials).to.have.lengthOf(1000);
    await certified(registrar, 2);
    clock.now = NEW_YEAR + 1000 * (WEEK + 2 * CLOCK_SKEW);
    await certified(registrar, 1);
  });

  it('goes on from its state, which does not hold its secret key', async () => {
    const { registrar, clock } = authorities();
    const keypair = genKeypair();
    const options = { keypair, scope: 'tests', clock: () => clock.now };
    const before = new Registrar(options);
    await certified(before, 1);
    before.revoke(1);
    await certified(before, 2);
    await before.revocationList();
    const state = before.serializeState();
    expect(state).not.to.contain(Buffer.from(keypair[1]).toString('base64'));
    const after = Registrar.fromState(state, options);
    expect((await certified(after, 3)).certificate.serial).to.equal(3);
    expect(readRevocationList(await after.revocationList())).to.deep.include({ number: 2, serials: [1] });
    refused('ERR_SECAGG_STATE_ROLE', () => Registrar.fromState(state.replace('"registrar"', '"user"'), options));
    expect(registrar.authority.scope).to.equal('tests');
  });

  it('refuses options that are wrong, by name', () => {
    const keypair = genKeypair();
    expect(() => new Registrar({ keypair, scope: '' })).to.throw(RangeError, 'options.scope');
    expect(() => new Registrar({ keypair, scope: 'a', validity: 0 })).to.throw(RangeError, 'options.validity');
    const mixed = [keypair[0], genKeypair()[1]] as const;
    expect(() => new Registrar({ keypair: mixed, scope: 'a' })).to.throw(RangeError, 'options.keypair');
    expect(() => new Registrar({ keypair, scope: 'a', valdity: 5 } as never)).to.throw(TypeError, "did you mean 'validity'?");
  });
});

describe('a revocation list', () => {
  it('is refused if its serials do not ascend, are not all there, or are more than a million', async () => {
    const { registrar } = authorities();
    await certified(registrar, 1);
    await certified(registrar, 2);
    registrar.revoke(1);
    registrar.revoke(2);
    const list = await registrar.revocationList();
    const at = 1 + 32 + 8 + 8 + 4;
    const swapped = list.slice();
    swapped[at + 7] = 2;
    swapped[at + 15] = 1;
    const more = list.slice();
    more[at - 1] = 3;
    const most = list.slice();
    most.fill(255, at - 4, at);
    for (const bad of [swapped, more, most, list.slice(0, -1)]) refused('ERR_SECAGG_DECODE', () => readRevocationList(bad));
  });
});

describe('a certificate', () => {
  it('is refused if its key is a point of small order, for which anybody can sign', async () => {
    const { registrar } = authorities();
    const { bytes } = await certified(registrar, 1);
    bytes.fill(0, 41, 73);
    refused('ERR_SECAGG_DECODE', () => readCertificate(bytes));
  });
});
