import { app } from 'electron';
import { join } from 'node:path';

/** Locations of the parts of the installed studio or of the checkout. */
export interface Places {
  /** Contains `main`, `shared` and `node_modules`, read by the project's Node. */
  readonly root: string;
  /** The built pages. */
  readonly pages: string;
  readonly preload: string;
  readonly icon: string;
  /** Entry of the host's process. */
  readonly hostEntry: string;
}

export function findPlaces(): Places {
  const bundle = app.getAppPath();
  // Packed into an asar archive, the bundle could be read only by Electron.
  const root = app.isPackaged ? join(process.resourcesPath, 'studio') : bundle;
  return {
    root,
    pages: join(bundle, 'dist', 'renderer'),
    preload: join(bundle, 'dist', 'shell', 'preload.cjs'),
    icon: join(root, 'main', 'assets', 'icons', 'linux', '256x256.png'),
    hostEntry: join(root, 'main', 'host', 'api', 'process.ts'),
  };
}
