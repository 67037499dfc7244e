// What a person sees of its own part: where it is, what was sent, what it has cost.
import type { TaskDefinition } from 'secagg/service';
import { budgetOf, spentAfter } from '../terms.ts';
import type { ServiceView } from '../watching.ts';
import { presentRun, type Part } from './part.ts';
import { element, find, put, type Words } from './words.ts';

export class PartView {
  readonly #definition: TaskDefinition;
  readonly #words: Words;
  readonly #part: Part;
  #view: ServiceView | null = null;

  constructor(definition: TaskDefinition, words: Words, part: Part) {
    this.#definition = definition;
    this.#words = words;
    this.#part = part;
  }

  show(view: ServiceView | null): void {
    this.#view = view;
    put('#phase', this.#phaseText());
    this.#showRefusal();
    this.#showSteps();
    const { participations, decisions, messages, hasLeft, isSuperseded } = this.#part;
    const { texts } = this.#words;
    // Before the agent has read its state, nothing is known of what was sent.
    find(HTMLElement, '#account').hidden = this.#part.phase === null;
    put('#participations', texts.participations(participations, decisions.mostSums));
    this.#showBudget();
    const accuracy = view?.runs.reduce((last, run) => run.accuracy ?? last, view.accuracy) ?? null;
    put('#accuracy', accuracy === null ? '' : this.#words.percent(accuracy));
    find(HTMLElement, '#messages').replaceChildren(...messages.map(({ what, run }) => element('li', texts.event[what](run))));
    find(HTMLElement, '#messages-title').hidden = messages.length === 0;
    find(HTMLElement, '#left-note').hidden = !hasLeft;
    find(HTMLElement, '#leave').hidden = hasLeft;
    for (const name of ['#again', '#again-note']) find(HTMLElement, name).hidden = !hasLeft && !isSuperseded;
  }

  /** Whether the visitor is refused, and not only for a moment. */
  get #isRefused(): boolean {
    const { limit, refusal } = this.#part;
    return limit !== null || (refusal !== null && refusal.kind !== 'busy');
  }

  #phaseText(): string {
    const part = this.#part;
    const { texts } = this.#words;
    if (part.hasLeft) return texts.phase.left;
    if (part.isSuperseded) return texts.phase.superseded;
    if (part.isNetworkLost) return texts.phase.network;
    if (part.isOver) return texts.phase.over;
    switch (part.phase) {
      case null:
        return texts.phase.starting;
      case 'idle':
        return this.#isRefused ? texts.notTakingPart : this.#idleText();
      case 'session':
        return this.#sessionText();
      case 'preparing':
      case 'enrolled':
        return texts.phase.preparing;
      case 'awaiting':
      case 'leaving':
        return texts.phase.awaiting;
    }
  }

  #idleText(): string {
    const { texts } = this.#words;
    const { missed, decisions, participations } = this.#part;
    if (this.#view === null) return texts.phase.idle;
    const { planned, present, visitors } = this.#view;
    if (missed !== null) {
      const isLast = missed >= planned;
      return `${texts.missed(missed, decisions.pause > 0)} ${isLast ? texts.noNextRun : texts.nextRun(missed + 1)}`;
    }
    const isWaiting = presentRun(this.#view) === null && present < visitors;
    if (isWaiting) return texts.waitingForVisitors(present, visitors);
    return decisions.pause > 0 && participations > 0 ? texts.phase.pausing : texts.phase.idle;
  }

  #sessionText(): string {
    const { inSession, phase } = this.#words.texts;
    const present = presentRun(this.#view);
    // A page that was opened again has not heard how many there are.
    const users = this.#part.users ?? (present?.stage === 'session' ? present.participants : null);
    return users === null ? phase.session : inSession(users);
  }

  #showRefusal(): void {
    const shown = find(HTMLElement, '#refusal');
    const { limit, refusal, hasLeft, decisions } = this.#part;
    const { texts } = this.#words;
    shown.hidden = hasLeft || (limit === null && refusal === null);
    if (limit === 'sums') put('#refusal', texts.sumsUsedUp(decisions.mostSums));
    else if (limit === 'budget') put('#refusal', texts.budgetUsedUp(this.#words.small(budgetOf(this.#definition)?.epsilon ?? 0)));
    else put('#refusal', refusal === null ? '' : texts.refusal[refusal.kind](refusal.code));
  }

  #showSteps(): void {
    const { texts } = this.#words;
    const { mayTakePart, missed, answered, users, hasSent } = this.#part;
    find(HTMLElement, '#rounds').hidden = !mayTakePart || missed !== null || (this.#part.phase === 'idle' && this.#isRefused);
    const isInSession = users !== null || answered >= 0; // a page that was opened again has not heard of the beginning
    const items = texts.steps.map((name, round) => {
      const isDone = round <= answered;
      const isNow = isInSession && round === answered + 1;
      const item = element('li', '', isDone ? 'done' : '');
      item.append(element('strong', name), element('span', isDone ? texts.step.done : isNow ? texts.step.now : texts.step.open));
      if (isNow) item.setAttribute('aria-current', 'step');
      return item;
    });
    find(HTMLElement, '#steps').replaceChildren(...items);
    put('#sent', !isInSession ? '' : hasSent ? texts.isSpent : texts.spentPoint);
  }

  /** What the agent has charged for all that was sent, at its worst. */
  #showBudget(): void {
    const budget = budgetOf(this.#definition)?.epsilon ?? null;
    const spent = spentAfter(this.#part.participations, this.#definition);
    find(HTMLElement, '#budget').hidden = budget === null || spent === null || this.#part.phase === null;
    if (budget === null || spent === null) return;
    put('#spent', this.#words.texts.spent(this.#words.number(spent, 2), this.#words.small(budget)));
    const bar = find(HTMLProgressElement, '#spent-bar');
    bar.max = budget;
    bar.value = spent;
  }
}
