// The largest message that an honest party can send fits what its receiver takes, and one with more in it is refused by its size,
// before it is parsed.
import { expect } from 'chai';
import type { UserId } from '../../src/leaves/ids.ts';
import { membersOf } from '../../src/leaves/members.ts';
import { proofLength } from '../../src/leaves/tree-shape.ts';
import { MAX_USERS, resolveParameters, type Graph } from '../../src/session/parameters.ts';
import type { DirectoryExcerpt } from '../../src/session/messages.ts';
import { decodeServerMessage, decodeUserMessage, encodeServerMessage, encodeUserMessage } from '../../src/wire/envelope.ts';
import { encodeFields, type Field } from '../../src/wire/msgpack.ts';
import { decodeDirectory, directoryBytes, encodeDirectory, shareKeysBytes } from '../../src/wire/r1-share-keys.ts';
import { encodeShares, maskedInputBytes, sharesBytes } from '../../src/wire/r2-masked-input.ts';
import { encodeSignatures, signaturesBytes, unmaskBytes } from '../../src/wire/r4-unmasking.ts';
import { refused } from '../support/errors.ts';

const TAG = new Uint8Array(32).fill(0xaa);
const LAST = (2 ** 53 - 1) as UserId;

function line(index: number): DirectoryExcerpt['lines'][number] {
  const key = new Uint8Array(32).fill(index);
  return { userId: (LAST - 1000 + index) as UserId, channelKey: key, maskKey: key, signature: new Uint8Array(64).fill(index) };
}

const linesOf = (count: number): DirectoryExcerpt['lines'] => Array.from({ length: count }, (_, i) => line(i));

function fromServer(fields: readonly Field[], most: number): readonly Field[] {
  return decodeServerMessage(encodeServerMessage(TAG, { round: 1, fields }), TAG, most).fields;
}

function fromUser(body: number, most: number): number {
  const message = { round: 1, sender: LAST, body: new Uint8Array(body), signature: new Uint8Array(64) } as const;
  return decodeUserMessage(encodeUserMessage(TAG, message), TAG, LAST, most).body.length;
}

describe('the largest message of the server', () => {
  it('of round 1 is taken: all lines of the directory, with the longest ids; with a line more it is too large', () => {
    const excerpt = (users: number): DirectoryExcerpt => ({ users, first: 0, lines: linesOf(users), proof: [] });
    for (const users of [2, 20, 300]) {
      const fields = fromServer(encodeDirectory(excerpt(users), 'complete'), directoryBytes(users, 'complete'));
      expect(decodeDirectory(fields, 'complete')).to.deep.equal(excerpt(users));
      const more = encodeDirectory(excerpt(users + 2), 'complete');
      refused('ERR_SECAGG_DECODE', () => fromServer(more, directoryBytes(users, 'complete')));
    }
  });

  it('of round 1 on a sparse graph is taken, wherever among a million users the neighborhood is; with five lines more it is too large', () => {
    const graph: Graph = { neighbors: 4, shareThreshold: 2 };
    const most = directoryBytes(5, graph);
    // Beside the lines there is nothing on the complete graph, and the largest numbers and the longest proof on this one.
    expect(directoryBytes(0, 'complete')).to.equal(0);
    const beside = encodeFields([MAX_USERS, MAX_USERS - 1, new Uint8Array(40 * 32)]);
    expect(directoryBytes(0, graph)).to.equal(beside.length - 1);
    let longest = 0;
    // Across the end, across the middle, and in the middle of ever smaller subtrees.
    for (const first of [0, 999_998, 2 ** 19 - 2, 174_761, 349_525, 699_050, 524_286, 131_070, 786_430, 655_358]) {
      const places = [0, 1, 2, 3, 4].map((i) => (first + i) % MAX_USERS);
      const digests = proofLength(MAX_USERS, places);
      longest = Math.max(longest, digests);
      const proof = Array.from({ length: digests }, (_, i) => new Uint8Array(32).fill(i));
      const excerpt = { users: MAX_USERS, first, lines: linesOf(5), proof };
      expect(decodeDirectory(fromServer(encodeDirectory(excerpt, graph), most), graph)).to.deep.equal(excerpt);
    }
    expect(longest).to.be.within(34, 40);
    const proof = Array.from({ length: 40 }, () => new Uint8Array(32));
    const fields = encodeDirectory({ users: MAX_USERS, first: 0, lines: linesOf(10), proof }, graph);
    refused('ERR_SECAGG_DECODE', () => fromServer(fields, most));
  });

  it('of round 1 on a sparse graph is taken if the neighborhood is all of the directory, from any place; from one after the last it is none', () => {
    const graph: Graph = { neighbors: 4, shareThreshold: 2 };
    const excerpt = (first: number): DirectoryExcerpt => ({ users: 5, first, lines: linesOf(5), proof: [] });
    for (const first of [0, 1, 2, 3, 4]) {
      expect(decodeDirectory(encodeDirectory(excerpt(first), graph), graph)).to.deep.equal(excerpt(first));
    }
    refused('ERR_SECAGG_DECODE', () => decodeDirectory(encodeDirectory(excerpt(5), graph), graph));
    const fewer = encodeDirectory({ ...excerpt(0), users: 4 }, graph);
    refused('ERR_SECAGG_DECODE', () => decodeDirectory(fewer, graph));
  });

  it('of round 2 is taken: the records of all neighbors; with two more it is too large', () => {
    for (const [users, neighbors] of [
      [300, 299],
      [MAX_USERS, 48],
      [4, 3],
    ] as const) {
      const shares = (records: number): Field[] =>
        encodeShares({ u2: membersOf([0], users), receiver: LAST, sealed: new Uint8Array(136 * records) });
      const most = sharesBytes(users, neighbors);
      // The longest id takes nine bytes.
      expect(most).to.equal(membersOf([0], users).length + 9 + 136 * neighbors);
      expect(fromServer(shares(neighbors), most)[2]).to.have.length(136 * neighbors);
      refused('ERR_SECAGG_DECODE', () => fromServer(shares(neighbors + 2), most));
    }
  });

  it('of round 4 is taken: the signatures of all holders; with three more it is too large', () => {
    const all = (holders: number): Field[] => {
      const signers = membersOf(
        Array.from({ length: holders }, (_, i) => i),
        holders,
      );
      return encodeSignatures({ signers, signatures: new Array<Uint8Array>(holders).fill(new Uint8Array(64)) });
    };
    for (const holders of [2, 48, 5000]) {
      expect(fromServer(all(holders), signaturesBytes(holders))[1]).to.have.length(64 * holders);
      refused('ERR_SECAGG_DECODE', () => fromServer(all(holders + 3), signaturesBytes(holders)));
    }
  });
});

describe('the largest message of a user', () => {
  for (const [what, mostOf, body, more] of [
    ['round 1: a record for each neighbor', () => shareKeysBytes(299), 32 + 32 + 16 + 299 * 136, 136],
    ['round 2: all components', () => maskedInputBytes(resolveParameters(2, 1001, { bits: 13 })), 32 + 1627, 100],
    ['round 4: a share of each owner', () => unmaskBytes(300), 32 + 38 + 300 * 32, 3 * 32],
  ] as const) {
    it(`of ${what} has a body as long as is said, and is taken from the user with the largest id; a larger one is not`, () => {
      const most = mostOf();
      expect(most).to.equal(body);
      expect(fromUser(body, most)).to.equal(body);
      refused('ERR_SECAGG_DECODE', () => fromUser(body + more, most));
    });
  }
});
