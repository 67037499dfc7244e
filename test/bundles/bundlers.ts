// What bundles an application that has the packed package installed, as the documents of each bundler say.
import { builtinModules } from 'node:module';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import * as esbuild from 'esbuild';
import { rollup } from 'rollup';
import { build as vite } from 'vite';
import webpack from 'webpack';

export interface Bundling {
  /** The folder of the application, in which packages are looked up. */
  readonly folder: string;
  /** Names of the files that come out, without ending, and what they are bundled from. */
  readonly entries: Readonly<Record<string, string>>;
  /** Folder for what comes out. */
  readonly out: string;
}

export type Format = 'esm' | 'cjs';

export async function withEsbuild(
  { folder, entries, out }: Bundling,
  format: Format,
  options: esbuild.BuildOptions = {},
): Promise<void> {
  await esbuild.build({
    absWorkingDir: folder,
    entryPoints: entries,
    outdir: out,
    bundle: true,
    platform: 'node',
    format,
    logLevel: 'error',
    ...options,
  });
}

export async function withRollup({ folder, entries, out }: Bundling, format: Format): Promise<void> {
  const bundle = await rollup({
    input: entries,
    plugins: [nodeResolve({ rootDir: folder, exportConditions: ['node'] })],
    external: (id) => id.startsWith('node:') || builtinModules.includes(id),
    onwarn: () => undefined,
  });
  await bundle.write({ dir: out, format });
  await bundle.close();
}

export async function withVite({ folder, entries, out }: Bundling): Promise<void> {
  await vite({
    root: folder,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: { ssr: true, outDir: out, emptyOutDir: false, rolldownOptions: { input: entries } },
  });
}

export function withWebpack(
  { folder, entries, out }: Bundling,
  format: Format,
  mode: 'production' | 'development' = 'production',
): Promise<void> {
  return buildWithWebpack({
    context: folder,
    mode,
    entry: entries,
    target: 'node20',
    output: {
      path: out,
      filename: '[name].js',
      ...(format === 'esm' && { module: true, chunkFormat: 'module', library: { type: 'module' } }),
    },
    ...(format === 'esm' && { experiments: { outputModule: true } }),
  });
}

export function buildWithWebpack(options: webpack.Configuration): Promise<void> {
  const compiler = webpack(options);
  return new Promise((resolve, reject) => {
    compiler.run((error, stats) => {
      if (error !== null) reject(error);
      else if (stats?.hasErrors() === true) reject(new Error(stats.toString('errors-only')));
      else compiler.close(() => resolve());
    });
  });
}
