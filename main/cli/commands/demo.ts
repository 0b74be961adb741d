import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withStudio, type CommandContext } from '../context.ts';
import { describeDemo } from '../demo/describe.ts';
import { runDemo } from '../demo/steps.ts';
import { trainingSession } from '../training.ts';

/**
 * Runs the whole workflow on bundled data, in `--home` or in a temporary data folder, which is kept
 * for inspection. `--json`: a `DemoReport`. Fails on any unexpected result.
 */
export async function run(
  context: CommandContext,
  options: { backbone?: string; epochs?: number },
): Promise<void> {
  const home = context.homeNamed ? context.home : await mkdtemp(path.join(tmpdir(), 'karst-demo-'));
  const own: CommandContext = { ...context, home, homeNamed: true };
  const session = trainingSession(own);
  context.console.say(`The demo keeps everything it makes in ${home}`);
  const report = await withStudio(
    own,
    (studio, signal) => runDemo(own, studio, session, { ...options, signal }),
    session,
  );
  context.console.answer(report, () => describeDemo(report, own));
}
