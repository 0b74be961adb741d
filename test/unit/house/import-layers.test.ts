import { ESLint, Linter } from 'eslint';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { layersPlugin } from '../../../eslint.layers.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The rule's messages for a text, linted as if it were that file. */
function complaints(file: string, text: string): string[] {
  const messages = new Linter({ cwd: ROOT }).verify(
    text,
    {
      files: ['**/*.ts', '**/*.mjs'],
      languageOptions: { parser: tseslint.parser },
      plugins: { karst: layersPlugin },
      rules: { 'karst/import-layers': 'error' },
    },
    { filename: join(ROOT, file) },
  );
  return messages.map((message) => message.message);
}

const FORBIDDEN = [
  ['renderer/views/a.ts', '../../main/host/contract/studio.ts'],
  ['renderer/views/a.ts', '../../main/formats/safetensors.ts'],
  ['main/host/engine/a.ts', '../../engine/entry.ts'],
  ['main/host/services/a.ts', '../../engine/train/prepare.ts'],
  ['main/host/services/a.ts', '../../backends/tensorflow/session-graph.ts'],
  ['main/host/a.ts', '../cli/program.ts'],
  ['main/host/a.ts', '../electron/main.ts'],
  ['main/engine/train/a.ts', '../../host/contract/studio.ts'],
  ['main/engine/a.ts', '../cli/program.ts'],
  ['main/cli/a.ts', '../engine/programs/training.ts'],
  ['main/cli/commands/a.ts', '../../../renderer/bridge/a.ts'],
  ['main/formats/a.ts', '../host/home.ts'],
  ['main/formats/a.ts', '../platform/cache-folder.mjs'],
  ['main/formats/a.ts', '../../shared/contract/engine/jobs.ts'],
  ['main/electron/a.ts', '../engine/entry.ts'],
  ['main/electron/a.ts', '../host/store/database.ts'],
  ['main/electron/a.ts', '../host/contract/studio.ts'],
  ['main/electron/a.ts', '../../renderer/bridge/a.ts'],
  ['renderer/views/a.ts', 'electron'],
  ['main/setup/a.mjs', '../host/home.ts'],
  ['shared/domain/a.ts', '../../main/formats/files.ts'],
  ['main/host/a.ts', '../../test/fixtures/tiny-backbone.ts'],
  ['main/host/a.ts', 'electron'],
  ['main/cli/a.ts', 'electron/main'],
  ['main/host/a.ts', '@tensorflow/tfjs-core'],
  ['main/cli/a.ts', '@tensorflow/tfjs-node-gpu'],
  ['main/formats/a.ts', '@tensorflow/tfjs-core'],
  ['main/engine/a.ts', 'better-sqlite3'],
  ['main/host/services/a.ts', 'better-sqlite3'],
  ['main/host/services/a.ts', '@huggingface/hub'],
  ['main/hub/a.ts', '../host/home.ts'],
  ['main/cli/a.ts', '../hub/transport.ts'],
  ['main/setup/a.mjs', 'sharp'],
  ['main/graph/a.ts', '../../shared/domain/training.ts'],
  ['main/graph/ops/a.ts', '../../backends/session.ts'],
  ['main/graph/a.ts', '@tensorflow/tfjs-core'],
  ['main/networks/a.ts', '../../shared/domain/training.ts'],
  ['main/networks/a.ts', '../engine/random.ts'],
  ['main/networks/a.ts', '../backends/session.ts'],
  ['main/networks/a.ts', '../tuning/karst.ts'],
  ['main/tuning/a.ts', '../../shared/domain/training.ts'],
  ['main/tuning/a.ts', '../engine/random.ts'],
  ['main/tuning/a.ts', '../backends/session.ts'],
  ['main/backends/tfjs/a.ts', '../../engine/random.ts'],
  ['main/backends/tensorflow/a.ts', '../../engine/runtime/kernels.ts'],
  ['main/backends/tensorflow/a.ts', '../../platform/addons.mjs'],
  ['main/backends/tensorflow/a.ts', '../tfjs/table.ts'],
  ['main/backends/session.ts', './tensorflow/session.ts'],
  ['main/host/a.ts', '../backends/session.ts'],
  ['main/host/a.ts', '../exports/registry.ts'],
  ['main/exports/a.ts', '../engine/random.ts'],
  ['main/exports/onnx/a.ts', '../saved-model/exporter.ts'],
  ['main/engine/a.ts', 'onnxruntime-node'],
  // Folders within the host, from the bottom up.
  ['main/host/store/a.ts', '../contract/runs.ts'],
  ['main/host/contract/a.ts', '../services/runs/runs.ts'],
  ['main/host/engine/a.ts', '../services/paths.ts'],
  ['main/host/services/runs/a.ts', '../../scheduler/run-scheduler.ts'],
  ['main/host/services/a.ts', './runs/runs.ts'],
  ['main/host/services/datasets/a.ts', '../adapters/adapters.ts'],
  ['main/host/services/datasets/a.ts', '../settings/settings.ts'],
  ['main/host/services/planning/a.ts', '../runs/runs.ts'],
  ['main/host/media/a.ts', '../tasks/task-board.ts'],
  ['main/host/scheduler/a.ts', '../procedures/runs.ts'],
  ['main/host/procedures/a.ts', '../open-studio.ts'],
  ['main/host/procedures/a.ts', '../api/dispatch.ts'],
  ['main/host/home.ts', './store/library.ts'],
  ['main/host/home.ts', './owner.ts'],
  // Folders within the engine.
  ['main/engine/train/a.ts', '../jobs/channel.ts'],
  ['main/engine/evaluate/a.ts', '../train/trainer.ts'],
  ['main/engine/programs/a.ts', '../train/noise.ts'],
  ['main/engine/model/a.ts', '../programs/training.ts'],
  // Folders within the renderer.
  ['renderer/domain/a.ts', '../composables/use-load.ts'],
  ['renderer/domain/a.ts', '../bridge/index.ts'],
  ['renderer/stores/a.ts', '../composables/use-load.ts'],
  ['renderer/composables/a.ts', '../components/KButton.vue'],
  ['renderer/components/charts/a.ts', '../../stores/settings.ts'],
  ['renderer/components/a.ts', '../frame/icons.ts'],
  ['renderer/frame/a.ts', '../router.ts'],
  ['renderer/views/data/a.ts', '../run/a.ts'],
] as const;

