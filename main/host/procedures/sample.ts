import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import { createSampleRun, SAMPLE_NAME, sampleBackbone } from '../services/sample.ts';
import type { ProcedureContext } from './context.ts';

/**
 * One click to a first adapter: imports the digits, creates a project and starts a run on the
 * starter.
 */
export function sampleProcedures({
  studio,
  emit,
  tasks,
}: ProcedureContext): Handlers<'sample.start'> {
  return {
    'sample.start'() {
      const backbone = sampleBackbone(studio);
      return tasks.start('sample', SAMPLE_NAME, async ({ signal, host }) => {
        const { projectId, run } = await createSampleRun(studio, backbone, {
          signal,
          onProgress: host,
          onAdded: (part, id) => emit('library', { part, id }),
        });
        studio.scheduler.enter(run.id);
        return { kind: 'sample', projectId, runId: run.id };
      });
    },
  };
}
