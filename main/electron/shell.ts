import { app, dialog, nativeTheme, session, type BrowserWindow } from 'electron';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunView } from '../../shared/contract/window/runs.ts';
import type { Task } from '../../shared/contract/window/tasks.ts';
import type { EventName, EventPayload } from '../../shared/contract/window/events.ts';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import { packagedNode } from '../platform/node-runtime.mjs';
import { Activity } from './activity.ts';
import { keepAwake } from './awake.ts';
import { WindowBridge } from './bridge.ts';
import { guardSession } from './guard.ts';
import { HostProcess } from './host-process.ts';
import { setMenu } from './menu.ts';
import { endOf, notify } from './notifications.ts';
import { openedFiles } from './opened-files.ts';
import type { Places } from './places.ts';
import { Preferences } from './preferences.ts';
import { askBeforeQuit } from './quit.ts';
import { serveScheme } from './scheme.ts';
import { openDialog, reveal, shellProcedures } from './shell-procedures.ts';
import { loadPage, openWindow } from './window.ts';
import { wordsFor, type Words } from './words.ts';

const INDETERMINATE = 2;
const NO_PROGRESS = -1;

/** The application: one host, at most one window, and their integration with the desktop. */
export class Shell {
  readonly #places: Places;
  readonly #preferences: Preferences;
  readonly #activity = new Activity();
  readonly #host: HostProcess;
  readonly #bridge: WindowBridge;
  #words: Words;
  #window: BrowserWindow | null = null;
  /** `asking` while the dialog is open, `ending` once it is decided. */
  #quitting: 'no' | 'asking' | 'ending' | 'ended' = 'no';
  /** Adapter files opened before the host was ready. */
  #opened: string[] = [];
  #hostReady = false;

