// The page to take part: a form, and then what one's own browser does.
import type { ServiceView } from '../watching.ts';
import { Joining } from './joining.ts';
import { listen } from './live-view.ts';
import { Membership, offered, type Decisions, type Offer } from './membership.ts';
import { PartView } from './part-view.ts';
import { Participation } from './participation.ts';
import { find, Words } from './words.ts';

class Page {
  readonly #offer: Offer;
  readonly #joining: Joining;
  readonly #words = new Words('takePart', () => this.#show());
  #participation: Participation | null = null;
  #part: PartView | null = null;
  #view: ServiceView | null = null;
  /** The newest run that the agent knows, or was made to look for. */
  #known = 0;

  constructor(offer: Offer) {
    this.#offer = offer;
    this.#joining = new Joining(offer, this.#words, (decisions) => this.#join(decisions));
    find(HTMLButtonElement, '#leave').addEventListener('click', () => this.#leave());
    find(HTMLButtonElement, '#again').addEventListener('click', () => this.#beginAgain());
    const restored = Membership.restored(offer);
    find(HTMLElement, '#other-task').hidden = restored !== 'other';
    if (restored instanceof Membership) this.#takePart(restored);
    this.#show();
    listen((view) => this.#look(view));
  }

  #show(): void {
    this.#joining.show(this.#part === null);
    this.#joining.fill(this.#view);
    find(HTMLElement, '#taking-part').hidden = this.#part === null;
    this.#part?.show();
  }

  async #join(decisions: Decisions): Promise<void> {
    // Without it, the browser may delete the participant's state. Some browsers ask the person, who need not answer.
    void (navigator as { readonly storage?: StorageManager }).storage?.persist().catch(() => false);
    this.#takePart(await Membership.begun(this.#offer, decisions));
    find(HTMLElement, '#other-task').hidden = true;
    this.#show();
    find(HTMLElement, 'h1').scrollIntoView();
  }

  #takePart(membership: Membership): void {
    const part = new PartView(this.#offer, this.#words, membership.decisions);
    this.#part = part;
    this.#known = this.#view?.runs.at(-1)?.run ?? 0;
    if (this.#view !== null) part.look(this.#view);
    const participation = new Participation(membership, (event, progress) => {
      part.hear(event, progress);
    });
    this.#participation = participation;
    membership.onForgotten(() => {
      if (this.#participation === participation) this.#leave();
    });
  }

  #leave(): void {
    this.#part?.leave();
    void this.#participation?.leave();
    this.#participation = null;
  }

  #beginAgain(): void {
    this.#leave(); // an agent that was superseded is still there
    this.#part = null;
    this.#show();
  }

  #look(view: ServiceView | null): void {
    if (view === null) return; // the agent tells by itself that the server cannot be reached
    this.#view = view;
    this.#joining.fill(view);
    this.#part?.look(view);
    this.#lookForRun();
  }

  /** Asks for a run that has just been opened, once: the agent alone would wait for half a minute. */
  #lookForRun(): void {
    const { run, stage } = this.#view?.runs.at(-1) ?? { run: 0, stage: 'failed' };
    if (stage !== 'check-in' || run <= this.#known) return;
    this.#known = run;
    this.#participation?.lookNow();
  }
}

new Page(await offered());
