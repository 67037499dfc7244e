// Announcements of runs: what a publisher signs, and what nobody else can change.
import { expect } from 'chai';
import { fingerprint } from '../../src/crypto/digest.ts';
import { isAnnouncementOf, readAnnouncement } from '../../src/service/announcement.ts';
import { refused } from '../support/errors.ts';
import { authorities, NEW_YEAR, taskOf } from '../support/service.ts';

const content = Uint8Array.of(1, 2, 3);
const expires = new Date(NEW_YEAR + 1500);

describe('an announcement', () => {
  it('tells task, source, number, payload and end, and each of its bytes is signed', async () => {
    const parties = authorities();
    const task = taskOf(parties);
    const payload = { url: 'https://example.org/model/7', content };
    const bytes = await parties.publisher.announce({ task, run: 7, source: 'steps', payload, expires });
    expect(readAnnouncement(bytes)).to.deep.equal({
      task: task.digest,
      source: 'steps',
      run: 7,
      payload: { url: payload.url, length: 3, sha256: fingerprint(content) },
      expires: NEW_YEAR / 1000 + 1,
      bytes,
    });
    const { publicKey } = parties.publisher;
    expect(await isAnnouncementOf(publicKey, bytes)).to.equal(true);
    for (let i = 0; i < bytes.length; i++) {
      const changed = bytes.slice();
      changed[i] = (changed[i] ?? 0) ^ 128;
      expect(await isAnnouncementOf(publicKey, changed), `byte ${i}`).to.equal(false);
    }
  });

  it('needs neither a payload nor a source', async () => {
    const parties = authorities();
    const bytes = await parties.publisher.announce({ task: taskOf(parties), run: 0, expires });
    expect(readAnnouncement(bytes)).to.deep.include({ source: '', run: 0, payload: null });
  });

  it('is refused at every other length, in another version, with texts that are no UTF-8 or too long', async () => {
    const parties = authorities();
    const bytes = await parties.publisher.announce({ task: taskOf(parties), run: 0, source: 'é', expires });
    for (let length = 0; length < bytes.length; length++) {
      refused('ERR_SECAGG_DECODE', () => readAnnouncement(bytes.slice(0, length)));
    }
    refused('ERR_SECAGG_DECODE', () => readAnnouncement(Uint8Array.of(...bytes, 0)));
    refused('ERR_SECAGG_DECODE', () => readAnnouncement(Uint8Array.of(2, ...bytes.slice(1))));
    const broken = bytes.slice();
    broken[38] = 0xff;
    refused('ERR_SECAGG_DECODE', () => readAnnouncement(broken));
    const long = bytes.slice();
    long[36] = 101;
    refused('ERR_SECAGG_DECODE', () => readAnnouncement(long));
  });

  it('of a run with wrong arguments is not made', async () => {
    const parties = authorities();
    const task = taskOf(parties);
    const { publisher } = parties;
    for (const [run, name] of [
      [{ task, run: -1, expires }, 'run.run'],
      [{ task, run: 1, expires, source: 'x'.repeat(101) }, 'run.source'],
      [{ task, run: 1, expires, source: 'a\0' }, 'run.source'],
      [{ task, run: 1, expires, source: '\ud800' }, 'run.source'],
      [{ task, run: 1, expires: new Date(NaN) }, 'run.expires'],
      [{ task, run: 1, expires, payload: { url: '', content } }, 'run.payload.url'],
    ] as const) {
      const error: unknown = await publisher.announce(run).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(RangeError).with.property('message').that.contains(name);
    }
  });
});
