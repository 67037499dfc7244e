// What an agent without a listener writes to the console.
import type { AgentEvent } from './events.ts';

/** What the application must mend: it would go unnoticed, because the agent goes on with the next run. */
export function writeMistakes(event: AgentEvent): void {
  if (event.type === 'input-refused') console.warn(`secagg: an input for run ${event.run} does not fit: ${event.message}`);
}

/** In development also what may be a mistake of the developer, or of the network. */
export function writeTroubles(event: AgentEvent): void {
  writeMistakes(event);
  if (event.type === 'step-failed') console.warn('secagg: a step of an agent has failed, and is tried again:', event.error);
  if (event.type === 'refused') console.warn(`secagg: an agent was refused, or refuses a run: ${event.message} (${event.code})`);
}
