// What a session was created with, as the JSON of its row: parameters and policy. It does not grow with the session's users.
import { jsonOf, valueOfJson } from '../leaves/json-text.ts';
import { StateError } from '../leaves/errors.ts';
import type { ServerSnapshot } from '../server/state.ts';
import { record } from '../session/codec.ts';
import * as codecs from '../session/json.ts';

/** What all parties agree on, and what the server decides for itself. */
type Brief = Pick<ServerSnapshot['context'], 'parameters' | 'policy'>;

const brief = record<Brief>({ parameters: codecs.parameters, policy: codecs.policy });

export function writtenBrief(context: Brief): string {
  return jsonOf(brief.encode(context) as object);
}

/** @throws StateError if somebody has changed it to what no session can have. */
export function readBrief(text: string): Brief {
  let json: unknown;
  try {
    json = valueOfJson(text);
  } catch {
    throw new StateError('brief: expected JSON');
  }
  const decoded = brief.decode(json, 'brief');
  codecs.requirePolicy(decoded.parameters, decoded.policy, 'brief');
  return decoded;
}
