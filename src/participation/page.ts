// What a browser asks of an agent in a page: one tab at a time, and a look at the state after the page was frozen or hidden.
import type { PlatformSignal } from '../leaves/platform-signal.ts';

/** What is used of a page. Workers and servers have none of it. */
interface Page {
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
}

/** Events after which timers may have been late by hours, and other tabs may have gone on. */
const WAKING = ['visibilitychange', 'resume', 'pageshow'];

/** Hears when a page is shown or thawed. @returns what takes it back. */
export function onWake(listener: () => void): () => void {
  const { document, window } = globalThis as { readonly document?: Page; readonly window?: Page };
  // `pageshow` goes to the window, the others to the document.
  const targets = [document, window].filter((target) => typeof target?.addEventListener === 'function') as Page[];
  for (const target of targets) for (const type of WAKING) target.addEventListener(type, listener);
  return () => {
    for (const target of targets) for (const type of WAKING) target.removeEventListener(type, listener);
  };
}

/** What is used of Web Locks. */
interface Locks {
  request(name: string, options: { readonly signal: PlatformSignal }, work: () => Promise<void>): Promise<void>;
}

/**
 * Runs work while no other tab or worker of the origin does so under this name. It is a courtesy: what two tabs may not both do is fenced
 * by the revision of the state. Where there are no Web Locks, the work runs at once.
 */
export async function alone(name: string, signal: PlatformSignal, work: () => Promise<void>): Promise<void> {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: Locks } };
  const locks = navigator?.locks;
  if (typeof locks?.request !== 'function') return work();
  try {
    await locks.request(name, { signal }, work);
  } catch (error) {
    if (!signal.aborted) throw error; // the wait for the lock was called off
  }
}
