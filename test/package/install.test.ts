// What comes with the package when somebody installs it: no native code, and no script that npm would run.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { tarballIn } from './packed.ts';

const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepare'];

describe('an application that installs the package', function () {
  this.timeout(120_000);
  let folder: string;
  let files: string[];

  before(function () {
    folder = mkdtempSync(join(tmpdir(), 'secagg-application-'));
    writeFileSync(join(folder, 'package.json'), '{ "private": true }');
    const npm = ['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', tarballIn(folder)];
    try {
      execFileSync(npm.join(' '), { cwd: folder, shell: true, stdio: 'pipe' });
    } catch (error) {
      const { stderr } = error as { readonly stderr: Buffer };
      if (!/ENOTCACHED|EAI_AGAIN|ENOTFOUND|ECONNREFUSED/.test(stderr.toString())) throw error;
      console.log('    skipped: no registry of npm, and its cache lacks a dependency');
      this.skip();
    }
    files = readdirSync(join(folder, 'node_modules'), { recursive: true, encoding: 'utf8' });
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it('gets the packages that README names as dependencies, and no other', () => {
    const packages = files.filter((file) => /^(@[^/\\]+[/\\])?[^/\\@.]+[/\\]package\.json$/.test(file));
    const names = packages.map((file) => file.replaceAll('\\', '/').replace('/package.json', ''));
    expect(names.sort()).to.deep.equal(['@noble/ciphers', '@noble/curves', '@noble/hashes', 'secagg', 'shamir-secret-sharing']);
  });

  it('gets no native code, and nothing that npm would compile', () => {
    expect(files.filter((file) => /\.(node|gyp|gypi|so|dylib|dll)$/.test(file))).to.deep.equal([]);
  });

  it('gets no package with an install script', () => {
    const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
    };
    expect(Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true)).to.deep.equal([]);
    const { scripts } = JSON.parse(readFileSync(join(folder, 'node_modules/secagg/package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    for (const script of INSTALL_SCRIPTS) expect(scripts).not.to.have.property(script);
  });
});
