import type { Handlers } from '../../../shared/contract/studio.ts';
import { listFolder, makeFolderIn } from '../services/file-browser.ts';

export function fileProcedures(): Handlers<'files.list' | 'files.makeFolder'> {
  return {
    'files.list': ({ folder, extensions }) => listFolder(folder, extensions),
    'files.makeFolder': ({ parent, name }) => makeFolderIn(parent, name),
  };
}
