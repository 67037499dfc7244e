// What goes on at the service, as it tells it.
import type { ServiceView } from '../watching.ts';

/** Hears of every change. @param changed is given null while the connection is lost; the browser tries again by itself. */
export function listen(changed: (view: ServiceView | null) => void): void {
  const source = new EventSource('/view');
  source.onmessage = ({ data }: MessageEvent<string>): void => changed(JSON.parse(data) as ServiceView);
  source.onerror = (): void => changed(null);
}
