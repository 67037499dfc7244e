// The five rounds of a user in one table, by the phase that waits for them: how the server's message is read, the step that
// it takes, and the body of the answer. The rules of a round are in its rN file, its bytes in wire/rN; here they meet.
import { neighborhoodsOf } from '../graph/graph.ts';
import { UsageError } from '../leaves/errors.ts';
import type { BlankUserMessage } from '../wire/envelope.ts';
import type { Field } from '../wire/msgpack.ts';
import { encodeAdvertiseKeys } from '../wire/r0-advertise-keys.ts';
import { decodeDirectory, encodeShareKeys } from '../wire/r1-share-keys.ts';
import { decodeShares, maskedInputBytes, maskedInputIn } from '../wire/r2-masked-input.ts';
import { decodeSurvivors, encodeView } from '../wire/r3-consistency-check.ts';
import { decodeSignatures, encodeUnmask } from '../wire/r4-unmasking.ts';
import { advertiseKeys } from './r0-advertise-keys.ts';
import { shareKeys } from './r1-share-keys.ts';
import { maskInput } from './r2-masked-input.ts';
import { checkConsistency } from './r3-consistency-check.ts';
import { revealShares } from './r4-unmasking.ts';
import type { AwaitingState, UnkeyedContext, UserContext } from './state.ts';
import type { Dependencies, Step } from './step.ts';

/** What a round may take from outside of the state. */
export interface RoundDependencies extends Dependencies {
  /** x_u as lanes, if it has been given. */
  readonly input: Uint8Array | null;
}

/** What a round takes, and makes its answer with. */
interface AnswerDependencies extends RoundDependencies {
  /** An answer with room for a body of this length. */
  readonly blank: (bodyLength: number) => BlankUserMessage;
}

/** Answers the server's fields with a message that lacks nothing but its signature, from the state that waits for them. */
type UserRound<State extends AwaitingState> = (
  context: UnkeyedContext,
  state: State,
  fields: readonly Field[],
  dependencies: AnswerDependencies,
) => Step<BlankUserMessage> | Promise<Step<BlankUserMessage>>;

const ROUNDS: { readonly [P in AwaitingState['phase']]: UserRound<Extract<AwaitingState, { readonly phase: P }>> } = {
  async 'advertise-keys'(_context, state, _fields, dependencies) {
    const { out, ...step } = await advertiseKeys(state, dependencies);
    return { ...step, out: withBody(dependencies, encodeAdvertiseKeys(out)) };
  },

  async 'share-keys'(context, state, fields, dependencies) {
    const excerpt = decodeDirectory(fields, context.parameters.graph);
    const { out, ...step } = await shareKeys(keyed(context), state, excerpt, dependencies);
    return { ...step, out: withBody(dependencies, encodeShareKeys(out)) };
  },

  async 'masked-input'(context, state, fields, { input, signal, blank }) {
    const shares = decodeShares(fields, state.users);
    if (input === null) throw new UsageError('ERR_SECAGG_NO_VECTOR', 'round 2: setVector has not been called');
    const out = blank(maskedInputBytes(context.parameters));
    const { view, vector } = maskedInputIn(out.body);
    const { out: masked, spent, ...step } = await maskInput(keyed(context), state, shares, { input, vector, signal });
    view.set(masked.view);
    return { ...step, out, spent: [...spent, input] };
  },

  'consistency-check'(context, state, fields, dependencies) {
    const { out, ...step } = checkConsistency(keyed(context), state, decodeSurvivors(fields, state.users));
    return { ...step, out: withBody(dependencies, encodeView(out)) };
  },

  async unmasking(context, state, fields, dependencies) {
    const holders = neighborhoodsOf(context.parameters.graph, state.users).groupSize;
    const { out, ...step } = await revealShares(keyed(context), state, decodeSignatures(fields, holders));
    return { ...step, out: withBody(dependencies, encodeUnmask(out)) };
  },
};

function withBody({ blank }: AnswerDependencies, body: Uint8Array): BlankUserMessage {
  const out = blank(body.length);
  out.body.set(body);
  return out;
}

/** The context of a user that has its public keys, as each has from the answer of round 1 on. */
function keyed({ publicKeys, ...context }: UnkeyedContext): UserContext {
  if (publicKeys === null) throw new UsageError('ERR_SECAGG_NO_PUBLIC_KEYS', 'round 1: setPublicKeys has not been called');
  return { ...context, publicKeys };
}

/** The step that a state waits for. */
export function roundOf(state: AwaitingState): UserRound<AwaitingState> {
  // The entry of a state's own phase takes that state, which TypeScript cannot follow through the index.
  return ROUNDS[state.phase] as unknown as UserRound<AwaitingState>;
}
