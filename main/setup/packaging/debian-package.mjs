import { Installer, transformVersion } from 'electron-installer-debian';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  globSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastLines, runCommand } from '../command.mjs';
import { SetupProblem } from '../setup-problem.mjs';

/**
 * Builds a Debian package from a packaged folder, using dpkg's tools and no network;
 * electron-builder's own target would download a program for it.
 */

const ASSETS = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'assets');
const OURS = join(ASSETS, 'desktop', 'linux');
const ICONS = join(ASSETS, 'icons', 'linux');

/** Name of the package, its menu entry and its executable. */
const NAME = 'karst-studio';
const MIME_ICON = 'application-x-karst-adapter.png';
/** @type {Readonly<Record<string, string>>} */
const ARCHITECTURES = { x64: 'amd64', arm64: 'arm64' };

/**
 * Libraries that Chromium loads at run time, which no executable links, and tools that register the
 * file type.
 */
const NOT_LINKED = [
  ...['libgtk-3-0t64 | libgtk-3-0', 'libasound2t64 | libasound2', 'libnotify4', 'xdg-utils'],
  ...['desktop-file-utils', 'shared-mime-info'],
];

/** Files linked against system libraries, as patterns in the packaged folder. */
const LINKED = [
  ...[NAME, '*.so', 'resources/studio/build/Release/*.node'],
  ...[
    'resources/studio/node_modules/node-*/bin/node',
    'resources/studio/node_modules/@img/*/lib/*',
  ],
];
/** Folders of the package's own libraries. */
const OWN_LIBRARIES = [
  ...['', 'resources/studio/build/tensorflow/lib'],
  'resources/studio/node_modules/@img/sharp-libvips-linux-*/lib',
];

class StudioInstaller extends Installer {
  /** @override */
  get contentFunctions() {
    // No lintian overrides are needed.
    const theirs = super.contentFunctions.filter((name) => name !== 'createOverrides');
    return [...theirs, 'copyOurs'];
  }

  /** Adds the command, and the file type of adapters with its icons. */
  copyOurs() {
    const usr = join(this.stagingDir, 'usr');
    mkdirSync(join(usr, 'bin'), { recursive: true });
    symlinkSync(`../lib/${NAME}/resources/bin/karst`, join(usr, 'bin', 'karst'));
    cpSync(join(OURS, `${NAME}.xml`), join(usr, 'share', 'mime', 'packages', `${NAME}.xml`));
    for (const [size, icon] of Object.entries(iconsBySize()))
      cpSync(icon, join(usr, 'share', 'icons', 'hicolor', size, 'mimetypes', MIME_ICON));
  }

  /**
   * Replaces the original step, which copies Electron's licence.
   *
   * @override
   * @param {string} target
   */
  copyLicense(target) {
    cpSync(join(OURS, 'copyright'), target);
  }
}

/**
 * Builds the package.
 *
 * @param {string} folder the packaged application
 * @param {{ version: string, out: string }} options `out`: the output folder
 * @returns {Promise<string>} path of the package
 * @throws {SetupProblem} where dpkg's tools are missing
 */
