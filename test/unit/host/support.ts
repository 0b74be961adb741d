import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import type { Studio, StudioOptions } from '../../../main/host/contract/studio.ts';
import { openStudio } from '../../../main/host/open-studio.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import type { ErrorCode } from '../../../shared/domain/error-report.ts';
import { fakeEngine } from '../../fixtures/small-library.ts';

export {
  ARCHITECTURE,
  CONFIG,
  fakeEngine,
  PREPROCESSING,
  writeBackbone,
  writeClassFolders,
  writeImage,
} from '../../fixtures/small-library.ts';

const folders: string[] = [];
const studios: Studio[] = [];

afterEach(async () => {
  for (const studio of studios.splice(0)) await studio.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is deleted after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'karst-host-'));
  folders.push(folder);
  return folder;
}

/** Opens a studio that is closed after the test. */
export async function studioIn(
  home: string,
  options: Partial<StudioOptions> = {},
): Promise<Studio> {
  const studio = await openStudio({ home, spawn: fakeEngine(), starter: null, ...options });
  studios.push(studio);
  return studio;
}

/** Returns the error of a promise or function, which must be a `KarstError` with that code. */
export async function refusal(
  work: Promise<unknown> | (() => unknown),
  code: ErrorCode,
): Promise<KarstError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (!(error instanceof KarstError) || error.code !== code) throw error;
    return error;
  }
  throw new Error(`expected an error of the code ${code}`);
}
