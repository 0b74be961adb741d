import type { Handlers } from '../../../shared/contract/window/procedures.ts';
import type { adapterProcedures as procedures } from '../../../shared/contract/window/adapters.ts';
import { predictPictures } from '../services/adapters/picture-predictions.ts';
import type { ProcedureContext } from './context.ts';

type Names = Extract<keyof typeof procedures, `predictions.${string}`>;

export function predictionProcedures({
  studio: { adapters, backbones, predictions },
  media: registry,
  tasks,
}: ProcedureContext): Handlers<Names> {
  return {
    async 'predictions.make'({ model, ...asked }) {
      const began = performance.now();
      const answers = await predictPictures(predictions, registry, model, asked);
      return { answers, seconds: (performance.now() - began) / 1000 };
    },
    'predictions.folder'({ model, folder, out, top }) {
      const { name } = (model.kind === 'adapter' ? adapters : backbones).get(model.id);
      return tasks.start('predict-folder', name, async ({ signal, host, engine }) => {
        const table = await predictions.ofFolder(model, {
          folder,
          out,
          top,
          signal,
          onProgress: host,
          onEvent: engine,
        });
        return { kind: 'predictions', ...table, rows: [...table.rows] };
      });
    },
  };
}
