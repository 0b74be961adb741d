import { KarstError } from '../../../../shared/domain/errors.ts';
import { homeFolders } from '../../home.ts';
import { newOwner, releaseOwner } from '../../owner.ts';
import { closeLibrary, openLibrary } from '../../store/open-library.ts';

/** Reads the whole file of the library. @throws store-damaged and whatever keeps it from being opened */
export async function checkIntegrity(home: string): Promise<void> {
  const folders = homeFolders(home);
  const owner = newOwner();
  try {
    const { library, copy } = await openLibrary(folders, owner);
    try {
      const findings = library
        .all('PRAGMA integrity_check(10)')
        .map((row) => row['integrity_check']);
      if (findings.length === 1 && findings[0] === 'ok') return;
      throw new KarstError(
        'store-damaged',
        `The library ${library.path} is damaged: ${findings.join('; ')}.`,
        {
          hint: `Move it away; copies made before updates are in ${folders.backups}.`,
          path: library.path,
        },
      );
    } finally {
      closeLibrary(library, owner);
      copy?.remove();
    }
  } finally {
    releaseOwner(owner);
  }
}
