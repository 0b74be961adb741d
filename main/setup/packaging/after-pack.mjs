import { cpSync } from 'node:fs';
import { join } from 'node:path';

/** What the shell reads from the archive and the project's own Node, which serves a browser, from beside it. */
const SHARED = ['package.json', 'dist/renderer'];

/** @param {import('electron-builder').AfterPackContext} context */
export default function afterPack({ packager, appOutDir }) {
  const studio = join(packager.getResourcesDir(appOutDir), 'studio');
  for (const path of SHARED) {
    cpSync(join(packager.projectDir, path), join(studio, path), { recursive: true });
  }
}
