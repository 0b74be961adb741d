import { bytesInWords } from '../../../../shared/domain/bytes-in-words.ts';
import { SWITCHED_OFF_HINT, switchedOff } from '../../../../shared/domain/compiled-code.ts';
import { counted } from '../../../../shared/domain/counted.ts';
import type { DeviceReport } from '../../../../shared/domain/device.ts';
import type { ErrorReport } from '../../../../shared/domain/error-report.ts';
import type { StudioReport } from './report.ts';

/** A line of a report for people. */
export interface Fact {
  readonly name: string;
  readonly text: string;
  /** `warning` and `error`: the text says that something is not in order. */
  readonly tone: 'plain' | 'warning' | 'error';
  /** What to do about it; empty where there is nothing. */
  readonly hint: string;
  readonly error: ErrorReport | null;
}

/** A report as lines for people. In English. */
export function factsOf(report: StudioReport): Fact[] {
  const { machine, engine, library, data, cache } = report;
  return [
    plain('KARST Studio', report.version),
    plain('Node', machine.node),
    plain('system', `${machine.platform} ${machine.arch}, ${machine.release}`),
    plain('processor', `${machine.processor}, ${counted(machine.cores, 'core')} to use`),
    plain('memory', `${bytesInWords(machine.memory)}, ${bytesInWords(machine.memoryFree)} free`),
    ...('error' in engine ? [failed('engine', engine.error)] : deviceFacts(engine)),
    dataFact(data),
    ...('error' in library
      ? [failed('library', library.error)]
      : [...libraryFacts(library), starterFact(report.starter)]),
    plain(
      'cache',
      `${cache.folder}, ${counted(cache.xlaFiles, 'compiled program')} (${bytesInWords(cache.xlaBytes)})`,
    ),
  ];
}

function dataFact({ folder, free, readOnly }: StudioReport['data']): Fact {
  return readOnly
    ? warning('data', `${folder}, read-only: nothing can be kept, ${freeOf(free)}`)
    : plain('data', `${folder}, ${freeOf(free)}`);
}

function deviceFacts(device: DeviceReport): Fact[] {
  const tensorflow =
    device.tensorflow === null ? 'no native TensorFlow' : `TensorFlow ${device.tensorflow}`;
  return [
    plain(
      'engine',
      `${tensorflow} under tfjs ${device.tfjs}, ${counted(device.threads, 'thread')}`,
    ),
    plain('kernels', device.kernels ?? 'none, TensorFlow’s own'),
    ...switchedOff(device).map(({ what, sentence }) => ({
      ...warning(`${what} off`, sentence),
      hint: SWITCHED_OFF_HINT,
    })),
    plain('device', `${device.device} (found: ${device.devices.join(', ')})`),
  ];
}

function libraryFacts(library: Exclude<StudioReport['library'], { error: ErrorReport }>): Fact[] {
  const { integrity, backbones, datasets, runs, adapters, interrupted } = library;
  const counts = [
    counted(backbones, 'backbone'),
    counted(datasets, 'dataset'),
    counted(runs, 'run'),
    counted(adapters, 'adapter'),
  ].join(', ');
  return [
    plain('library', integrity === 'ok' ? `sound: ${counts}` : counts),
    ...(interrupted.length > 0 ? [plain('to resume', interrupted.join(', '))] : []),
  ];
}

function starterFact({ path }: StudioReport['starter']): Fact {
  return path === null
    ? warning('starter', 'not there: add a backbone of your own')
    : plain('starter', path);
}

function plain(name: string, text: string): Fact {
  return { name, text, tone: 'plain', hint: '', error: null };
}

function warning(name: string, text: string): Fact {
  return { ...plain(name, text), tone: 'warning' };
}

function failed(name: string, error: ErrorReport): Fact {
  return { name, text: error.message, tone: 'error', hint: error.hint, error };
}

function freeOf(bytes: number | null): string {
  return bytes === null ? 'free space not known' : `${bytesInWords(bytes)} free`;
}
