// What a person sees of its own part: where it is, what was sent, what it has cost.
import type { AgentEvent, AgentProgress } from 'secagg/agent';
import { Ledger, type ReleaseCost } from 'secagg/dp';
import { budgetOf, worstCostIn } from '../terms.ts';
import type { ServiceView } from '../watching.ts';
import type { Decisions, Offer } from './membership.ts';
import { element, find, put, type Words } from './words.ts';

/** In this protocol round the masked numbers are sent. */
const MASKED_INPUT = 2;
/** Of what has happened, so much is shown. */
const MOST_MESSAGES = 8;

const IDLE: AgentProgress = { phase: 'idle', run: null, attempt: null, participations: 0, superseded: false };

export class PartView {
  readonly #offer: Offer;
  readonly #words: Words;
  readonly #decisions: Decisions;
  readonly #cost: ReleaseCost | null;
  readonly #messages: (() => string)[] = [];
  #progress = IDLE;
  /** The last protocol round of this attempt that was answered; -1 before the first. */
  #answered = -1;
  #users: number | null = null;
  #refused: { readonly code: string; readonly message: string } | null = null;
  #isNetworkLost = false;
  #hasLeft = false;
  #view: ServiceView | null = null;

  constructor(offer: Offer, words: Words, decisions: Decisions) {
    this.#offer = offer;
    this.#words = words;
    this.#decisions = decisions;
    this.#cost = worstCostIn(offer.task.definition);
    this.show();
  }

