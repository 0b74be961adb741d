import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readRunLog, RunLog } from '../../../main/host/services/runs/run-log.ts';
import { temporaryFolder } from './support.ts';

it('says where the seconds before the end of the first step went', async () => {
  const path = join(temporaryFolder(), 'log.txt');
  const log = new RunLog(path, () => undefined);
  log.engine({ type: 'first-step', tensorflow: 0.41, graph: 0.98, images: 0.02, xla: 9.96 });
  const [line] = await readRunLog(path, 1, '');
  expect(line?.message).toBe(
    'First step: TensorFlow 0.4 s, graph 1.0 s, images 0.0 s, compiling and the step 10.0 s.',
  );
});
