import { expect, test, type Desktop } from './fixtures/desktop.ts';

test('the window shows the studio', async ({ desktop }) => {
  const { page } = desktop;
  await expect(page).toHaveTitle(/KARST Studio/);
  expect(page.url()).toMatch(/^karst:\/\/studio\//);
  await expect(page.getByRole('main')).toBeVisible();
  await expect(page.getByRole('navigation').first()).toBeVisible();
  const status = await desktop.call('system.status', {});
  expect(status.home).toBe(desktop.bed.home);
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
    const refused = new Promise<string>((resolve) =>
      document.addEventListener('securitypolicyviolation', (event) =>
        resolve(event.effectiveDirective),
      ),
    );
    document.head.append(script);
    // An allowed inline script would run before `append` returns.
    return 'inlineScriptRan' in window ? 'ran' : refused;
  });
  expect(ran).toMatch(/^script-src/);
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

/**
 * Records in the main process which addresses the page tries to navigate to or open, and whether
 * that was prevented.
 */
async function noteRefusals({ app }: Desktop): Promise<() => Promise<readonly string[]>> {
  await app.evaluate(({ BrowserWindow }) => {
    const noted: string[] = [];
    Object.assign(globalThis, { notedRefusals: noted });
    const contents = BrowserWindow.getAllWindows()[0]!.webContents as unknown as {
      on(
        event: string,
        listener: (event: { defaultPrevented: boolean }, address: string) => void,
      ): void;
    };
    // Registered after the guard's listeners. Old Electrons emit `new-window`; new ones use a
    // handler instead.
    for (const name of ['will-navigate', 'new-window'])
      contents.on(name, ({ defaultPrevented }, address) =>
        noted.push(`${defaultPrevented ? 'prevented' : 'allowed'} ${address}`),
      );
  });
  return () =>
    app.evaluate(() => (globalThis as unknown as { notedRefusals: string[] }).notedRefusals);
}

test('no other address is opened in the window', async ({ desktop }) => {
  const { page } = desktop;
  const refusals = await noteRefusals(desktop);
  const go = (address: string) =>
    page.evaluate((target) => {
      window.location.href = target;
    }, address);
  const addresses = ['https://example.com/', 'karst://other/'];
  for (const [index, address] of addresses.entries()) {
    await go(address);
    await expect.poll(async () => (await refusals())[index]).toBe(`prevented ${address}`);
    expect(page.url()).toMatch(/^karst:\/\/studio\//);
  }
  // Web pages may not even request file URLs.
  const refused = page.waitForEvent('console', (message) =>
    message.text().includes('Not allowed to load local resource'),
  );
  await go('file:///etc/hostname');
  await refused;
  expect(page.url()).toMatch(/^karst:\/\/studio\//);
  expect(await refusals()).toHaveLength(addresses.length);
  await expect(page.getByRole('main')).toBeVisible();
});

test('window.open opens nothing', async ({ bed }) => {
  const desktop = await bed.launch();
  const refusals = await noteRefusals(desktop);
  // With the old Electron, `evaluate` never returns because the debugger waits for the window; the
  // refusal is visible only as the event.
  let answer: string | null = null;
  void desktop.page
    .evaluate(() => (window.open('https://example.com/') === null ? 'prevented' : 'allowed'))
    .then(
      (said) => (answer = `${said} https://example.com/`),
      (error: unknown) => (answer ??= String(error)),
    );
  await expect
    .poll(async () => (await refusals())[0] ?? answer)
    .toBe('prevented https://example.com/');
  const opened = await desktop.app.evaluate(({ BrowserWindow, webContents }) => ({
    windows: BrowserWindow.getAllWindows().length,
    addresses: webContents.getAllWebContents().map((contents) => contents.getURL()),
  }));
  expect(opened.windows).toBe(1);
  expect(opened.addresses.every((address) => address.startsWith('karst://studio/'))).toBe(true);
  desktop.app.process().kill('SIGKILL');
});
