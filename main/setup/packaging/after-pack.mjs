import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Read by the shell from the archive, and by the project's own Node, which serves browsers, from
 * beside it.
 */
const PAGES = join('dist', 'renderer');
const RECORD = 'package.json';

/** @param {import('electron-builder').AfterPackContext} context */
export default function afterPack({ packager, appOutDir }) {
  const resources = packager.getResourcesDir(appOutDir);
  const studio = join(resources, 'studio');
  cpSync(join(packager.projectDir, PAGES), join(studio, PAGES), { recursive: true });
  const record = /** @type {object} */ (
    JSON.parse(readFileSync(join(packager.projectDir, RECORD), 'utf8'))
  );
  const { version } = packager.appInfo;
  writeFileSync(join(studio, RECORD), `${JSON.stringify({ ...record, version }, null, 2)}\n`);
  // Electron's default page, shown when there is no application.
  rmSync(join(resources, 'default_app.asar'), { force: true });
}
