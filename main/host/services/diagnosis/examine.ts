import path from 'node:path';
import { toErrorReport } from '../../../../shared/domain/errors.ts';
import type { Studio } from '../../contract/studio.ts';
import type { JobWatching } from '../../contract/watching.ts';
import { homeFolders } from '../../home.ts';
import { isReadOnly } from '../../store/read-only-home.ts';
import { version } from '../../version.ts';
import { cacheFolder } from '../../../platform/cache-folder.mjs';
import { folderSize, freeSpace, machineReport } from './machine.ts';
import type { StudioReport } from './report.ts';

type Surroundings = Pick<StudioReport, 'version' | 'machine' | 'data' | 'cache'>;
type Inside = Pick<StudioReport, 'library' | 'engine' | 'starter'>;

/**
 * Examines an open studio: machine, data, library, and what an engine that is started for it says. Never rejects for
 * want of an engine.
 *
 * @param integrity whether the file of the library was checked
 */
export async function examineStudio(
  studio: Studio,
  integrity: 'ok' | 'not-checked',
  watching: JobWatching = {},
): Promise<StudioReport> {
  const [around, engine] = await Promise.all([
    surroundings(studio.home),
    studio.probe(watching).catch((error: unknown) => failure(error)),
  ]);
  return reportOf(around, {
    library: libraryOf(studio, integrity),
    engine,
    starter: starterOf(studio),
  });
}

/** The same where the library does not open. */
export async function examineUnopened(home: string, error: unknown): Promise<StudioReport> {
  return reportOf(await surroundings(home), {
    library: failure(error),
    engine: {
      error: {
        code: 'not-available',
        message: 'Not examined: the library does not open.',
        hint: '',
      },
    },
    starter: { present: false, path: null },
  });
}

function reportOf(around: Surroundings, inside: Inside): StudioReport {
  const ok = !('error' in inside.library) && !('error' in inside.engine);
  return { ok, ...around, ...inside };
}

async function surroundings(home: string): Promise<Surroundings> {
  const cache = cacheFolder();
  const [free, xla] = await Promise.all([freeSpace(home), folderSize(path.join(cache, 'xla'))]);
  return {
    version: version(),
    machine: machineReport(),
    data: { folder: home, free, readOnly: isReadOnly(homeFolders(home)) },
    cache: { folder: cache, xlaFiles: xla.files, xlaBytes: xla.bytes },
  };
}

function libraryOf(studio: Studio, integrity: 'ok' | 'not-checked'): StudioReport['library'] {
  const runs = studio.runs.list();
  return {
    integrity,
    backbones: studio.backbones.list().length,
    datasets: studio.datasets.list().length,
    runs: runs.length,
    adapters: studio.adapters.list().length,
    interrupted: runs.filter(({ state }) => state === 'interrupted').map(({ name }) => name),
    notices: studio.notices,
  };
}

function starterOf({ backbones }: Studio): StudioReport['starter'] {
  const starter = backbones.list().find((backbone) => backbones.isStarter(backbone));
  return { present: starter !== undefined, path: starter?.path ?? null };
}

function failure(error: unknown): { error: ReturnType<typeof toErrorReport> } {
  return { error: toErrorReport(error) };
}
