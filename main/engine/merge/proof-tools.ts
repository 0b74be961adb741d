import type { ProofTools } from '../../exports/exporter.ts';
import { BATCH } from '../../graph/dim.ts';
import { plainModel } from '../model/plain-model.ts';
import { evaluationProgram } from '../programs/evaluation.ts';
import { tensorNamed } from '../programs/tensor-named.ts';
import type { Runtime } from '../runtime/open-runtime.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';

/** What exporters open their files with: our own network, and TensorFlow as this process has it. */
export function proofTools(runtime: Runtime): ProofTools {
  return {
    async ourNetwork(architecture, tensors) {
      const model = plainModel(architecture, architecture.classes);
      const { program } = evaluationProgram(model, BATCH);
      const session = runtime.open(program);
      await session.write(tensors);
      return {
        run: async (images) =>
          tensorNamed(new Map(Object.entries(await session.run('evaluate', { images }))), 'logits'),
        close: () => session.dispose(),
      };
    },
    tensorflow: loadTensorFlow,
  };
}
