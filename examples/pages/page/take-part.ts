// The page to take part: a form, and then what one's own browser does.
import type { ServiceView } from '../watching.ts';
import { Joining } from './joining.ts';
import { LiveView } from './live-view.ts';
import { Membership, offered, type Decisions, type Offer } from './membership.ts';
import { newestRun, Part } from './part.ts';
import { PartView } from './part-view.ts';
import { Participation } from './participation.ts';
import { find, Words } from './words.ts';

/** A visitor that takes part, or has left. */
interface Visitor {
  readonly membership: Membership;
  readonly participation: Participation;
  readonly part: Part;
  readonly view: PartView;
}

class Page {
  #offer: Offer;
  readonly #joining: Joining;
  readonly #live: LiveView;
  readonly #words = new Words('takePart', () => this.#show());
  #visitor: Visitor | null = null;
  #view: ServiceView | null = null;
  /** The newest run that the agent knows, or was made to look for. */
  #known = 0;
  #isAskingAgain = false;

  constructor(offer: Offer) {
    this.#offer = offer;
    this.#joining = new Joining(offer, this.#words, (decisions) => this.#join(decisions));
    find(HTMLButtonElement, '#leave').addEventListener('click', () => {
      this.#leave();
      focusOn('#part-title'); // the button is gone
    });
    find(HTMLButtonElement, '#again').addEventListener('click', () => this.#beginAgain());
    addEventListener('storage', () => this.#followOtherTab());
    this.#live = new LiveView((view) => this.#look(view));
    const restored = Membership.restored(offer);
    if (restored?.isForOffer === true) this.#takePart(restored);
    else if (restored !== null) {
      this.#askAgain(offer, restored);
      restored.forget();
      restored.deleteState();
    }
    this.#show();
  }

  #show(): void {
    this.#joining.fill(this.#view);
    this.#joining.show(this.#visitor === null);
    find(HTMLElement, '#taking-part').hidden = this.#visitor === null;
    this.#visitor?.view.show(this.#view);
    const { part, membership } = this.#visitor ?? {};
    this.#live.waitAs(part?.mayTakePart === true ? (membership?.id ?? null) : null);
  }

  async #join(decisions: Decisions): Promise<void> {
    // Without it, the browser may delete the participant's state. Some browsers ask the person, who need not answer.
    void (navigator as { readonly storage?: StorageManager }).storage?.persist().catch(() => false);
    const offer = this.#offer;
    const membership = await Membership.begun(offer, decisions);
    if (offer !== this.#offer) {
      membership.forget(); // the task has changed meanwhile
      return;
    }
    this.#takePart(membership);
    find(HTMLElement, '#other-task').hidden = true;
    this.#show();
    find(HTMLElement, 'h1').scrollIntoView();
    focusOn('#part-title');
  }

  #takePart(membership: Membership): void {
    const { definition } = this.#offer.task;
    const part = new Part(definition, membership.decisions);
    this.#known = newestRun(this.#view)?.run ?? 0;
    if (this.#view !== null) part.look(this.#view);
    const participation = new Participation(membership, {
      hear: (event, progress) => {
        part.hear(event, progress);
        this.#show();
      },
      follow: (progress) => {
        part.follow(progress);
        this.#show();
      },
    });
    this.#visitor = { membership, participation, part, view: new PartView(definition, this.#words, part) };
    membership.onForgotten(() => {
      if (this.#visitor?.membership === membership) this.#leave();
    });
  }

  /** Another tab has begun to take part: a second participant would count its budget from zero. */
  #followOtherTab(): void {
    if (this.#visitor?.part.hasLeft === false) return;
    const restored = Membership.restored(this.#offer);
    if (restored?.isForOffer !== true) return;
    this.#takePart(restored);
    this.#show();
    focusOn('#part-title');
  }

  #leave(): void {
    this.#visitor?.part.leave();
    void this.#visitor?.participation.leave();
    this.#joining.forget();
    this.#show();
  }

  #beginAgain(): void {
    this.#leave(); // an agent that was superseded is still there
    this.#visitor = null;
    this.#show();
    focusOn('#digits-title');
  }

  #look(view: ServiceView | null): void {
    find(HTMLElement, '#connection').hidden = view !== null;
    if (view === null) return;
    this.#view = view;
    if (view.task !== this.#offer.task.id) {
      void this.#changeTask();
      return;
    }
    this.#visitor?.part.look(view);
    this.#show();
    this.#lookForRun();
  }

  /** The service has begun another task while the page was open. */
  async #changeTask(): Promise<void> {
    if (this.#isAskingAgain) return;
    this.#isAskingAgain = true;
    try {
      const offer = await offered();
      const membership = this.#visitor?.membership ?? null;
      void this.#visitor?.participation.leave();
      this.#visitor = null;
      this.#askAgain(offer, membership);
      this.#show();
      focusOn('#other-task');
    } catch (error) {
      console.error(error); // the server is gone again; when it is back, the page hears of it
    } finally {
      this.#isAskingAgain = false;
    }
  }

  /** Consent was to another task: whatever else the person has decided stays in the form. */
  #askAgain(offer: Offer, membership: Membership | null): void {
    this.#offer = offer;
    this.#joining.askAgain(offer, membership?.decisions.digits ?? []);
    find(HTMLElement, '#other-task').hidden = false;
  }

  /** Asks for a run that has just been opened, once: the agent alone would wait for half a minute. */
  #lookForRun(): void {
    const { run, stage } = newestRun(this.#view) ?? { run: 0, stage: 'failed' };
    if (stage !== 'check-in' || run <= this.#known) return;
    this.#known = run;
    this.#visitor?.participation.lookNow();
  }
}

/** For who reads with a keyboard or a screen reader, when what had the focus is gone. */
function focusOn(selector: string): void {
  find(HTMLElement, selector).focus();
}

new Page(await offered());
