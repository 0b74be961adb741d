import type { Handlers } from '../../../shared/contract/studio.ts';
import type { Diagnosis } from '../../../shared/contract/studio/system.ts';
import type { DeskContext } from '../desk/context.ts';
import { diagnose } from '../services/diagnosis/diagnosis.ts';
import { hasSample } from '../services/sample.ts';
import { version } from '../version.ts';

export function systemProcedures({
  studio,
}: DeskContext): Handlers<'system.status' | 'system.diagnose'> {
  let latest: Promise<Diagnosis> | null = null;
  return {
    'system.status'() {
      // Those that were taken up again, or removed, since the studio was opened are settled.
      const waiting = new Set(
        studio.runs
          .list()
          .filter(({ state }) => state === 'interrupted')
          .map(({ id }) => id),
      );
      return {
        version: version(),
        home: studio.home,
        notices: [...studio.notices],
        interrupted: studio.interrupted.map(({ id }) => id).filter((id) => waiting.has(id)),
        sample: hasSample(),
      };
    },
    'system.diagnose'({ again }) {
      if (again || latest === null) {
        const asked = diagnose(studio);
        latest = asked;
        // A failure is told to who asked, and not to those who ask later.
        asked.catch(() => {
          if (latest === asked) latest = null;
        });
      }
      return latest;
    },
  };
}
