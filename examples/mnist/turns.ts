// Time in the demo. A service waits for those who are silent until the time of a round is up. Here that time passes at once, when all the
// others have answered; and everybody takes its steps in turn.
import type { Outcome } from 'secagg/coordinator';
import type { Participant } from './participant.ts';
import type { Service } from './service.ts';

/** More than a run can take. */
const MOST_TURNS = 1000;
/** Turns in which nobody sends anything. A server process was killed then before it had done all that followed from an answer. */
const IDLE_TURNS = 20;

export interface Turns {
  readonly service: Service;
  readonly participants: readonly Participant[];
  /** Is called once somebody has answered in a protocol round. */
  readonly onRound: (round: number) => Promise<void>;
}

/** Plays a run to its end. */
export async function playRun(run: number, { service, participants, onRound }: Turns): Promise<Outcome> {
  for (let turn = 0, shown = -1, closed = -1, idle = 0; turn < MOST_TURNS; turn++) {
    const before = participants.map(({ answered }) => answered);
    await Promise.all(participants.map((participant) => participant.act()));
    idle = participants.every(({ answered }, i) => answered === before[i]) ? idle + 1 : 0;
    while (shown < Math.max(...participants.map(({ answered }) => answered))) await onRound(++shown);
    const outcome = await service.outcome(run);
    if (outcome !== null) return outcome;
    const round = roundWithout(participants);
    if (round <= closed && idle < IDLE_TURNS) continue;
    if (round < Infinity) closed = Math.max(closed, round);
    idle = 0;
    await pass(service);
  }
  throw new Error(`run ${run} does not end`);
}

/** Two seconds pass, and each process does what is due. Time passes in no other way, so that nobody has to wait for it. */
async function pass({ servers: { clock, processes } }: Service): Promise<void> {
  clock.now += 2000;
  const time = new TextEncoder().encode(String(clock.now));
  for (let index = 0; index < processes.count; index++) await processes.insist('/time', time, index);
}

/** The protocol round that all have answered who are awake, and in which the service waits for others; -1 if there is none, Infinity if all sleep. */
function roundWithout(participants: readonly Participant[]): number {
  const awake = participants.filter(({ isSilent }) => !isSilent);
  const [{ answered: round } = { answered: 0 }] = awake;
  if (awake.length === 0) return Infinity;
  const isAwaited = participants.some(({ isSilent, answered }) => isSilent && answered === round - 1);
  return isAwaited && awake.every(({ answered }) => answered === round) ? round : -1;
}
