// Envelopes of messages, from bytes written field by field; and what a message may cost before anybody has looked into it.
import { expect } from 'chai';
import type { UserId } from '../../src/leaves/ids.ts';
import {
  claimedRound,
  decodeServerMessage,
  decodeUserMessage,
  encodeServerMessage,
  encodeStartMessage,
  encodeUserMessage,
} from '../../src/wire/envelope.ts';
import { encodeFields, type Field } from '../../src/wire/msgpack.ts';
import { refused } from '../support/errors.ts';
import { filled, repeat } from '../support/message-bytes.ts';
import { fromHex, toHex } from '../support/vectors.ts';

const TAG = filled(32, 0xaa);
const TAG_HEX = `c420${repeat('aa', 32)}`;

describe('envelopes', () => {
  it('of the start message: constant', () => {
    expect(toHex(encodeStartMessage())).to.equal('920100');
    expect(decodeServerMessage(fromHex('920100'), TAG, 100)).to.deep.equal({ round: 0, fields: [] });
    for (const hex of ['920101', '920200', '910100', '9201c40100', '9301c40100']) {
      refused('ERR_SECAGG_DECODE', () => decodeServerMessage(fromHex(hex), TAG, 100));
    }
  });

  it('of the server: version, round, tag, fields', () => {
    const bytes = encodeServerMessage(TAG, { round: 3, fields: [Uint8Array.of(5), [1, 2]] });
    expect(toHex(bytes)).to.equal(`950103${TAG_HEX}c40105920102`);
    expect(decodeServerMessage(bytes, TAG, 100)).to.deep.equal({
      round: 3,
      fields: [Uint8Array.of(5), [1, 2]],
    });
    refused('ERR_SECAGG_SESSION', () => decodeServerMessage(bytes, filled(32, 0xab), 100));
    for (const hex of [
      `950203${TAG_HEX}c40105920102`,
      `950105${TAG_HEX}c40105920102`,
      `930100${TAG_HEX}`,
      `95010391aac40105920102`,
    ]) {
      refused('ERR_SECAGG_DECODE', () => decodeServerMessage(fromHex(hex), TAG, 1000));
    }
  });

  it('of a user: version, round, tag, sender, body, signature', () => {
    const message = { round: 2, sender: 300, body: Uint8Array.of(1, 2), signature: filled(64, 9) } as const;
    const bytes = encodeUserMessage(TAG, message);
    expect(toHex(bytes)).to.equal(`960102${TAG_HEX}cd012cc4020102c440${repeat('09', 64)}`);
    expect(decodeUserMessage(bytes, TAG, 300 as UserId, 10)).to.deep.equal(message);
    for (const round of [0, 1, 2, 3, 4] as const) {
      expect(claimedRound(encodeUserMessage(TAG, { ...message, round }))).to.equal(round);
    }
    for (const hex of ['', '9601', '960202', '950102', '960105']) expect(claimedRound(fromHex(hex))).to.equal(null);
    refused('ERR_SECAGG_SENDER', () => decodeUserMessage(bytes, TAG, 301 as UserId, 10));
    refused('ERR_SECAGG_SESSION', () => decodeUserMessage(bytes, filled(32, 0), 300 as UserId, 10));
    for (const fields of [
      [2, 2, TAG, 300, message.body, message.signature],
      [1, 5, TAG, 300, message.body, message.signature],
      [1, 2, TAG.subarray(1), 300, message.body, message.signature],
      [1, 2, TAG, TAG, message.body, message.signature],
      [1, 2, TAG, [300], message.body, message.signature],
      [1, 2, TAG, 300, 1, message.signature],
      [1, 2, TAG, 300, message.body, filled(63, 9)],
      [1, 2, TAG, 300, message.body],
      [1, 2, TAG, 300, message.body, message.signature, 0],
      [TAG, 2, TAG, 300, message.body, message.signature],
      [1, TAG, TAG, 300, message.body, message.signature],
      [],
    ] as Field[][]) {
      refused('ERR_SECAGG_DECODE', () => decodeUserMessage(encodeFields(fields), TAG, 300 as UserId, 10));
    }
    refused('ERR_SECAGG_DECODE', () =>
      decodeUserMessage(encodeUserMessage(TAG, { ...message, body: filled(200, 0) }), TAG, 300 as UserId, 10),
    );
  });
});

describe('what a message may cost', () => {
  it('no list at all in a message of a user: each of its bytes would become a hundred in memory', () => {
    const head = [1, 0, TAG, 300] as const;
    for (const fields of [
      [...head, [1], filled(64, 1)],
      [...head, filled(64, 1), [0, 0]],
      [[], ...head, filled(64, 1)],
    ]) {
      refused('ERR_SECAGG_DECODE', () => decodeUserMessage(encodeFields(fields), TAG, 300 as UserId, 1_000_000));
      // Not even one of another session, which is found out only once the lists are there.
      refused('ERR_SECAGG_DECODE', () => decodeUserMessage(encodeFields(fields), filled(32, 0xab), 300 as UserId, 1_000_000));
    }
  });

  it('no list longer than a session has users in a message of the server', () => {
    const list = (length: number): Uint8Array =>
      encodeServerMessage(TAG, { round: 1, fields: [new Array<number>(length).fill(1)] });
    expect(decodeServerMessage(list(65_535), TAG, 1_000_000).fields).to.have.length(1);
    refused('ERR_SECAGG_DECODE', () => decodeServerMessage(list(65_536), TAG, 1_000_000));
  });
});
