// When a run goes on: a pure function of what is known and of the time. The same for every process, so that it does not matter which
// of them looks.
import type { RoundWindow, TaskDefinition, Window } from '../service/task.ts';

/** Where a run is. */
export type Stage = 'check-in' | 'training' | 'session' | 'finished' | 'failed';

/** What is known of a run that goes on. Times are service time, in milliseconds. */
export interface Standing {
  readonly stage: Stage;
  /** Since when it is in this stage, or in this protocol round. */
  readonly since: number;
  /** Whether the stage was extended. */
  readonly extended: boolean;
  /** Participants that checked in and did not leave. */
  readonly checkedIn: number;
  /** Selected participants that may still become ready. */
  readonly selected: number;
  /** Participants that are ready. */
  readonly ready: number;
  /** Of the protocol round: who has answered, who may still answer, and whether it can be closed. */
  readonly heard: number;
  readonly missing: number;
  readonly closable: boolean;
}

/** What is to be done with a run. */
export type Decision =
  /** Nothing before that time, in service time; unless somebody comes. */
  | { readonly kind: 'wait'; readonly until: number }
  /** Check-in ends: those that have come are selected. */
  | { readonly kind: 'select' }
  /** Training ends: an attempt begins with those that are ready. */
  | { readonly kind: 'begin' }
  /** The protocol round is closed. */
  | { readonly kind: 'close' }
  /** The stage, or the round, lasts longer, once. */
  | { readonly kind: 'extend' }
  /** There are too few. */
  | { readonly kind: 'give-up' };

/** What a stage asks: whether all have come who may come, whether there are enough to close it early, and enough to close it at all. */
interface Question {
  readonly window: Window;
  readonly all: boolean;
  readonly enough: boolean;
  readonly possible: boolean;
  /** Whether there can never be enough. */
  readonly hopeless: boolean;
  readonly close: Decision;
}

/** @param now service time, in milliseconds. */
export function decide(definition: TaskDefinition, standing: Standing, now: number): Decision {
  const question = questionOf(definition, standing);
  if (question === null) return { kind: 'wait', until: Infinity };
  const { window, all, enough, possible, hopeless, close } = question;
  if (possible && all) return close;
  if (hopeless) return { kind: 'give-up' };
  const [min, max] = [standing.since + 1000 * window.min, standing.since + 1000 * window.max];
  const end = standing.extended ? max + 1000 * window.grace : max;
  if (now >= min && possible && enough) return close;
  if (now < end) return { kind: 'wait', until: now < min ? min : end };
  if (possible) return close;
  return standing.extended || window.grace === 0 ? { kind: 'give-up' } : { kind: 'extend' };
}

function questionOf({ group, minUsers, windows }: TaskDefinition, standing: Standing): Question | null {
  const { checkedIn, selected, ready, heard, missing, closable } = standing;
  switch (standing.stage) {
    case 'check-in': {
      const possible = checkedIn >= minUsers;
      return {
        window: windows.checkIn,
        all: checkedIn >= group.maxUsers,
        enough: possible,
        possible,
        hopeless: false,
        close: { kind: 'select' },
      };
    }
    case 'training': {
      const possible = ready >= minUsers;
      const hopeless = ready + selected < minUsers;
      return { window: windows.training, all: selected === 0, enough: possible, possible, hopeless, close: { kind: 'begin' } };
    }
    case 'session': {
      const enough = isEnough(windows.round, heard, missing);
      const hopeless = heard + missing < group.threshold;
      return { window: windows.round, all: missing === 0, enough, possible: closable, hopeless, close: { kind: 'close' } };
    }
    case 'finished':
    case 'failed':
      return null;
  }
}

function isEnough({ enough }: RoundWindow, heard: number, missing: number): boolean {
  return 100 * heard >= enough * (heard + missing);
}
