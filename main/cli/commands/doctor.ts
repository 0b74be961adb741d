import path from 'node:path';
import { KarstError, toErrorReport } from '../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../shared/domain/error-report.ts';
import { SWITCHED_OFF_HINT, switchedOff } from '../../../shared/domain/compiled-code.ts';
import { homeFolders } from '../../host/home.ts';
import { newOwner, releaseOwner } from '../../host/owner.ts';
import { closeLibrary, openLibrary } from '../../host/store/open-library.ts';
import { isReadOnly } from '../../host/store/read-only-home.ts';
import type { Studio } from '../../host/contract/studio.ts';
import { cacheFolder } from '../../platform/cache-folder.mjs';
import { withStudio, type CommandContext } from '../context.ts';
import { folderSize, freeSpace, machineReport } from '../../host/services/diagnosis/machine.ts';
import type { DoctorReport } from '../../host/services/diagnosis/report.ts';
import type { Console } from '../output/console.ts';
import { formatBytes, formatCount, plural } from '../output/format.ts';
import { facts } from '../output/table.ts';
import { version } from '../../host/version.ts';

/**
 * `--json`: a `DoctorReport`. Nothing that is out of order stops the look at the rest; the exit code is 1 when
 * the engine or the library do not work.
 */
export async function run(context: CommandContext): Promise<number> {
  const { home, console } = context;
  const cache = cacheFolder();
  const [free, xla, checked] = await Promise.all([
    freeSpace(home),
    folderSize(path.join(cache, 'xla')),
    checkStudio(context),
  ]);
  const { library, engine, starter } = checked;
  const report: DoctorReport = {
    ok: !('error' in library) && !('error' in engine),
    version: version(),
    machine: machineReport(),
    engine,
    data: { folder: home, free, readOnly: isReadOnly(homeFolders(home)) },
    library,
    starter,
    cache: { folder: cache, xlaFiles: xla.files, xlaBytes: xla.bytes },
  };
  console.answer(report, () => describe(report, console));
  return report.ok ? 0 : 1;
}

type Checked = Pick<DoctorReport, 'library' | 'engine' | 'starter'>;

async function checkStudio(context: CommandContext): Promise<Checked> {
  try {
    await checkIntegrity(context.home);
    return await withStudio(context, async (studio, signal) => ({
      library: describeLibrary(studio),
      starter: findStarter(studio),
      engine: await studio.probe({ signal }).catch((error: unknown) => failure(error)),
    }));
  } catch (error) {
    const unknown = {
      code: 'not-available',
      message: 'Not looked at: the library does not open.',
      hint: '',
    } as const;
    return {
      library: failure(error),
      engine: { error: unknown },
      starter: { present: false, path: null },
    };
  }
}

/** Reads the whole library file. @throws store-damaged and whatever keeps it from being opened */
async function checkIntegrity(home: string): Promise<void> {
  const owner = newOwner();
  try {
    const { library, copy } = await openLibrary(homeFolders(home), owner);
    try {
      const findings = library
        .all('PRAGMA integrity_check(10)')
        .map((row) => row['integrity_check']);
      if (findings.length !== 1 || findings[0] !== 'ok') {
        throw new KarstError(
          'store-damaged',
          `The library ${library.path} is damaged: ${findings.join('; ')}.`,
          {
            hint: `Move it away; copies made before updates are in ${homeFolders(home).backups}.`,
            path: library.path,
          },
        );
      }
    } finally {
      closeLibrary(library, owner);
      copy?.remove();
    }
  } finally {
    releaseOwner(owner);
  }
}

function describeLibrary(studio: Studio): DoctorReport['library'] {
  return {
    integrity: 'ok',
    backbones: studio.backbones.list().length,
    datasets: studio.datasets.list().length,
    runs: studio.runs.list().length,
    adapters: studio.adapters.list().length,
    interrupted: studio.runs
      .list()
      .filter((run) => run.state === 'interrupted')
      .map((run) => run.name),
    notices: studio.notices,
  };
}

function findStarter(studio: Studio): DoctorReport['starter'] {
  const starter = studio.backbones.list().find((b) => studio.backbones.isStarter(b));
  return { present: starter !== undefined, path: starter?.path ?? null };
}

function failure(error: unknown): { error: ErrorReport } {
  return { error: toErrorReport(error) };
}

function describe(report: DoctorReport, console: Console): string[] {
  const { machine, engine, library, data, starter, cache } = report;
  const bad = ({ message, hint }: ErrorReport) =>
    `${console.paint('red', message)}${hint === '' ? '' : ` ${hint}`}`;
  const pairs: [string, string][] = [
    ['KARST Studio', report.version],
    ['Node', machine.node],
    ['system', `${machine.platform} ${machine.arch}, ${machine.release}`],
    ['processor', `${machine.processor}, ${plural(machine.cores, 'core')} to use`],
    ['memory', `${formatBytes(machine.memory)}, ${formatBytes(machine.memoryFree)} free`],
  ];
  if ('error' in engine) pairs.push(['engine', bad(engine.error)]);
  else {
    const tensorflow =
      engine.tensorflow === null ? 'no native TensorFlow' : `TensorFlow ${engine.tensorflow}`;
    pairs.push(
      ['engine', `${tensorflow} under tfjs ${engine.tfjs}, ${plural(engine.threads, 'thread')}`],
      ['kernels', engine.kernels ?? 'none, TensorFlow’s own'],
      ...switchedOff(engine).map(({ what, sentence }): [string, string] => [
        `${what} off`,
        `${console.paint('yellow', sentence)} ${SWITCHED_OFF_HINT}`,
      ]),
      ['device', `${engine.device} (found: ${engine.devices.join(', ')})`],
    );
  }
  pairs.push([
    'data',
    `${data.folder}, ${data.readOnly ? `${console.paint('yellow', 'read-only: nothing can be kept')}, ` : ''}${data.free === null ? 'free space not known' : `${formatBytes(data.free)} free`}`,
  ]);
  if ('error' in library) pairs.push(['library', bad(library.error)]);
  else {
    const { backbones, datasets, runs, adapters, interrupted } = library;
    pairs.push([
      'library',
      `sound: ${plural(backbones, 'backbone')}, ${plural(datasets, 'dataset')}, ${plural(runs, 'run')}, ${plural(adapters, 'adapter')}`,
    ]);
    if (interrupted.length > 0) pairs.push(['to resume', interrupted.join(', ')]);
    pairs.push([
      'starter',
      starter.path ?? console.paint('yellow', 'not there: add a backbone of your own'),
    ]);
  }
  pairs.push([
    'cache',
    `${cache.folder}, ${formatCount(cache.xlaFiles)} compiled programs (${formatBytes(cache.xlaBytes)})`,
  ]);
  return facts(pairs, console.dim);
}
