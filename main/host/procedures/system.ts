import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { Diagnosis } from '../../../shared/contract/window/system.ts';
import type { ProcedureContext } from './context.ts';
import { diagnose } from '../services/diagnosis/diagnosis.ts';
import { hasSample } from '../services/sample.ts';
import { version } from '../version.ts';

export function systemProcedures({
  studio,
}: ProcedureContext): Handlers<'system.status' | 'system.diagnose'> {
  const interrupted = (): string[] =>
    studio.runs
      .list()
      .filter(({ state }) => state === 'interrupted')
      .map(({ id }) => id);
  // Interrupted with an earlier session.
  const left = new Set(interrupted());
  let latest: Promise<Diagnosis> | null = null;
  return {
    'system.status'() {
      return {
        version: version(),
        home: studio.home,
        notices: [...studio.notices],
        // Runs resumed or removed since are settled.
        interrupted: interrupted().filter((id) => left.has(id)),
        sample: hasSample(),
      };
    },
    'system.diagnose'({ again }) {
      if (again || latest === null) {
        const asked = diagnose(studio);
        latest = asked;
        // A failure is reported to this caller and not cached for later ones.
        asked.catch(() => {
          if (latest === asked) latest = null;
        });
      }
      return latest;
    },
  };
}
