// The fields of a decoded message: which of them are copies, and which are views of the message.
import { expect } from 'chai';
import { Fields } from '../../src/wire/fields.ts';

describe('a field of a message', () => {
  it('stays what it was if the bytes of the message change later, unless it is asked for as a view', () => {
    const message = Uint8Array.of(0b101, 7, 7, 7);
    const fields = new Fields('test', [message.subarray(0, 1), message.subarray(1)], 2);
    const [members, bytes, view] = [fields.members(0, 'set', 3), fields.bytes(1, 'bytes', 3), fields.view(1, 'view')];
    message.fill(0);
    expect([...members]).to.deep.equal([0b101]);
    expect([...bytes]).to.deep.equal([7, 7, 7]);
    expect([...view]).to.deep.equal([0, 0, 0]);
  });
});
