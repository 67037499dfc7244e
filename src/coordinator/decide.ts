// When a run goes on, and when a round of its sessions: pure functions of what is known and of the time. The same for every process, so
// that it does not matter which of them looks.
import { leastEnrolled, mostEnrolled, type TaskDefinition } from '../service/task.ts';
import type { Window } from '../service/window.ts';

/** Where a run is. `'draw'`: it is settled who is enrolled, and the seed of the cohorts is still to come. */
export type Stage = 'check-in' | 'training' | 'draw' | 'session' | 'finished' | 'failed';

/** Since when something lasts. Times are service time, in milliseconds. */
interface Since {
  readonly since: number;
  /** Whether it was extended. */
  readonly extended: boolean;
}

/** What is known of a run that goes on. */
export interface Standing extends Since {
  readonly stage: Stage;
  /** Participants that checked in and did not leave. */
  readonly checkedIn: number;
  /** Selected participants that may still become ready. */
  readonly selected: number;
  /** Participants that are ready. */
  readonly ready: number;
  /** Whether the seed of the draw is there. */
  readonly seeded: boolean;
  /** Sessions that have not ended. */
  readonly open: number;
}

/** What is known of a session's protocol round: who has answered, who may still answer, and whether it can be closed. */
export interface RoundStanding extends Since {
  readonly heard: number;
  readonly missing: number;
  readonly closable: boolean;
}

/** What is to be done. */
type Waiting =
  /** Nothing before that time, in service time; unless somebody comes. */
  | { readonly kind: 'wait'; readonly until: number }
  /** It lasts longer, once. */
  | { readonly kind: 'extend' }
  /** There are too few. */
  | { readonly kind: 'give-up' };

/** What is to be done with a run. */
export type RunDecision =
  | Waiting
  /** Check-in ends: those that have come are selected. */
  | { readonly kind: 'select' }
  /** Training ends: an attempt begins with those that are ready. */
  | { readonly kind: 'begin' }
  /** The seed is there: cohorts are drawn, and their sessions begin. */
  | { readonly kind: 'draw' }
  /** All sessions have ended. */
  | { readonly kind: 'conclude' };

/** What is to be done with a session: its protocol round may be closed. */
export type SessionDecision = Waiting | { readonly kind: 'close' };

/** What a stage asks: whether all have come who may come, whether there are enough to close it early, and enough to close it at all. */
interface Question<Close> {
  readonly window: Window;
  readonly all: boolean;
  readonly enough: boolean;
  readonly possible: boolean;
  /** Whether there can never be enough. */
  readonly hopeless: boolean;
  readonly close: Close;
}

/** @param now service time, in milliseconds. */
export function decide(definition: TaskDefinition, standing: Standing, now: number): RunDecision {
  const { windows, group } = definition;
  const { checkedIn, selected, ready, seeded, open } = standing;
  const least = leastEnrolled(definition);
  switch (standing.stage) {
    case 'check-in': {
      const possible = checkedIn >= least;
      const all = checkedIn >= mostEnrolled(definition);
      const close = { kind: 'select' } as const;
      return answer({ window: windows.checkIn, all, enough: possible, possible, hopeless: false, close }, standing, now);
    }
    case 'training': {
      const possible = ready >= least;
      const hopeless = ready + selected < least;
      const close = { kind: 'begin' } as const;
      return answer(
        { window: windows.training, all: selected === 0, enough: possible, possible, hopeless, close },
        standing,
        now,
      );
    }
    case 'draw': {
      const window = group.cohorts?.seed ?? windows.training;
      const close = { kind: 'draw' } as const;
      return answer({ window, all: seeded, enough: seeded, possible: seeded, hopeless: false, close }, standing, now);
    }
    case 'session':
      return open === 0 ? { kind: 'conclude' } : { kind: 'wait', until: Infinity };
    case 'finished':
    case 'failed':
      return { kind: 'wait', until: Infinity };
  }
}

/** @param now service time, in milliseconds. */
export function decideRound({ group, windows }: TaskDefinition, standing: RoundStanding, now: number): SessionDecision {
  const { heard, missing, closable } = standing;
  const question: Question<SessionDecision> = {
    window: windows.round,
    all: missing === 0,
    enough: 100 * heard >= windows.round.enough * (heard + missing),
    possible: closable,
    hopeless: heard + missing < group.threshold,
    close: { kind: 'close' },
  };
  return answer(question, standing, now);
}

function answer<Close>(question: Question<Close>, { since, extended }: Since, now: number): Waiting | Close {
  const { window, all, enough, possible, hopeless, close } = question;
  if (possible && all) return close;
  if (hopeless) return { kind: 'give-up' };
  const [min, max] = [since + 1000 * window.min, since + 1000 * window.max];
  const end = extended ? max + 1000 * window.grace : max;
  if (now >= min && possible && enough) return close;
  if (now < end) return { kind: 'wait', until: now < min ? min : end };
  if (possible) return close;
  return extended || window.grace === 0 ? { kind: 'give-up' } : { kind: 'extend' };
}
