/**
 * A separate host process for the test that kills it: slowly executes run `argv[3]` of home
 * `argv[2]`. The file `argv[4]` appears once its engine has exited.
 */
import { childEngineSpawner } from '../../../main/host/engine/child-engine.ts';
import { openStudio } from '../../../main/host/open-studio.ts';
import { fileURLToPath } from 'node:url';

const engine = fileURLToPath(new URL('../../fixtures/engines/fake-engine.ts', import.meta.url));
const spawn = childEngineSpawner(engine);
const [, , home = '', run = '', left = ''] = process.argv;
const studio = await openStudio({
  home,
  starter: null,
  spawn: (options) =>
    spawn({ ...options, env: { FAKE_STEPS: '100000', FAKE_DELAY: '5', FAKE_LEFT: left } }),
});
await studio.scheduler.train(run, {
  resume: false,
  onEvent: (event) => {
    if (event.type === 'checkpoint' && event.step === 3) process.send?.('at step 3');
  },
});