const ALLOWED = [
  ['main/host/services/a.ts', './paths.ts'],
  ['main/host/services/runs/a.ts', '../adapters/adapters.ts'],
  ['main/host/services/adapters/a.ts', '../paths.ts'],
  ['main/host/scheduler/a.ts', '../services/runs/run-executor.ts'],
  ['main/host/api/a.ts', '../open-studio.ts'],
  ['main/host/contract/a.ts', '../store/runs.ts'],
  ['renderer/components/a.ts', '../composables/use-action.ts'],
  ['renderer/components/charts/a.ts', '../KMenu.vue'],
  ['renderer/views/a.ts', './run/RunCharts.vue'],
  ['renderer/views/run/a.ts', '../../frame/TaskLine.vue'],
  ['renderer/main.ts', './App.vue'],
  ['renderer/views/a.ts', '../../shared/contract/engine/jobs.ts'],
  ['main/host/services/a.ts', '../../hub/download.ts'],
  ['main/hub/a.ts', '@huggingface/hub'],
  ['main/host/services/a.ts', '../../formats/safetensors.ts'],
  ['main/host/services/a.ts', '../../engine/train/programs.ts'],
  ['main/host/services/a.ts', '../../backends/tensorflow/memory.ts'],
  ['main/host/services/a.ts', '../store/database.ts'],
  ['main/host/a.ts', '../platform/engine-environment.mjs'],
  ['main/host/store/a.ts', 'better-sqlite3'],
  ['main/engine/a.ts', '../formats/safetensors.ts'],
  ['main/engine/runtime/a.ts', '@tensorflow/tfjs-node-gpu'],
  ['main/engine/a.ts', '../graph/program.ts'],
  ['main/networks/a.ts', '../graph/operations.ts'],
  ['main/tuning/a.ts', '../networks/build.ts'],
  ['main/tuning/a.ts', '../../shared/methods/karst.ts'],
  ['main/networks/a.ts', '../../shared/models/vit.ts'],
  ['main/formats/a.ts', '../../shared/models/vit.ts'],
  ['main/backends/tfjs/a.ts', '../../graph/registry.ts'],
  ['main/backends/tfjs/a.ts', '@tensorflow/tfjs-core'],
  ['main/cli/a.ts', '../host/contract/studio.ts'],
  ['main/cli/a.ts', '../../package.json'],
  ['main/formats/a.ts', '../../shared/domain/errors.ts'],
  ['main/electron/a.ts', 'electron'],
  ['main/electron/a.ts', '../host/home.ts'],
  ['main/electron/a.ts', '../platform/node-runtime.mjs'],
  ['main/setup/a.mjs', './cache-folder.mjs'],
  ['test/unit/a.ts', '../../main/engine/programs/training.ts'],
  ['test/unit/a.ts', 'better-sqlite3'],
] as const;

