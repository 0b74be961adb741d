import type { GrowthOutlook } from '../../../shared/contract/window/dataset-source.ts';
import type { growthProcedures as procedures } from '../../../shared/contract/window/dataset-growth.ts';
import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import { countProblems } from '../../../shared/domain/problem-kinds.ts';
import type { PlannedGrowth } from '../contract/datasets.ts';
import { ImportQuestion } from '../services/datasets/question.ts';
import type { ProcedureContext } from './context.ts';

export function growthProcedures({
  studio: { classes, datasets, growth },
  emit,
  tasks,
}: ProcedureContext): Handlers<keyof typeof procedures> {
  const changed = (id: string): void => {
    emit('library', { part: 'datasets', id });
    emit('library', { part: 'projects', id: null });
  };
  return {
    'datasets.planUpdate'({ id, ...source }) {
      const { name } = datasets.get(id);
      return tasks.start('dataset-look', name, async ({ signal, host }) => ({
        kind: 'growth',
        outlook: await outlookOf(growth.planUpdate(id, { ...source, signal, onProgress: host })),
      }));
    },
    'datasets.planAddition'({ id, paths, ...options }) {
      const { name } = datasets.get(id);
      return tasks.start('dataset-look', name, async ({ signal, host }) => ({
        kind: 'growth',
        outlook: await outlookOf(
          growth.planAddition(id, paths, { ...options, signal, onProgress: host }),
        ),
      }));
    },
    'datasets.grow'({ id, token }) {
      const { name } = datasets.get(id);
      return tasks.start('dataset-growth', name, async ({ signal, host }) => {
        const { problems } = await growth.apply(token, { signal, onProgress: host });
        changed(id);
        return { kind: 'dataset', datasetId: id, problems: countProblems(problems) };
      });
    },
    'datasets.addClass'({ id, name }) {
      const outcome = classes.add(id, name);
      changed(id);
      return outcome;
    },
  };
}

async function outlookOf(planning: Promise<PlannedGrowth>): Promise<GrowthOutlook> {
  try {
    const { token, changes } = await planning;
    return { kind: 'changes', token, changes };
  } catch (error) {
    if (error instanceof ImportQuestion) return error.question;
    throw error;
  }
}
