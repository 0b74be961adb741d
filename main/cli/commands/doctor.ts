import { examineStudio, examineUnopened } from '../../host/services/diagnosis/examine.ts';
import { factsOf } from '../../host/services/diagnosis/facts.ts';
import { checkIntegrity } from '../../host/services/diagnosis/integrity.ts';
import type { StudioReport } from '../../host/services/diagnosis/report.ts';
import { withStudio, type CommandContext } from '../context.ts';
import type { Console } from '../output/console.ts';
import { facts } from '../output/table.ts';

/**
 * `--json`: a `StudioReport`. A failed check does not stop the others; the exit code is 1 if the
 * engine or the library does not work.
 */
export async function run(context: CommandContext): Promise<number> {
  const { console } = context;
  const report = await examine(context);
  console.answer(report, () => describe(report, console));
  return report.ok ? 0 : 1;
}

async function examine(context: CommandContext): Promise<StudioReport> {
  try {
    await checkIntegrity(context.home);
    return await withStudio(context, (studio, signal) => examineStudio(studio, 'ok', { signal }));
  } catch (error) {
    return examineUnopened(context.home, error);
  }
}

function describe(report: StudioReport, console: Console): string[] {
  const colours = { warning: 'yellow', error: 'red' } as const;
  return facts(
    factsOf(report).map(({ name, text, tone, hint }) => [
      name,
      `${tone === 'plain' ? text : console.paint(colours[tone], text)} ${hint}`.trimEnd(),
    ]),
    console.dim,
  );
}
