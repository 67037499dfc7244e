// The session as one script, bundled as an application would.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export interface BundleOptions {
  /** Whether the package is part of the script, from dist/, or is left for the runtime to import. Default 'bundled'. */
  readonly package?: 'bundled' | 'imported';
  /** 'iife' sets the global `secaggSession` to what the entry exports. Default 'esm'. */
  readonly format?: 'esm' | 'iife';
  /** Of the runtime, beside esbuild's own for browsers. */
  readonly conditions?: readonly string[];
}

/** @param entry a file beside this one. */
export async function bundled(
  entry: string,
  { package: ours = 'bundled', format = 'esm', conditions = [] }: BundleOptions = {},
): Promise<string> {
  const bundle = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    packages: ours === 'bundled' ? 'bundle' : 'external',
    write: false,
    format,
    globalName: 'secaggSession',
    platform: 'browser',
    conditions: [...conditions],
    logLevel: 'error',
  });
  return bundle.outputFiles[0]!.text;
}
