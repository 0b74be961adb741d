import { OTHERS, type StepRow, type WorkRow } from './steps.ts';

const NAMES: Readonly<Record<string, string>> = {
  ours: 'KARST Studio',
  'karst-kron': 'PyTorch, KARST as published',
  'karst-gemm': 'PyTorch, ΔW by one matrix product',
  'karst-factored': 'PyTorch, everything factored',
  'karst-hybrid': 'PyTorch, ΔW merged, factored gradients',
  'karst-compiled': 'PyTorch, one matrix product, torch.compile',
  lora: 'Hugging Face PEFT, LoRA',
  lokr: 'Hugging Face PEFT, LoKr',
  probe: 'PyTorch, linear probe',
  full: 'PyTorch, full fine-tuning',
};

/** Markdown for the docs: one table for each model. */
export function stepTables(rows: readonly StepRow[], work: readonly WorkRow[]): string {
  const models = [...new Set(rows.map(({ model, batch }) => `${model}, batch ${String(batch)}`))];
  return models
    .map((title) => {
      const own = rows.filter(({ model, batch }) => `${model}, batch ${String(batch)}` === title);
      const lines = own.map((row) =>
        [
          `${NAMES[row.subject] ?? row.subject}${row.others > OTHERS ? ' *' : ''}`,
          `${row.medianSeconds.toFixed(3)} s ± ${(50 * row.spread).toFixed(0)} %`,
          `${row.peakMiB.toFixed(0)} MiB`,
          row.subject === 'ours' ? '' : row.speedup.toFixed(2),
        ].join(' | '),
      );
      const busiest = Math.max(...own.map(({ others }) => others));
      const disturbed =
        busiest > OTHERS
          ? `\n\n\\* Others used up to ${busiest.toFixed(2)} cores in every turn; the least disturbed ones count.`
          : '';
      const used = work.find(({ model, batch }) => `${model}, batch ${String(batch)}` === title);
      const note = used === undefined ? '' : `\n\n${workNote(used)}`;
      return `### ${title}\n\n| | a step | peak memory | times ours |\n|---|---:|---:|---:|\n${lines.map((line) => `| ${line} |`).join('\n')}${disturbed}${note}`;
    })
    .join('\n\n');
}

function workNote({ gigaflop, fastest, utilisation }: WorkRow): string {
  const { library, rows, columns, depth, gigaflops } = fastest;
  const product = `${library}, ${String(rows)} × ${String(columns)}, depth ${String(depth)}`;
  const rate = `the ${gigaflops.toFixed(0)} GFLOP/s of the fastest product (${product})`;
  return `Matrix work ${gigaflop.toFixed(0)} GFLOP a step; at ${rate} that is ${(100 * utilisation).toFixed(0)} % of the step.`;
}
