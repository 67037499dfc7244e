// The package as npm packs it, from what is built in dist/.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Pack {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** Without the script `prepack`, which would build dist/ anew under the tests that run beside this one. */
function pack(...options: readonly string[]): Pack {
  const npm = ['npm', 'pack', '--json', '--ignore-scripts', ...options].join(' ');
  const [result] = JSON.parse(
    execFileSync(npm, { cwd: ROOT, encoding: 'utf8', shell: true, stdio: ['ignore', 'pipe', 'ignore'] }),
  ) as Pack[];
  if (result === undefined) throw new Error('npm has packed nothing');
  return result;
}

/** Paths of the files in the tarball, with `/`. */
export function packedFiles(): readonly string[] {
  return pack('--dry-run').files.map(({ path }) => path);
}

/** The path of a tarball of the package that this makes in a folder. */
export function tarballIn(folder: string): string {
  return join(folder, pack('--pack-destination', JSON.stringify(folder)).filename);
}

/** A fresh folder that has the package installed with its dependencies, and no other package. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'secagg-installed-'));

  constructor() {
    const tarball = tarballIn(this.folder);
    const installed = join(this.folder, 'node_modules', 'secagg');
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], { cwd: this.folder });
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    for (const name of Object.keys(dependencies)) this.add(name);
  }

  /** Installs another package, for example an optional peer dependency. */
  add(name: string): void {
    const target = join(ROOT, 'node_modules', name);
    const link = join(this.folder, 'node_modules', name);
    if (!existsSync(target)) throw new Error(`${name} is not installed`);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link, 'junction');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
