// Functions of the engine that fail once, in the middle of whatever calls them.
import { platform } from '#platform';
import type { Platform } from '../../src/platform/platform.ts';
import { withPlatform } from './injected.ts';

/** Functions of the engine that steps call. */
export const ENGINE_FUNCTIONS = [
  'randomBytes',
  'sha256',
  'hkdfSha256',
  'x25519',
  'x25519Peer',
  'ed25519Sign',
  'ed25519Verify',
  'ed25519VerifySync',
  'aes256Ctr',
] as const satisfies readonly (keyof Platform)[];

export type EngineFunction = (typeof ENGINE_FUNCTIONS)[number];

/** What a function throws that is none of the protocol's. */
export class Fault extends Error {}

/** The same function, which throws when it is called for the `failing`-th time; and how often it was called. */
function counted(
  name: EngineFunction,
  failing: number | null,
): { readonly functions: Partial<Platform>; readonly calls: () => number } {
  let calls = 0;
  const original = Reflect.get(platform, name) as (...args: unknown[]) => unknown;
  const replaced = (...args: unknown[]): unknown => {
    if (calls++ === failing) throw new Fault(name);
    return original(...args);
  };
  return { functions: { [name]: replaced }, calls: () => calls };
}

/** How often a call uses a function of the engine. */
export async function callsOf(name: EngineFunction, run: () => unknown): Promise<number> {
  const { functions, calls } = counted(name, null);
  await withPlatform(functions, run);
  return calls();
}

/** What a call throws whose `failing`-th use of a function fails; undefined if it throws nothing. */
export async function thrownAt(name: EngineFunction, failing: number, run: () => unknown): Promise<unknown> {
  const { functions } = counted(name, failing);
  try {
    await withPlatform(functions, run);
  } catch (error) {
    return error;
  }
  return undefined;
}

/** The first, a middle and the last of some calls. */
export function placesIn(calls: number): number[] {
  return calls === 0 ? [] : [...new Set([0, Math.floor(calls / 2), calls - 1])];
}
