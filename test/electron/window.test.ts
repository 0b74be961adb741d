import { expect, test } from './fixtures/desktop.ts';

test('the window shows the studio', async ({ desktop }) => {
  const { page } = desktop;
  await expect(page).toHaveTitle(/KARST Studio/);
  expect(page.url()).toMatch(/^karst:\/\/studio\//);
  await expect(page.getByRole('main')).toBeVisible();
  await expect(page.getByRole('navigation').first()).toBeVisible();
  const status = await desktop.call('system.status', {});
  expect(status.home).toBe(desktop.desk.home);
});

test('the page has no Node in reach, and one channel', async ({ desktop }) => {
  const found = await desktop.page.evaluate(() => ({
    require: typeof (globalThis as Record<string, unknown>)['require'],
    process: typeof (globalThis as Record<string, unknown>)['process'],
    module: typeof (globalThis as Record<string, unknown>)['module'],
    Buffer: typeof (globalThis as Record<string, unknown>)['Buffer'],
    channel: Object.keys(window.karst ?? {}).sort(),
  }));
  expect(found).toEqual({
    require: 'undefined',
    process: 'undefined',
    module: 'undefined',
    Buffer: 'undefined',
    channel: ['onMessage', 'pathOf', 'send'],
  });
  const preferences = await desktop.app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows();
    const contents = window!.webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>;
    };
    const { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity } =
      contents.getLastWebPreferences();
    return { sandbox, contextIsolation, nodeIntegration, webviewTag, webSecurity };
  });
  expect(preferences).toEqual({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webviewTag: false,
    webSecurity: true,
  });
});

test('the pages come with a policy that allows no script but their own files', async ({
  desktop,
}) => {
  const { page } = desktop;
  const answer = await page.evaluate(async () => {
    const response = await fetch('/projects');
    return {
      status: response.status,
      policy: response.headers.get('content-security-policy') ?? '',
      sniffing: response.headers.get('x-content-type-options'),
    };
  });
  expect(answer.status).toBe(200);
  expect(answer.sniffing).toBe('nosniff');
  expect(answer.policy).toContain("default-src 'none'");
  expect(answer.policy).toContain("script-src 'self';");
  const ran = await page.evaluate(async () => {
    const script = document.createElement('script');
    script.textContent = 'window.inlineScriptRan = true';
    document.head.append(script);
    await new Promise((resolve) => setTimeout(resolve, 100));
    return 'inlineScriptRan' in window;
  });
  expect(ran).toBe(false);
});

test('the scheme answers files, the places of the router and nothing else', async ({ desktop }) => {
  const statuses = await desktop.page.evaluate(async () => {
    const paths = [
      '/library/abc',
      '/assets/none.js',
      '/media/d.none.1',
      '/media/d.none.1?size=huge',
      '/..%2f..%2fpackage.json',
    ];
    const answers = await Promise.all(paths.map((path) => fetch(path)));
    return answers.map(({ status }) => status);
  });
  expect(statuses).toEqual([200, 404, 404, 400, 400]);
});

test('the page asks for a camera alone, and reaches no network', async ({ desktop }) => {
  const { page } = desktop;
  const outcome = await page.evaluate(async () => {
    const name = async (work: Promise<unknown>): Promise<string> =>
      work.then(
        (value) => (typeof value === 'string' ? value : 'granted'),
        (error: unknown) => (error as Error).name,
      );
    return {
      notifications: await name(Notification.requestPermission()),
      place: await new Promise((resolve) => {
        navigator.geolocation.getCurrentPosition(
          () => resolve('granted'),
          ({ code }) => resolve(`code ${code}`),
        );
      }),
      clipboard: await name(navigator.clipboard.readText()),
      network: await name(fetch('https://example.com/')),
    };
  });
  expect(outcome).toEqual({
    notifications: 'denied',
    place: 'code 1',
    clipboard: 'NotAllowedError',
    network: 'TypeError',
  });
});

test('no other address is opened in the window', async ({ desktop }) => {
  const { page } = desktop;
  for (const address of ['https://example.com/', 'file:///etc/hostname', 'karst://other/']) {
    await page.evaluate(async (target) => {
      window.location.href = target;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }, address);
    expect(page.url()).toMatch(/^karst:\/\/studio\//);
  }
  await expect(page.getByRole('main')).toBeVisible();
});

test('window.open opens nothing', async ({ desk }) => {
  const desktop = await desk.launch();
  // Not awaited: the debugger of the old Electron waits for the window that never comes.
  void desktop.page.evaluate(() => void setTimeout(() => window.open('https://example.com/'), 0));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const opened = await desktop.app.evaluate(({ BrowserWindow, webContents }) => ({
    windows: BrowserWindow.getAllWindows().length,
    addresses: webContents.getAllWebContents().map((contents) => contents.getURL()),
  }));
  expect(opened.windows).toBe(1);
  expect(opened.addresses.every((address) => address.startsWith('karst://studio/'))).toBe(true);
  desktop.app.process().kill('SIGKILL');
});
