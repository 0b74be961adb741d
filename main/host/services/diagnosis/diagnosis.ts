import type { Diagnosis } from '../../../../shared/contract/window/system.ts';
import type { Studio } from '../../contract/studio.ts';
import { anonymous } from './anonymous.ts';
import { examineStudio } from './examine.ts';
import { factsOf } from './facts.ts';
import type { StudioReport } from './report.ts';

/** What the window shows of a studio's examination, with a text to paste into a report. */
export async function diagnose(studio: Studio): Promise<Diagnosis> {
  const examined = await examineStudio(studio, 'not-checked');
  const { engine, data } = examined;
  const { platform, arch, processor, cores, memory, memoryFree } = examined.machine;
  return {
    machine: {
      platform,
      architecture: arch,
      processor,
      cores,
      memoryBytes: memory,
      freeMemoryBytes: Math.floor(memoryFree),
      diskFreeBytes: data.free,
    },
    ...('error' in engine
      ? { device: null, error: engine.error }
      : {
          device: { ...engine, devices: [...engine.devices], kernelsOff: [...engine.kernelsOff] },
          error: null,
        }),
    report: textOf(studio, examined),
  };
}

/** One fact a line, without paths and names of the user. */
function textOf(studio: Studio, examined: StudioReport): string {
  const { threads, device } = studio.settings.get();
  const known = [studio.home, examined.cache.folder, examined.starter.path ?? ''];
  const facts = factsOf(examined).map(({ name, text, error }) =>
    error === null
      ? [name, anonymous(text, known)]
      : [
          name,
          anonymous(`${error.code}. ${text} ${error.hint}`.trim(), [error.path ?? '', ...known]),
        ],
  );
  return [
    ...facts,
    ['settings', `threads ${threads === 0 ? 'auto' : threads}, device ${device}`],
    ...studio.notices.map((notice) => ['notice', anonymous(notice, known)]),
  ]
    .map(([name = '', text = '']) => `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${text}`)
    .join('\n');
}
