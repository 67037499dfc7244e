// What the page for watching shows: numbers of participants, and never names. What has happened comes from the events of the
// coordinator; what goes on now is asked from its store and from its sessions.
import { UsageError } from 'secagg';
import type { CoordinatorEvent, CoordinatorStore, RunKey, SessionHost } from 'secagg/coordinator';

/** A protocol round: who was heard, and who was not. */
export interface RoundView {
  readonly heard: number;
  readonly missing: number;
  readonly closed: boolean;
}

export interface RunView {
  readonly run: number;
  readonly stage: 'check-in' | 'training' | 'draw' | 'session' | 'finished' | 'failed';
  /** That have checked in, are ready, or are in the session. */
  readonly participants: number;
  /** That were there when check-in ended. */
  readonly selected: number;
  /** Of those that were selected, they are not in the session: they had left, or were not ready. */
  readonly lost: number;
  /** Rounds 0 to 4 of the last attempt, as far as it has come. */
  readonly rounds: readonly RoundView[];
  /** Code of the last attempt that has failed, or of the run; null if there is none, or if there is a sum. */
  readonly code: string | null;
  readonly included: number;
  /** The share of the test images that the model recognises after this run; null while the run goes on, or without a sum. */
  readonly accuracy: number | null;
  /** The ε of a participant that was in all runs so far, as its agent counts it; null without noise, or while the run goes on. */
  readonly spent: number | null;
}

/** What both pages know of the service. */
export interface ServiceView {
  /** Digest of the task, 64 hexadecimal digits. */
  readonly task: string;
  /** How many runs there are in all. */
  readonly planned: number;
  /** Participants that the server plays itself. */
  readonly companions: number;
  /** Visitors that a run waits for. */
  readonly visitors: number;
  /** Visitors whose pages are open, and that would take part in a run. */
  readonly present: number;
  /** Where other devices find the pages; none if only this machine does. */
  readonly addresses: readonly string[];
  readonly testImages: number;
  /** Of the model before the first run. */
  readonly accuracy: number;
  readonly budget: { readonly epsilon: number; readonly delta: number } | null;
  /** From the first to the newest. */
  readonly runs: readonly RunView[];
}

const NEW: Omit<RunView, 'run'> = {
  ...{ stage: 'check-in', participants: 0, selected: 0, lost: 0, rounds: [] },
  ...{ code: null, included: 0, accuracy: null, spent: null },
};

export class Watching {
  readonly #runs = new Map<number, RunView>();
  readonly #store: CoordinatorStore;
  readonly #host: SessionHost;

  constructor(store: CoordinatorStore, host: SessionHost) {
    this.#store = store;
    this.#host = host;
  }

  get runs(): readonly RunView[] {
    return [...this.#runs.values()];
  }

  hear(event: CoordinatorEvent): void {
    switch (event.type) {
      case 'run-opened':
        this.#runs.set(event.run, { run: event.run, ...NEW });
        break;
      case 'stage':
        this.#enterStage(event);
        break;
      case 'round-closed':
        this.#changeRound(event.run, event.round, { heard: event.heard, missing: event.missing, closed: true });
        break;
      case 'attempt-failed':
        this.#failAttempt(event);
        break;
      case 'run-ended':
        this.#change(event.run, {
          stage: event.code === null ? 'finished' : 'failed',
          code: event.code,
          included: event.included,
        });
        break;
      case 'extended':
      case 'tick-failed':
        break; // nothing that a visitor can see
    }
  }

  /** After the end of a run: what it has reached. */
  enter(run: number, reached: Pick<RunView, 'accuracy' | 'spent'>): void {
    this.#change(run, reached);
  }

  /** While participants train, those count that are ready, and nobody is so at first. */
  #enterStage({ run, stage, participants, previous }: Extract<CoordinatorEvent, { readonly type: 'stage' }>): void {
    if (stage !== 'session') {
      this.#change(run, { stage, participants: 0, ...(previous === 'check-in' && { selected: participants }) });
      return;
    }
    const selected = this.#runs.get(run)?.selected ?? 0;
    this.#change(run, { stage, participants, lost: selected - participants, rounds: [] });
  }

  /** The round in which it has failed goes on no more: who was not heard in it by then is missing. */
  #failAttempt({ run, code }: Extract<CoordinatorEvent, { readonly type: 'attempt-failed' }>): void {
    const rounds = this.#runs.get(run)?.rounds.map((round) => ({ ...round, closed: true })) ?? [];
    this.#change(run, { code, rounds });
  }

  /** Looks at how far a run has come. */
  async look(key: RunKey): Promise<void> {
    const stage = this.#runs.get(key.run)?.stage;
    if (stage === 'session') await this.#lookAtSession(key);
    else if (stage !== 'finished') await this.#count(key);
  }

  async #count(key: RunKey): Promise<void> {
    const before = this.#runs.get(key.run)?.stage;
    const { checkedIn, ready } = await this.#store.counts(key);
    const known = this.#runs.get(key.run);
    if (known === undefined || known.stage !== before) return;
    const { run, stage, selected, rounds } = known;
    if (stage === 'check-in') this.#change(run, { participants: checkedIn });
    if (stage === 'training') this.#change(run, { participants: ready });
    // While a run is in its rounds, and after them, those that leave are missing in a round.
    if (stage !== 'check-in' && rounds.length === 0) this.#change(run, { lost: selected - checkedIn });
  }

  async #lookAtSession(key: RunKey): Promise<void> {
    const session = await this.#store.session({ ...key, index: 0 });
    if (session === null) return;
    try {
      const { round, heard, missing } = await this.#host.attendance(session.name);
      const isOpen = round !== null && round < 5 && this.#runs.get(key.run)?.rounds[round]?.closed !== true;
      if (isOpen) this.#changeRound(key.run, round, { heard, missing, closed: false });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error; // the session has ended meanwhile
    }
  }

  #change(run: number, change: Partial<RunView>): void {
    const known = this.#runs.get(run);
    if (known !== undefined) this.#runs.set(run, { ...known, ...change });
  }

  #changeRound(run: number, round: number, view: RoundView): void {
    const rounds = [...(this.#runs.get(run)?.rounds ?? [])];
    rounds[round] = view;
    this.#change(run, { rounds });
  }
}
