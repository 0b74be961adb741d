import { release } from 'node:os';
import type { DeviceReport } from '../../../../shared/domain/device.ts';
import type { Diagnosis } from '../../../../shared/contract/window/system.ts';
import { toErrorReport } from '../../../../shared/domain/errors.ts';
import type { ErrorReport } from '../../../../shared/domain/error-report.ts';
import { switchedOff } from '../../../../shared/domain/compiled-code.ts';
import type { Studio } from '../../contract/studio.ts';
import { version } from '../../version.ts';
import { anonymous } from './anonymous.ts';
import { freeSpace, machineReport } from './machine.ts';

/**
 * Examines the machine and starts an engine to report its device. Does not reject if no engine can
 * start.
 */
export async function diagnose(studio: Studio): Promise<Diagnosis> {
  const { platform, arch, processor, cores, memory, memoryFree } = machineReport();
  const [diskFreeBytes, asked] = await Promise.all([freeSpace(studio.home), askEngine(studio)]);
  const machine: Diagnosis['machine'] = {
    platform,
    architecture: arch,
    processor,
    cores,
    memoryBytes: memory,
    freeMemoryBytes: Math.floor(memoryFree),
    diskFreeBytes,
  };
  return { machine, ...asked, report: describe(studio, machine, asked) };
}

async function askEngine(studio: Studio): Promise<Pick<Diagnosis, 'device' | 'error'>> {
  try {
    const device = await studio.probe();
    return {
      device: { ...device, devices: [...device.devices], kernelsOff: [...device.kernelsOff] },
      error: null,
    };
  } catch (error) {
    return { device: null, error: toErrorReport(error) };
  }
}

/** The text to paste into a report, one fact per line. Always in English. */
function describe(
  studio: Studio,
  machine: Diagnosis['machine'],
  { device, error }: Pick<Diagnosis, 'device' | 'error'>,
): string {
  const { threads, device: wanted } = studio.settings.get();
  const facts: [string, string][] = [
    ['KARST Studio', version()],
    ['Node', process.versions.node],
    ['System', `${machine.platform} ${machine.architecture}, ${release()}`],
    ['Processor', `${machine.processor}, ${machine.cores} cores to use`],
    ['Memory', `${gigabytes(machine.memoryBytes)}, ${gigabytes(machine.freeMemoryBytes)} free`],
    [
      'Disk',
      machine.diskFreeBytes === null ? 'not known' : `${gigabytes(machine.diskFreeBytes)} free`,
    ],
    ...(device === null ? [] : describeDevice(device)),
    ...(error === null ? [] : describeError(error, studio.home)),
    ['Settings', `threads ${threads === 0 ? 'auto' : threads}, device ${wanted}`],
    [
      'Library',
      [
        `${studio.backbones.list().length} backbones`,
        `${studio.datasets.list().length} datasets`,
        `${studio.runs.list().length} runs`,
        `${studio.adapters.list().length} adapters`,
      ].join(', '),
    ],
    ...studio.notices.map((notice): [string, string] => [
      'Notice',
      anonymous(notice, [studio.home]),
    ]),
  ];
  return facts.map(([name, fact]) => `${name}: ${fact}`).join('\n');
}

function describeDevice(device: DeviceReport): [string, string][] {
  const tensorflow =
    device.tensorflow === null ? 'no native TensorFlow' : `TensorFlow ${device.tensorflow}`;
  return [
    ['Engine', `${tensorflow} under tfjs ${device.tfjs}, ${device.threads} threads`],
    ['Kernels', device.kernels ?? 'none, TensorFlow’s own'],
    ...switchedOff(device).map(({ what, sentence }): [string, string] => [
      what === 'kernels' ? 'Kernels off' : 'Resampling off',
      sentence,
    ]),
    ['Device', `${device.device} (found: ${device.devices.join(', ')})`],
  ];
}

function describeError(
  { code, message, hint, path = '' }: ErrorReport,
  home: string,
): [string, string][] {
  return [['Engine', anonymous(`${code}. ${message} ${hint}`.trim(), [path, home])]];
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