export async function makeDebianPackage(folder, { version, out }) {
  const arch = ARCHITECTURES[process.arch];
  if (arch === undefined)
    throw new SetupProblem(
      `No Debian package is made for ${process.arch}.`,
      'Run this on a computer with an x64 or arm64 processor.',
    );
  const depends = [...(await linkedLibraries(folder)), ...NOT_LINKED];
  const installer = new StudioInstaller({
    ...{ src: folder, dest: out, arch, logger: () => undefined },
    rename: (/** @type {string} */ target) =>
      join(target, `${NAME}_<%= version %>_<%= arch %>.deb`),
    options: {
      ...{ name: NAME, bin: NAME, version: transformVersion(version), section: 'science' },
      maintainer: 'KARST Studio <maintainers@karst.studio>',
      description: 'Adapt a vision transformer to your own images',
      productDescription:
        'Trains a small adapter on top of a pre-trained vision transformer, keeps it in a library, ' +
        'merges it into the model and writes the result as files that other programs read. ' +
        'Everything happens on this computer and without a network.',
      icon: iconsBySize(),
      desktopTemplate: join(OURS, `${NAME}.desktop`),
    },
  });
  await installer.generateDefaults();
  installer.generateOptions();
  // Replaces the installer's defaults, which cover every version of Electron.
  Object.assign(installer.options, {
    ...{ depends, recommends: ['libsecret-1-0'], suggests: [], enhances: [] },
  });
  await installer.createStagingDir();
  try {
    await installer.createContents();
    writeChecksums(installer.stagingDir);
    openToAll(installer.stagingDir);
    chmodSync(join(installer.stagingDir, 'usr', 'lib', NAME, 'chrome-sandbox'), 0o4755);
    await build(installer.stagingDir);
    await installer.movePackage();
  } finally {
    rmSync(dirname(installer.stagingDir), { recursive: true, force: true });
  }
  return join(out, `${NAME}_${transformVersion(version)}_${arch}.deb`);
}

/** @returns {Record<string, string>} icon files by size as in the icon theme, e.g. `48x48` */
function iconsBySize() {
  const files = readdirSync(ICONS).filter((file) => file.endsWith('.png'));
  return Object.fromEntries(files.map((file) => [file.replace('.png', ''), join(ICONS, file)]));
}

/**
 * Dependencies, with versions, on the packages of the libraries that the executables link.
 *
 * @param {string} folder
 */
async function linkedLibraries(folder) {
  const scratch = mkdtempSync(join(tmpdir(), 'karst-package-'));
  try {
    // dpkg-shlibdeps requires a source package.
    mkdirSync(join(scratch, 'debian'));
    const control = `Source: ${NAME}\n\nPackage: ${NAME}\nArchitecture: any\n`;
    writeFileSync(join(scratch, 'debian', 'control'), control);
    const own = globSync(OWN_LIBRARIES, { cwd: folder }).map((path) => `-l${join(folder, path)}`);
    const linked = globSync(LINKED, { cwd: folder })
      .map((path) => join(folder, path))
      .filter((path) => lstatSync(path).isFile());
    const output = await tool(
      ['dpkg-shlibdeps', '-O', '--ignore-missing-info', ...own, ...linked],
      scratch,
    );
    const found = /^shlibs:Depends=(.+)$/m.exec(output)?.[1];
    if (found === undefined)
      throw new SetupProblem('dpkg-shlibdeps names no libraries.', lastLines(output, 5));
    return found.split(', ');
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Writes the checksums that `dpkg --verify` uses.
 *
 * @param {string} folder
 */
function writeChecksums(folder) {
  const lines = readdirSync(join(folder, 'usr'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${md5Of(path)}  ${relative(folder, path)}\n`);
  writeFileSync(join(folder, 'DEBIAN', 'md5sums'), lines.join(''));
}

/** @param {string} path */
function md5Of(path) {
  return createHash('md5').update(readFileSync(path)).digest('hex');
}

/**
 * Sets the file modes usual in packages, regardless of those in the checkout.
 *
 * @param {string} folder
 */
function openToAll(folder) {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const executable = entry.isDirectory() || (lstatSync(path).mode & 0o100) !== 0;
    chmodSync(path, executable ? 0o755 : 0o644);
  }
}

/** @param {string} folder is packed into `<folder>.deb` */
async function build(folder) {
  // xz takes ten times as long for a package a fifth smaller. dpkg 1.21.18 (Debian 12) reads zstd.
  await tool(['dpkg-deb', '-Zzstd', '-z9', '--root-owner-group', '--build', folder]);
}

/**
 * @param {readonly [string, ...string[]]} words
 * @param {string} [cwd]
 */
async function tool([command, ...args], cwd) {
  const { code, output } = await runCommand(command, args, cwd === undefined ? {} : { cwd });
  if (code === 0) return output;
  throw new SetupProblem(
    `${command} failed: ${lastLines(output, 3)}`,
    'Debian packages are made on Debian or a relative of it, with `dpkg-dev` installed.',
  );
}
