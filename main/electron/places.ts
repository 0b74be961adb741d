import { app } from 'electron';
import { join } from 'node:path';

/** Older Chromium than this gets the pages that were built for it, with polyfills: that of the window tests. */
const OLDEST_CHROMIUM = 110;

/** Where the parts of the installed studio, or of the checkout, lie. */
export interface Places {
  /** Holds `main`, `shared` and `node_modules`, which the project's Node reads. */
  readonly root: string;
  /** The built pages. */
  readonly pages: string;
  readonly preload: string;
  readonly icon: string;
  /** What the host's process starts with. */
  readonly hostEntry: string;
}

export function findPlaces(): Places {
  const bundle = app.getAppPath();
  // Packed into one file, the bundle could not be read by another program than Electron.
  const root = app.isPackaged ? join(process.resourcesPath, 'studio') : bundle;
  const chromium = Number.parseInt(process.versions.chrome, 10);
  return {
    root,
    pages: join(bundle, 'dist', chromium < OLDEST_CHROMIUM ? 'renderer-test' : 'renderer'),
    preload: join(bundle, 'dist', 'shell', 'preload.cjs'),
    icon: join(root, 'main', 'assets', 'icons', 'linux', '256x256.png'),
    hostEntry: join(root, 'main', 'host', 'api', 'process.ts'),
  };
}