  hear(event: AgentEvent, progress: AgentProgress): void {
    this.#progress = progress;
    this.#isNetworkLost = event.type === 'step-failed';
    switch (event.type) {
      case 'selected':
        this.#refused = null;
        this.#begin(null);
        this.#note(() => this.#words.texts.event.selected(event.run));
        break;
      case 'enrolled':
        this.#begin(event.users);
        break;
      case 'sent':
        this.#answered = event.round;
        if (event.round === MASKED_INPUT) this.#note(() => this.#words.texts.event.sent(event.run));
        break;
      case 'attempt-failed':
        this.#refused = null; // by the coordinator, in the attempt
        this.#begin(null);
        this.#note(() => this.#words.texts.event.attemptFailed(event.run));
        break;
      case 'done':
        this.#refused = null;
        this.#begin(null);
        this.#note(() => {
          const { done, doneWithout, failed } = this.#words.texts.event;
          return (!event.finished ? failed : event.sent ? done : doneWithout)(event.run);
        });
        break;
      case 'refused':
        this.#refused = event;
        break;
      case 'needs-input':
      case 'awaiting-draw':
      case 'waiting':
      case 'step-failed':
      case 'superseded':
        break;
    }
    this.show();
  }

  /** A new attempt, or none. */
  #begin(users: number | null): void {
    this.#answered = -1;
    this.#users = users;
  }

  #note(message: () => string): void {
    this.#messages.unshift(message);
    this.#messages.splice(MOST_MESSAGES);
  }

  look(view: ServiceView): void {
    this.#view = view;
    this.show();
  }

  leave(): void {
    this.#hasLeft = true;
    this.#begin(null);
    this.show();
  }

  show(): void {
    put('#phase', this.#phaseText());
    this.#showRefusal();
    this.#showSteps();
    const { texts } = this.#words;
    const { participations } = this.#progress;
    put('#participations', texts.participations(participations, this.#decisions.mostSums));
    this.#showBudget();
    const accuracy = this.#view?.runs.reduce((last, run) => run.accuracy ?? last, this.#view.accuracy) ?? null;
    put('#accuracy', accuracy === null ? '' : this.#words.percent(accuracy));
    find(HTMLElement, '#messages').replaceChildren(...this.#messages.map((message) => element('li', message())));
    find(HTMLElement, '#leave').hidden = this.#hasLeft;
    for (const name of ['#again', '#again-note']) {
      find(HTMLElement, name).hidden = !this.#hasLeft && !this.#progress.superseded;
    }
  }

  get #isOver(): boolean {
    if (this.#view === null) return false;
    const { planned, runs } = this.#view;
    return runs.filter(({ stage }) => stage === 'finished' || stage === 'failed').length >= planned;
  }

  /** Whether there is a sum to come, as far as this browser knows. */
  get #mayTakePart(): boolean {
    const { superseded, phase } = this.#progress;
    const isRefused = phase === 'idle' && this.#refused !== null;
    return !this.#hasLeft && !superseded && !isRefused && !(phase === 'idle' && this.#isOver);
  }

  #phaseText(): string {
    const { phase } = this.#words.texts;
    const { superseded, phase: now } = this.#progress;
    if (this.#hasLeft) return phase.left;
    if (superseded) return phase.superseded;
    if (this.#isNetworkLost) return this.#words.texts.event.network;
    if (now === 'idle' && this.#isOver) return phase.over;
    if (now === 'idle' && this.#refused !== null) return this.#words.texts.notTakingPart;
    if (now === 'session') return this.#words.texts.inSession(this.#users ?? this.#view?.runs.at(-1)?.participants ?? 0);
    if (now === 'leaving') return phase.awaiting;
    return now === 'enrolled' ? phase.preparing : phase[now];
  }

  #showRefusal(): void {
    const shown = find(HTMLElement, '#refusal');
    shown.hidden = this.#refused === null || this.#hasLeft;
    if (this.#refused === null) return;
    const { texts } = this.#words;
    const { code, message } = this.#refused;
    const limit = code === 'ERR_SECAGG_FLOOR' ? this.#limitReached : null;
    if (limit !== null) {
      shown.replaceChildren(limit);
      return;
    }
    const reason = element('code', message);
    reason.lang = 'en';
    shown.replaceChildren(element('strong', texts.notTakingPart), ' ', texts.reason, ' ', reason);
  }

  /** Which of the person's own limits is reached, in words; null if none is. */
  get #limitReached(): string | null {
    const { texts } = this.#words;
    const { mostSums } = this.#decisions;
    if (this.#progress.participations >= mostSums) return texts.sumsUsedUp(mostSums);
    const ledger = this.#ledger();
    if (ledger === null || this.#cost === null || !ledger.wouldExceed(this.#cost)) return null;
    return texts.budgetUsedUp(this.#words.small(ledger.terms.epsilon));
  }

  #showSteps(): void {
    const { texts } = this.#words;
    find(HTMLElement, '#rounds').hidden = !this.#mayTakePart;
    const isInSession = this.#users !== null || this.#answered >= 0; // a page that was opened again has not heard of the beginning
    const items = texts.steps.map((name, round) => {
      const isDone = round <= this.#answered;
      const isNow = isInSession && round === this.#answered + 1;
      const item = element('li', '', isDone ? 'done' : '');
      item.append(element('strong', name), element('span', isDone ? texts.step.done : isNow ? texts.step.now : texts.step.open));
      if (isNow) item.setAttribute('aria-current', 'step');
      return item;
    });
    find(HTMLElement, '#steps').replaceChildren(...items);
    const sent = find(HTMLElement, '#sent');
    sent.textContent = !isInSession ? '' : this.#answered >= MASKED_INPUT ? texts.isSpent : texts.spentPoint;
  }

  #showBudget(): void {
    const ledger = this.#ledger();
    find(HTMLElement, '#budget').hidden = ledger === null;
    if (ledger === null) return;
    const { epsilon: budget } = ledger.terms;
    const spent = this.#progress.participations === 0 ? 0 : ledger.spent().epsilon;
    const { texts } = this.#words;
    put('#spent', texts.spent(this.#words.number(spent, 2), this.#words.small(budget)));
    const bar = find(HTMLProgressElement, '#spent-bar');
    bar.max = budget;
    bar.value = spent;
  }

  /** What the agent has charged for all that was sent, at its worst; null without noise. */
  #ledger(): Ledger | null {
    const budget = budgetOf(this.#offer.task.definition);
    if (budget === null || this.#cost === null) return null;
    const ledger = new Ledger({ ...budget, adjacency: 'zero-out' });
    for (let i = 0; i < this.#progress.participations; i++) ledger.reserve({ id: `run ${i}`, ...this.#cost });
    return ledger;
  }
}
