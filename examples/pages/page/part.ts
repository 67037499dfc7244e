// What a page knows of its visitor's part, without any element of the page: from what the agent tells, and from what goes on at the service.
import type { AgentEvent, AgentProgress } from 'secagg/agent';
import type { TaskDefinition } from 'secagg/service';
import { isUsedUp } from '../terms.ts';
import type { RunView, ServiceView } from '../watching.ts';
import type { Decisions } from './membership.ts';
import { refusalOf, type Refusal } from './refusal.ts';

/** In this protocol round the masked numbers are sent. */
const MASKED_INPUT = 2;
/** Of what has happened, so much is remembered. */
const MOST_MESSAGES = 8;

/** Something that has happened in a run. */
export interface Message {
  readonly what: 'selected' | 'sent' | 'done' | 'doneWithout' | 'failed' | 'attemptFailed';
  readonly run: number;
}

/** What keeps the visitor from further sums: a limit that the visitor has set. */
export type Limit = 'sums' | 'budget';

export function isOver({ stage }: RunView): boolean {
  return stage === 'finished' || stage === 'failed';
}

/** The run that goes on, or was the last one. */
export function newestRun(view: ServiceView | null): RunView | null {
  return view?.runs.at(-1) ?? null;
}

/** Whether all runs that were planned are over. */
export function isAllOver({ planned, runs }: ServiceView): boolean {
  return runs.filter(isOver).length >= planned;
}

/** The run that goes on; null between two runs. */
export function presentRun(view: ServiceView | null): RunView | null {
  const run = newestRun(view);
  return run === null || isOver(run) ? null : run;
}

export class Part {
  readonly #definition: TaskDefinition;
  readonly #decisions: Decisions;
  /** The newest first. */
  #messages: readonly Message[] = [];
  #progress: AgentProgress | null = null;
  /** The last protocol round of this attempt that was answered; -1 before the first. */
  #answered = -1;
  #users: number | null = null;
  #refusal: Refusal | null = null;
  /** The newest run when the refusal was heard. */
  #refusedIn = 0;
  #isNetworkLost = false;
  #hasLeft = false;
  #view: ServiceView | null = null;
  /** The run that the visitor takes part in, or has taken part in last. */
  #lastRun = 0;
  /** The run whose check-in was over when the page was opened. */
  #begunBefore = 0;

  constructor(definition: TaskDefinition, decisions: Decisions) {
    this.#definition = definition;
    this.#decisions = decisions;
  }

  /** The server has answered; so far the agent is. */
  follow(progress: AgentProgress): void {
    this.#isNetworkLost = false;
    const { run = null, attempt = null, participations = progress.participations } = this.#progress ?? {};
    if (progress.run !== run || progress.attempt !== attempt) this.#endAttempt();
    // Another tab may have sent the masked numbers: where there are no Web Locks, both take part as the same participant.
    else if (progress.participations > participations) this.#answered = Math.max(this.#answered, MASKED_INPUT);
    this.#progress = progress;
    this.#lastRun = progress.run ?? this.#lastRun;
  }

  hear(event: AgentEvent, progress: AgentProgress): void {
    this.follow(progress);
    this.#isNetworkLost = event.type === 'step-failed';
    switch (event.type) {
      case 'selected':
        this.#begin(null);
        this.#note('selected', event.run);
        break;
      case 'enrolled':
        this.#begin(event.users);
        break;
      case 'sent':
        this.#refusal = null;
        this.#answered = event.round;
        if (event.round === MASKED_INPUT) this.#note('sent', event.run);
        break;
      case 'attempt-failed':
        this.#endAttempt();
        this.#note('attemptFailed', event.run);
        break;
      case 'done':
        this.#lastRun = event.run;
        this.#note(!event.finished ? 'failed' : event.sent ? 'done' : 'doneWithout', event.run);
        break;
      case 'refused':
        this.#refusal = refusalOf(event.code);
        this.#refusedIn = newestRun(this.#view)?.run ?? 0;
        break;
      case 'needs-input':
      case 'input-refused':
      case 'awaiting-draw':
      case 'waiting':
      case 'step-failed':
      case 'superseded':
        break;
    }
  }

  /** A new run or attempt: what was refused before is over. */
  #begin(users: number | null): void {
    this.#refusal = null;
    this.#answered = -1;
    this.#users = users;
  }

  #endAttempt(): void {
    this.#answered = -1;
    this.#users = null;
  }

  #note(what: Message['what'], run: number): void {
    this.#messages = [{ what, run }, ...this.#messages].slice(0, MOST_MESSAGES);
  }

  look(view: ServiceView): void {
    const newest = presentRun(view);
    if (this.#view === null && newest !== null && newest.stage !== 'check-in') this.#begunBefore = newest.run;
    this.#view = view;
  }

  leave(): void {
    this.#hasLeft = true;
    this.#begin(null);
  }

  get decisions(): Decisions {
    return this.#decisions;
  }

  get messages(): readonly Message[] {
    return this.#messages;
  }

  get participations(): number {
    return this.#progress?.participations ?? 0;
  }

  /** Null until the agent has read its state. */
  get phase(): AgentProgress['phase'] | null {
    return this.#progress?.phase ?? null;
  }

  /** The last protocol round of this attempt that was answered; -1 before the first. */
  get answered(): number {
    return this.#answered;
  }

  /** Participants of the session; null if the page has not heard of them. */
  get users(): number | null {
    return this.#users;
  }

  get hasSent(): boolean {
    return this.#answered >= MASKED_INPUT;
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  get isSuperseded(): boolean {
    return this.#progress?.superseded === true;
  }

  get isNetworkLost(): boolean {
    return this.#isNetworkLost;
  }

  /** Whether all runs of the service are over, and the visitor is in none of them. */
  get isOver(): boolean {
    return this.phase === 'idle' && this.#view !== null && isAllOver(this.#view);
  }

  /** The limit because of which no further run is accepted. */
  get limit(): Limit | null {
    if (this.phase !== 'idle') return null;
    if (this.participations >= this.#decisions.mostSums) return 'sums';
    return isUsedUp(this.participations, this.#definition) ? 'budget' : null;
  }

  /** Why the visitor's browser, or the server, has refused the present run; it is no refusal any more when the next run begins. */
  get refusal(): Refusal | null {
    return (newestRun(this.#view)?.run ?? 0) > this.#refusedIn ? null : this.#refusal;
  }

  /** The run that goes on without the visitor, who came too late for it; null if there is none. */
  get missed(): number | null {
    const present = presentRun(this.#view);
    if (this.phase !== 'idle' || present === null || present.run <= this.#lastRun) return null;
    const { run, stage } = present;
    // Who has checked in hears a little later than the page that training has begun.
    return stage === 'session' || (stage === 'training' && run === this.#begunBefore) ? run : null;
  }

  /** Whether the visitor would take part in a run, as far as its browser knows. */
  get mayTakePart(): boolean {
    return this.phase !== null && !this.#hasLeft && !this.isSuperseded && !this.isOver && this.limit === null;
  }
}
