// How many messages a phase takes, how long it lasts, and when it ends. [xaynet-server 0.2.0] src/settings, src/state_machine/phases/handler.rs.
import { checkInteger, checkNames, checkNumber } from '../leaves/checks.ts';
import type { Tag } from './wire/message.ts';

/** How many messages a phase takes. */
export interface MessageCount {
  /** The phase can be closed once so many were accepted. */
  readonly min: number;
  /** More are refused. */
  readonly max: number;
}

/** How long a phase lasts, in seconds of service time: times in which the service did not run do not count. */
export interface PhaseTime {
  /** The phase takes messages for at least so long, unless it has its most messages before. */
  readonly min: number;
  /** The round is given up if the phase has not its least messages by then. At least 1. */
  readonly max: number;
}

/** When a phase ends. */
export interface PhaseLimits {
  /**
   * Messages. Default: 1 to 100; of the update phase 3 to 10,000, or to as many models as the mask configurations bear; of the sum2 phase at most
   * those of the sum phase.
   */
  readonly count?: MessageCount;
  /** Seconds. Default: 0 to 3600; of the sum2 phase 600 to 3600, unless all sum participants are heard before. */
  readonly time?: PhaseTime;
}

/** The limits of a phase with their defaults. */
export interface CheckedLimits {
  readonly count: MessageCount;
  /** In milliseconds. */
  readonly time: PhaseTime;
}

/** The least messages with which the protocol works. [xaynet-core 0.2.0] src/message/message.rs. */
const LEAST: Readonly<Record<Tag, number>> = { sum: 1, update: 3, sum2: 1 };
const MOST_MESSAGES = 2 ** 24;
const MOST_SECONDS = 10 ** 9;

/** The phase that a message came in. */
export interface Moment {
  readonly phase: Tag;
  /** How many sum participants there are, from the update phase on. */
  readonly sumParticipants: number;
}

const DEFAULT_TIMES: Readonly<Record<Tag, PhaseTime>> = {
  sum: { min: 0, max: 3600 },
  update: { min: 0, max: 3600 },
  // One liar would be enough if the first mask ended the phase: honest sum participants need minutes.
  sum2: { min: 600, max: 3600 },
};

/** @throws TypeError, RangeError that name the option. */
export function checkLimits(value: PhaseLimits, tag: Tag, count: MessageCount): CheckedLimits {
  const name = `options.${tag}`;
  checkNames(value, name, ['count', 'time']);
  const { count: given = count, time = DEFAULT_TIMES[tag] } = value;
  return { count: checkCount(given, tag, `${name}.count`), time: checkTime(time, `${name}.time`) };
}

/** The limits of a phase in one round: nobody but its sum participants comes to the sum2 phase. */
export function limitsOf(limits: Readonly<Record<Tag, CheckedLimits>>, { phase, sumParticipants }: Moment): CheckedLimits {
  const { count, time } = limits[phase];
  if (phase !== 'sum2') return { count, time };
  return { count: { min: Math.min(count.min, sumParticipants), max: Math.min(count.max, sumParticipants) }, time };
}

function checkCount(value: MessageCount, tag: Tag, name: string): MessageCount {
  checkNames(value, name, ['min', 'max']);
  const min = checkInteger(value.min, `${name}.min`, LEAST[tag], MOST_MESSAGES);
  return { min, max: checkInteger(value.max, `${name}.max`, min, MOST_MESSAGES) };
}

function checkTime(value: PhaseTime, name: string): PhaseTime {
  checkNames(value, name, ['min', 'max']);
  const min = checkNumber(value.min, `${name}.min`, 0, MOST_SECONDS);
  return { min: 1000 * min, max: 1000 * checkNumber(value.max, `${name}.max`, Math.max(min, 1), MOST_SECONDS) };
}

/** What is to be done with a phase now: close it, or give the round up; null if it goes on. */
export type Due = 'close' | 'abandon' | null;

/** @param elapsed milliseconds of service time in the phase. */
export function dueOf({ count, time }: CheckedLimits, accepted: number, elapsed: number): Due {
  // DEVIATION from xaynet-server 0.2.0, which waits for the least time although no message is taken any more.
  if (accepted >= count.max) return 'close';
  if (accepted >= count.min) return elapsed >= time.min ? 'close' : null;
  return elapsed >= time.max ? 'abandon' : null;
}
