import { app } from 'electron';
import { join } from 'node:path';

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
  return {
    root,
    pages: join(bundle, 'dist', 'renderer'),
    preload: join(bundle, 'dist', 'shell', 'preload.cjs'),
    icon: join(root, 'main', 'assets', 'icons', 'linux', '256x256.png'),
    hostEntry: join(root, 'main', 'host', 'api', 'process.ts'),
  };
}
