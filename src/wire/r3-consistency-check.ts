// Round 3. Server → user: U3. User → server: body = view of round 3 (32); peers verify the message's signature over it.
import type { Members } from '../leaves/members.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';
import { BodyReader, Fields } from './fields.ts';
import type { Field } from './msgpack.ts';

export function encodeSurvivors(u3: Members): Field[] {
  return [u3];
}

export function decodeSurvivors(content: readonly Field[], users: number): Members {
  return new Fields('survivors', content, 1).members(0, 'U3', users);
}

/** The body of a user's message is the view itself. */
export function encodeView(view: Uint8Array): Uint8Array {
  return view;
}

export function decodeView(body: Uint8Array): Uint8Array {
  return new BodyReader('consistency check', body, DIGEST_BYTES).next(DIGEST_BYTES);
}
