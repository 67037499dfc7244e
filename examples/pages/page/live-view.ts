// What goes on at the service, as it tells it.
import type { ServiceView } from '../watching.ts';

export class LiveView {
  readonly #changed: (view: ServiceView | null) => void;
  #visitor: number | null = null;
  #source: EventSource;

  /** @param changed hears of every change; it is given null while the connection is lost. The browser tries again by itself. */
  constructor(changed: (view: ServiceView | null) => void) {
    this.#changed = changed;
    this.#source = this.#open();
  }

  /** From now on the service knows that this visitor would take part in a run. @param visitor null: none would. */
  waitAs(visitor: number | null): void {
    if (visitor === this.#visitor) return;
    this.#visitor = visitor;
    this.#source.close();
    this.#source = this.#open();
  }

  #open(): EventSource {
    const source = new EventSource(this.#visitor === null ? '/view' : `/view?visitor=${this.#visitor}`);
    source.onmessage = ({ data }: MessageEvent<string>): void => this.#changed(JSON.parse(data) as ServiceView);
    source.onerror = (): void => this.#changed(null);
    return source;
  }
}