describe('the import rules', () => {
  it.each(FORBIDDEN)('%s must not import %s', (file, source) => {
    expect(complaints(file, `import { a } from '${source}';`)).toHaveLength(1);
  });

  it.each(ALLOWED)('%s may import %s', (file, source) => {
    expect(complaints(file, `import { a } from '${source}';`)).toEqual([]);
  });

  it.each([
    `import 'better-sqlite3';`,
    `import type { Database } from 'better-sqlite3';`,
    `export { Database } from 'better-sqlite3';`,
    `export * from 'better-sqlite3';`,
    `export const a = await import('better-sqlite3');`,
    `export type A = import('better-sqlite3').Database;`,
    `import a = require('better-sqlite3');`,
    `export const a = require('better-sqlite3');`,
    `export const a = createRequire(import.meta.url)('better-sqlite3');`,
  ])('hold for %s', (text) => {
    expect(complaints('main/engine/a.ts', text)).toEqual([
      'Only main/host/store imports better-sqlite3.',
    ]);
  });

  it('name both ends and what is allowed', () => {
    const text = `import { a } from '../engine/entry.ts';`;
    expect(complaints('main/cli/a.ts', text)).toEqual([
      'main/cli must not import main/engine/entry.ts; it may import main/host, main/formats, main/platform, shared.',
    ]);
  });
});

/** Severities of a file's rules: 0 off, 2 error. */
async function severities(file: string): Promise<Record<string, number>> {
  const eslint = new ESLint({ cwd: ROOT });
  const { rules } = (await eslint.calculateConfigForFile(join(ROOT, file))) as {
    rules: Record<string, [number]>;
  };
  return Object.fromEntries(Object.entries(rules).map(([name, [severity]]) => [name, severity]));
}

describe('the configuration', () => {
  it.each([
    'main/engine/a.ts',
    'main/host/a.ts',
    'main/formats/a.ts',
    'main/electron/a.ts',
    'renderer/stores/a.ts',
    'renderer/views/AView.vue',
  ])('holds %s to the rules', async (file) => {
    expect(await severities(file)).toMatchObject({
      'karst/import-layers': 2,
      'no-empty': 2,
      'no-console': 2,
      '@typescript-eslint/consistent-type-imports': 2,
      '@typescript-eslint/no-floating-promises': 2,
      '@typescript-eslint/no-explicit-any': 2,
    });
  });

  it('lets the command line print', async () => {
    expect(await severities('main/cli/a.ts')).toMatchObject({
      'karst/import-layers': 2,
      'no-console': 0,
    });
  });

  it('refuses an empty catch and an import that is a type only', async () => {
    const eslint = new ESLint({ cwd: ROOT });
    const [result] = await eslint.lintText(
      `import { KarstError } from '../../shared/domain/errors.ts';
       export function a(error: KarstError): string {
         try { return error.message; } catch {}
         return '';
       }\n`,
      { filePath: join(ROOT, 'main', 'formats', 'files.ts') },
    );
    const rules = result?.messages.map((message) => message.ruleId);
    expect(rules?.sort()).toEqual(['@typescript-eslint/consistent-type-imports', 'no-empty']);
  });
});
