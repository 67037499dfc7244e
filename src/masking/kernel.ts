// The inner loops over lanes: WebAssembly SIMD if the engine has it and the page's policy allows it, else plain TypeScript.
// Both give the same bytes.
import { platform } from '#platform';
import { once } from '../leaves/once.ts';
import { typescriptKernel } from './typescript-kernel.ts';
import type { Kernel } from './ring.ts';
import { instantiateSimd } from './simd-kernel.ts';

/** Most bytes of lanes in one call of the kernel: few enough for the cache, but at least a block of key stream. */
export const MAX_BLOCK: number = Math.max(1 << 17, platform.keystreamBlock);

/** Made when it is first needed, because importing a module must have no effect, and some runtimes allow none. */
export const kernel: () => Kernel = once(() => instantiateSimd(MAX_BLOCK) ?? typescriptKernel);
