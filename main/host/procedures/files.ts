import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import { Semaphore } from '../media/semaphore.ts';
import { listFolder, makeFolderIn } from '../services/file-browser.ts';

/** Concurrent listings: each takes some megabytes, and many windows may ask. */
const LISTINGS_AT_ONCE = 4;

export function fileProcedures(): Handlers<'files.list' | 'files.makeFolder'> {
  const listings = new Semaphore(LISTINGS_AT_ONCE);
  return {
    'files.list': ({ folder, extensions }) => listings.run(() => listFolder(folder, extensions)),
    'files.makeFolder': ({ parent, name }) => makeFolderIn(parent, name),
  };
}
