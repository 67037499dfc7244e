// What a closed round gives, told from the state that follows it.
import { ringOf } from '../masking/ring.ts';
import { vectorOf } from '../masking/vector.ts';
import { encoded } from './messages-to-users.ts';
import { MessagesOutput, SumOutput, type ServerOutput } from './output.ts';
import { roundOf } from './rounds.ts';
import type { ClosedState, ServerContext } from './state.ts';

/** The messages that open the next round or, after the last one, the sum. */
export function outputOf(context: ServerContext, state: ClosedState): ServerOutput {
  if (state.phase === 'finished') return new SumOutput(vectorOf(ringOf(context.parameters.bits), state.sum));
  return new MessagesOutput(encoded(context.tag, state.directory, roundOf(state).outgoing(context, state)));
}