  constructor(places: Places) {
    this.#places = places;
    this.#preferences = new Preferences(app.getPath('userData'));
    this.#words = wordsFor('system', app.getLocale());
    this.#host = new HostProcess(
      {
        node: nodeFor(places.root),
        entry: places.hostEntry,
        home: this.#preferences.home,
        env: process.env,
      },
      {
        ready: () => {
          this.#hostReady = true;
          void this.#attempt(this.#greetHost());
        },
        event: (event, payload) => this.#hostEvent(event, payload),
        gone: (reason) => this.#hostGone(reason),
      },
    );
    this.#bridge = new WindowBridge({
      relay: (procedure, input) => this.#host.relay(procedure, input),
      shell: shellProcedures({
        preferences: this.#preferences,
        window: () => this.#window,
        words: () => this.#words,
        restartHost: async () => {
          this.#host.start();
          await this.#host.call('system.status', {});
        },
      }),
    });
  }

  async start(): Promise<void> {
    this.#host.start();
    this.#listen();
    await app.whenReady();
    // The system's locale is known only now.
    this.#words = wordsFor('system', app.getLocale());
    const ours = session.defaultSession;
    guardSession(ours);
    serveScheme(ours, {
      pages: this.#places.pages,
      picture: (media, size) => this.#host.picture(media, size),
    });
    this.#setMenu();
    if (!existsSync(join(this.#places.pages, 'index.html'))) {
      const { pagesMissing, pagesMissingText } = this.#words;
      dialog.showErrorBox(pagesMissing, pagesMissingText(this.#places.pages));
      this.#quitting = 'ending';
      await this.#end(1);
      return;
    }
    this.#takeFiles(openedFiles(process.argv.slice(1), process.cwd()));
    await this.#showWindow();
    // Signals readiness to the launcher (`npm start`).
    process.stdout.write('KARST Studio is open.\n');
  }

  #listen(): void {
    app.on('second-instance', (_event, words, folder) => {
      this.#takeFiles(openedFiles(words.slice(1), folder));
      void this.#attempt(this.#showWindow());
    });
    app.on('open-file', (event, path) => {
      event.preventDefault();
      this.#takeFiles([path]);
    });
    app.on('activate', () => void this.#attempt(this.#showWindow()));
    app.on('before-quit', (event) => {
      if (this.#quitting === 'ended') return;
      event.preventDefault();
      void this.#askToQuit();
    });
    // The window's handler has asked already: closing it must not quit.
    app.on('window-all-closed', () => undefined);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        // Nobody can be asked: suspend runs.
        this.#quitting = 'ending';
        void this.#end(0);
      });
    }
  }

  /** Opens the window, or brings the open one to the front. */
  async #showWindow(): Promise<void> {
    await app.whenReady();
    const open = this.#window;
    if (open !== null) {
      if (open.isMinimized()) open.restore();
      open.show();
      open.focus();
      return;
    }
    const window = openWindow(this.#places, this.#preferences, (error) => this.#tellProblem(error));
    this.#window = window;
    this.#bridge.attach(window.webContents);
    this.#watchPage(window);
    window.on('close', (event) => {
      if (this.#quitting === 'ending' || this.#quitting === 'ended') return;
      event.preventDefault();
      void this.#askToQuit();
    });
    window.on('closed', () => {
      this.#window = null;
      this.#bridge.attach(null);
    });
    this.#showProgress();
    await loadPage(window);
  }

  /** Offers to reload a page whose process has crashed. */
  #watchPage(window: BrowserWindow): void {
    window.webContents.on('render-process-gone', (_event, { reason }) => {
      if (reason === 'clean-exit') return;
      const { pageGone, pageGoneText, reloadWindow, cancel } = this.#words;
      const question = dialog.showMessageBox(window, {
        type: 'error',
        message: pageGone,
        detail: pageGoneText(reason),
        buttons: [reloadWindow, cancel],
        cancelId: 1,
        noLink: true,
      });
      void this.#attempt(
        question.then(async ({ response }) => {
          if (response === 0) await loadPage(window);
        }),
      );
    });
  }

  /** Initialises the shell's state once the host has opened the library. */
  async #greetHost(): Promise<void> {
    const [settings, runs, tasks] = await Promise.all([
      this.#host.call('settings.get', {}),
      this.#host.call('runs.list', {}),
      this.#host.call('tasks.list', {}),
    ]);
    this.#activity.reset(runs, tasks);
    this.#applySettings(settings);
    this.#showProgress();
    this.#takeFiles(this.#opened.splice(0));
  }

  #applySettings(settings: { language: 'system' | 'en' | 'zh-CN'; theme: string }): void {
    this.#words = wordsFor(settings.language, app.getLocale());
    nativeTheme.themeSource = settings.theme as typeof nativeTheme.themeSource;
    this.#setMenu();
  }

  #setMenu(): void {
    setMenu(this.#words, {
      navigate: (place) => void this.#attempt(this.#navigate(place)),
      importAdapter: () => void this.#attempt(this.#chooseAdapter()),
      openData: () => void this.#attempt(reveal(this.#preferences.home)),
      about: () => void this.#attempt(this.#about()),
    });
  }

  async #navigate(place: string): Promise<void> {
    await this.#showWindow();
    this.#bridge.emit('navigate', { to: place }, true);
  }

  async #chooseAdapter(): Promise<void> {
    const filters = [
      { name: this.#words.adapterFile, extensions: ['karst'] },
      { name: this.#words.anyFile, extensions: ['*'] },
    ];
    const chosen = await openDialog({ filters, properties: ['openFile'] }, this.#window);
    if (chosen !== null) this.#takeFiles(chosen);
  }

  async #about(): Promise<void> {
    const { about, aboutText, ok } = this.#words;
    const options = { message: about, detail: aboutText(app.getVersion()), buttons: [ok] };
    const parent = this.#window;
    await (parent === null
      ? dialog.showMessageBox(options)
      : dialog.showMessageBox(parent, options));
  }

  /** Imports adapter files opened with the application, and shows the library. */
  #takeFiles(paths: readonly string[]): void {
    if (paths.length === 0) return;
    if (!this.#hostReady) {
      this.#opened.push(...paths);
      return;
    }
    const imports = paths.map((path) => this.#host.call('adapters.import', { path, name: null }));
    void this.#attempt(Promise.all(imports).then(() => this.#navigate('/library')));
  }

  #hostEvent(event: string, payload: unknown): void {
    switch (event as EventName) {
      case 'run':
        this.#runChanged(payload as RunView);
        break;
      case 'runProgress': {
        const { runId, progress } = payload as EventPayload<'runProgress'>;
        this.#activity.tookProgress(runId, progress);
        break;
      }
      case 'task':
        this.#activity.tookTask(payload as Task);
        break;
      case 'library':
        if ((payload as EventPayload<'library'>).part === 'settings') {
          const settings = this.#host.call('settings.get', {});
          void this.#attempt(settings.then((now) => this.#applySettings(now)));
        }
        break;
      default:
    }
    this.#bridge.relayEvent(event, payload);
    this.#showProgress();
    this.#endWhenAlone();
  }

  #runChanged(run: RunView): void {
    const before = this.#activity.tookRun(run);
    const end = endOf(run, before, this.#words);
    if (end === null) return;
    notify(end, () => void this.#attempt(this.#navigate(`/runs/${run.id}`)));
    if (this.#window?.isFocused() === false) this.#window.flashFrame(true);
  }

  #hostGone(reason: string): void {
    this.#hostReady = false;
    this.#activity.clear();
    this.#showProgress();
    this.#bridge.emit('hostGone', { reason }, true);
  }

  #showProgress(): void {
    keepAwake(this.#activity.goingRuns.some((run) => run.state === 'running'));
    const window = this.#window;
    if (window === null || window.isDestroyed()) return;
    const { share } = this.#activity;
    window.setProgressBar(
      share === null ? NO_PROGRESS : share === 'unknown' ? INDETERMINATE : share,
    );
  }

  /** Without a window the application quits when its work is done. */
  #endWhenAlone(): void {
    if (this.#window !== null || this.#quitting !== 'no' || !this.#activity.idle) return;
    if (process.platform === 'darwin') return;
    this.#quitting = 'ending';
    void this.#end(0);
  }

  async #askToQuit(): Promise<void> {
    if (this.#quitting !== 'no') return;
    this.#quitting = 'asking';
    const choice = await askBeforeQuit(this.#activity, this.#words, this.#window);
    if (choice === 'quit') {
      this.#quitting = 'ending';
      await this.#end(0);
      return;
    }
    this.#quitting = 'no';
    if (choice === 'go-on') {
      this.#window?.destroy();
      this.#endWhenAlone();
    }
  }

  /**
   * Shuts down the host, then the application. The window closes first, as its calls no longer
   * work.
   */
  async #end(code: number): Promise<void> {
    this.#window?.hide();
    await this.#host.close();
    this.#quitting = 'ended';
    this.#window?.destroy();
    app.exit(code);
  }

  /** Shows an error in the page that is not the answer to a call. */
  async #attempt(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#tellProblem(error);
    }
  }

  #tellProblem(error: unknown): void {
    this.#bridge.emit('notice', { level: 'error', error: toErrorReport(error) }, true);
  }
}

/**
 * The Node for the host: the bundled one, or the one that started the application. Never
 * Electron's, which is another version and not a plain Node.
 */
function nodeFor(root: string): string {
  const node = packagedNode(root) ?? process.env['KARST_NODE'];
  if (node !== undefined) return node;
  throw new KarstError('not-available', `No Node came with KARST Studio in ${root}.`, {
    hint: 'Install it again, or start it with `npm start`.',
  });
}
