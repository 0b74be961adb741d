import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  expect,
  launchArguments,
  test,
  testElectron,
  type TestBed,
  type Desktop,
} from './fixtures/desktop.ts';
import { ended } from './fixtures/training.ts';

/** Starts the application a second time with the same data; returns its exit code. */
function startAgain(bed: TestBed, args: readonly string[]): Promise<number | null> {
  const second = spawn(testElectron(), launchArguments({ args }), {
    env: bed.environment,
    cwd: bed.folder,
    stdio: 'ignore',
  });
  return new Promise((resolve, reject) => {
    second.on('error', reject);
    second.on('close', resolve);
  });
}

test('a second instance ends at once and hands its file to the first', async ({ desktop }) => {
  const { bed } = desktop;
  await desktop.call('system.status', {});
  writeFileSync(join(bed.folder, 'leaves.karst'), 'no archive');
  // Relative to the second instance's working directory.
  expect(await startAgain(bed, ['leaves.karst'])).toBe(0);

  const windows = () =>
    desktop.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length);
  expect(await windows()).toBe(1);
  await expect
    .poll(async () => (await desktop.call('tasks.list', {})).map(({ kind }) => kind))
    .toEqual(['adapter-import']);
  const [task] = await desktop.call('tasks.list', {});
  const { state, error } = await ended(desktop, task!.id);
  expect(state).toBe('failed');
  expect(error!.path ?? error!.message).toContain(join(bed.folder, 'leaves.karst'));
  await expect(desktop.page).toHaveURL('karst://studio/library');
});

test('native dialogs give paths, and nothing when they are cancelled', async ({ desktop }) => {
  await desktop.answerDialogs({
    open: [['/data/leaves'], null, ['/a.png', '/b.png']],
    save: ['/out/model.onnx'],
  });
  const choose = (what: 'folder' | 'file' | 'files' | 'save', extensions: string[] = []) =>
    desktop.call('shell.choose', { what, title: 'Choose', extensions, path: '/data' });
  expect(await choose('folder')).toEqual(['/data/leaves']);
  expect(await choose('file', ['safetensors'])).toBeNull();
  expect(await choose('files', ['png', 'jpg'])).toEqual(['/a.png', '/b.png']);
  expect(await choose('save', ['onnx'])).toEqual(['/out/model.onnx']);

  const [folder, file, files, save] = await desktop.askedDialogs();
  expect(folder).toMatchObject({ title: 'Choose', defaultPath: '/data' });
  expect(folder!['properties']).toEqual(['openDirectory', 'createDirectory']);
  expect(file!['properties']).toEqual(['openFile']);
  expect(files!['properties']).toEqual(['openFile', 'multiSelections']);
  expect(save!['filters']).toEqual([
    { name: '.onnx', extensions: ['onnx'] },
    { name: 'All files', extensions: ['*'] },
  ]);
});

test('a message that is not as agreed is refused, and a path that is gone told', async ({
  desktop,
}) => {
  const wrong = { what: 'anything', title: '', extensions: [], path: null } as never;
  await expect(desktop.call('shell.choose', wrong)).rejects.toThrow('usage: shell.choose refuses');
  await expect(desktop.call('datasets.get', { id: 7 } as never)).rejects.toThrow('usage: ');
  await expect(desktop.call('shell.reveal', { path: '/nowhere/at/all' })).rejects.toThrow(
    'not-found: /nowhere/at/all',
  );
});

test('the menu leads to places, in the language of the settings', async ({ desktop }) => {
  const { app, page } = desktop;
  const titles = () =>
    app.evaluate(({ Menu }) => Menu.getApplicationMenu()!.items.map(({ label }) => label));
  const click = (menu: number, item: number) =>
    app.evaluate(
      ({ Menu }, [outer, inner]) => {
        const entry = Menu.getApplicationMenu()!.items[outer]!.submenu!.items[inner]!;
        (entry.click as () => void)();
      },
      [menu, item] as const,
    );
  await expect.poll(titles).toEqual(['File', 'Edit', 'Go', 'View', 'Window', 'Help']);
  await click(2, 1);
  await expect(page).toHaveURL('karst://studio/data');
  await click(2, 5);
  await expect(page).toHaveURL('karst://studio/library');
  await expect(page.getByRole('main').getByText('No adapters yet')).toBeVisible();

  await desktop.call('settings.update', { language: 'zh-CN', theme: 'dark' });
  await expect.poll(titles).toEqual(['文件', '编辑', '前往', '显示', '窗口', '帮助']);
  const theme = () => app.evaluate(({ nativeTheme }) => nativeTheme.themeSource);
  expect(await theme()).toBe('dark');
});

test('the window comes back where it was left', async ({ bed }) => {
  const boundsOf = ({ app }: Desktop) =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getBounds());
  const shown = ({ app }: Desktop) =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.isVisible());
  const first = await bed.launch();
  await expect.poll(() => shown(first)).toBe(true);
  const bounds = { x: 60, y: 40, width: 1040, height: 700 };
  await first.app.evaluate(({ BrowserWindow }, wanted) => {
    BrowserWindow.getAllWindows()[0]!.setBounds(wanted);
  }, bounds);
  await expect.poll(() => boundsOf(first)).toEqual(bounds);
  await first.close();

  const second = await bed.launch();
  await expect.poll(() => shown(second)).toBe(true);
  expect(await boundsOf(second)).toEqual(bounds);
  await second.close();
});

test('the data folder can be another from the next start on', async ({ bed }) => {
  // KARST_HOME would override the setting.
  const environment = {
    ...bed.environment,
    KARST_HOME: '',
    XDG_DATA_HOME: join(bed.folder, 'data'),
  };
  Object.defineProperty(bed, 'environment', { value: environment });
  const elsewhere = join(bed.folder, 'elsewhere');
  const taken = join(bed.folder, 'taken');
  for (const folder of [elsewhere, taken]) mkdirSync(folder);
  writeFileSync(join(taken, 'letter.txt'), 'mine');

  const first = await bed.launch();
  expect((await first.call('shell.info', {})).canMoveHome).toBe(true);
  expect((await first.call('system.status', {})).home).toBe(
    join(bed.folder, 'data', 'karst-studio'),
  );
  await first.answerDialogs({ open: [null, [taken], [elsewhere]] });
  expect(await first.call('shell.moveHome', {})).toBeNull();
  await expect(first.call('shell.moveHome', {})).rejects.toThrow('holds other files');
  expect(await first.call('shell.moveHome', {})).toBe(elsewhere);
  await first.close();

  const second = await bed.launch();
  expect((await second.call('system.status', {})).home).toBe(elsewhere);
  expect(existsSync(join(elsewhere, 'library.sqlite'))).toBe(true);
  expect(readFileSync(join(taken, 'letter.txt'), 'utf8')).toBe('mine');
  await second.close();
});
