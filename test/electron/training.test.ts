import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from './fixtures/desktop.ts';
import { descendants, waitForDescendant } from './fixtures/processes.ts';
import { beginRun, finish, runUntil } from './fixtures/training.ts';

/** Parts of the command lines that identify the studio's processes. */
const HOST = join('host', 'api', 'process.ts');
const ENGINE = join('engine', 'entry.ts');

const HAS_ENDED = ['done', 'stopped', 'failed', 'interrupted'];

test('a training over the window ends in a verified, merged file', async ({ desktop }) => {
  await desktop.watchEvents();
  const { id } = await beginRun(desktop, { perClass: 8, epochs: 2, name: 'first' });
  const run = await runUntil(desktop, id, ({ state }) => HAS_ENDED.includes(state));
  expect(run).toMatchObject({ state: 'done', epoch: 2, error: null });

  // The page received events during the training.
  const runs = (await desktop.events('run')) as { id: string; state: string }[];
  const states = new Set(runs.filter((event) => event.id === id).map(({ state }) => state));
  expect([...states]).toEqual(expect.arrayContaining(['running', 'done']));
  expect(await desktop.events('metrics')).not.toHaveLength(0);
  const samples = await desktop.call('runs.samples', { id });
  const [first] = samples.at(-1)!.images;
  const picture = await desktop.page.evaluate(async (media) => {
    const response = await fetch(`/media/${media}?size=48`);
    const { width, height } = await createImageBitmap(await response.blob());
    return { status: response.status, type: response.headers.get('content-type'), width, height };
  }, first!.media);
  expect(picture.status).toBe(200);
  expect(picture.type).toMatch(/^image\//);
  expect(Math.max(picture.width, picture.height)).toBeLessThanOrEqual(48);

  const out = join(desktop.bed.folder, 'merged');
  const written = await finish(
    desktop,
    desktop.call('adapters.merge', { id: run.adapterId!, out }),
    'written',
  );
  expect(written.out).toBe(out);
  expect(written.verification!.maxAbsDiff).toBeLessThanOrEqual(written.verification!.tolerance);
  expect(written.verification!.top1Agreement).toBe(1);
  expect(statSync(join(out, 'model.safetensors')).size).toBeGreaterThan(1e6);
});

test('a killed engine is told of, and the run goes on from its checkpoint', async ({ desktop }) => {
  const { id } = await beginRun(desktop, { perClass: 12, epochs: 400, name: 'killed' });
  await runUntil(desktop, id, (run) => run.checkpointStep !== null && run.state === 'running');
  const host = await waitForDescendant(desktop.pid, HOST);
  const engine = await waitForDescendant(host, ENGINE);
  process.kill(engine, 'SIGKILL');

  const failed = await runUntil(desktop, id, ({ state }) => HAS_ENDED.includes(state));
  expect(failed.state).toBe('failed');
  expect(failed.error!.code).toBe('engine-crashed');
  expect(failed.error!.message).toContain('SIGKILL');
  // Only the engine is affected.
  expect(descendants(desktop.pid, HOST)).toEqual([host]);
  expect((await desktop.call('system.status', {})).home).toBe(desktop.bed.home);

  await desktop.call('runs.resume', { id });
  const again = await runUntil(desktop, id, (run) => run.step > failed.step);
  expect(again.checkpointStep).toBeGreaterThanOrEqual(failed.checkpointStep!);
  await desktop.call('runs.stop', { id });
  const stopped = await runUntil(desktop, id, ({ state }) => HAS_ENDED.includes(state));
  expect(stopped.state).toBe('stopped');
  expect(stopped.adapterId).not.toBeNull();
});

test('a host that is killed is told of, and starts anew without losing the run', async ({
  desktop,
}) => {
  await desktop.watchEvents();
  const { id } = await beginRun(desktop, { perClass: 12, epochs: 400, name: 'survivor' });
  const before = await runUntil(desktop, id, (run) => run.checkpointStep !== null);
  const host = await waitForDescendant(desktop.pid, HOST);
  process.kill(host, 'SIGKILL');

  await expect.poll(() => desktop.events('hostGone')).toHaveLength(1);
  const [gone] = (await desktop.events('hostGone')) as { reason: string }[];
  expect(gone!.reason).toContain('SIGKILL');
  await expect(desktop.call('system.status', {})).rejects.toThrow('not-available');
  await expect(desktop.page.getByText(/SIGKILL/).first()).toBeVisible();

  await desktop.call('shell.restart', {});
  const status = await desktop.call('system.status', {});
  expect(status.interrupted).toEqual([id]);
  const after = await desktop.call('runs.get', { id });
  expect(after.state).toBe('interrupted');
  expect(after.checkpointStep).toBeGreaterThanOrEqual(before.checkpointStep!);
  expect(await waitForDescendant(desktop.pid, HOST)).not.toBe(host);
});

test('quitting in mid-run asks, writes a checkpoint, and the next start continues', async ({
  bed,
}) => {
  const desktop = await bed.launch();
  const { id } = await beginRun(desktop, { perClass: 12, epochs: 400, name: 'patient' });
  await runUntil(desktop, id, (run) => run.step > 0);

  // First cancel, then answer with the second button.
  await desktop.answerDialogs({ message: [2, 1] });
  await desktop.app.evaluate(({ app }) => app.quit());
  await expect.poll(() => desktop.askedDialogs()).toHaveLength(1);
  const [asked] = await desktop.askedDialogs();
  expect(asked!['message']).toBe('“patient” is still being trained');
  expect(asked!['buttons']).toEqual([
    'Continue without the window',
    'Quit and continue later',
    'Cancel',
  ]);
  expect((await desktop.call('runs.get', { id })).state).toBe('running');
  const ended = desktop.app.waitForEvent('close', { timeout: 180_000 });
  await desktop.app.evaluate(({ app }) => app.quit());
  await ended;
  expect(descendants(process.pid, ENGINE)).toEqual([]);

  const again = await bed.launch();
  const kept = await again.call('runs.get', { id });
  expect(kept.checkpointStep).toBeGreaterThan(0);
  const marker = join(kept.folder, 'checkpoints', `step-${kept.checkpointStep}`, 'COMPLETE');
  expect(existsSync(marker)).toBe(true);
  await runUntil(again, id, ({ step }) => step > kept.checkpointStep!);
  await again.call('runs.stop', { id });
  const stopped = await runUntil(again, id, ({ state }) => HAS_ENDED.includes(state));
  expect(stopped.state).toBe('stopped');
  await again.close();
});

test('without its window the studio trains on, and ends when nothing is left to do', async ({
  bed,
}) => {
  const desktop = await bed.launch();
  const { id } = await beginRun(desktop, { perClass: 12, epochs: 15, name: 'alone' });
  await runUntil(desktop, id, (run) => run.step > 0);
  await desktop.answerDialogs({ message: [0] });
  const ended = desktop.app.waitForEvent('close', { timeout: 180_000 });
  await desktop.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
  await expect
    .poll(() => desktop.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length))
    .toBe(0);
  expect(descendants(desktop.pid, ENGINE).length).toBeGreaterThan(0);
  await ended;

  const again = await bed.launch();
  expect(await again.call('runs.get', { id })).toMatchObject({ state: 'done', epoch: 15 });
  await again.close();
});
