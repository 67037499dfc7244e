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
  /** Rounds 0 to 4 of the last attempt, as far as it has come. */
  readonly rounds: readonly RoundView[];
  /** Code of the last attempt that has failed, or of the run; null if there is none, or if there is a sum. */
  readonly code: string | null;
  readonly included: number;
  /** The share of the test images that the model recognises after this run; null while the run goes on, or without a sum. */
  readonly accuracy: number | null;
  /** The ε of all sums so far; null without noise, or while the run goes on. */
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
  readonly testImages: number;
  /** Of the model before the first run. */
  readonly accuracy: number;
  readonly budget: { readonly epsilon: number; readonly delta: number } | null;
  /** From the first to the newest. */
  readonly runs: readonly RunView[];
}

const NEW = { stage: 'check-in', participants: 0, rounds: [], code: null, included: 0, accuracy: null, spent: null } as const;

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
        this.#change(event.run, { stage: event.stage, participants: event.participants });
        if (event.stage === 'session') this.#change(event.run, { rounds: [] });
        break;
      case 'round-closed':
        this.#changeRound(event.run, event.round, { heard: event.heard, missing: event.missing, closed: true });
        break;
      case 'attempt-failed':
        this.#change(event.run, { code: event.code });
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

  /** Looks at how far a run has come. */
  async look(key: RunKey): Promise<void> {
    const { run } = key;
    const stage = this.#runs.get(run)?.stage;
    if (stage === 'check-in' || stage === 'training') {
      const { checkedIn, ready } = await this.#store.counts(key);
      if (this.#runs.get(run)?.stage === stage) this.#change(run, { participants: stage === 'training' ? ready : checkedIn });
    } else if (stage === 'session') {
      await this.#lookAtSession(key);
    }
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
