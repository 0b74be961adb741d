import { app, BrowserWindow, nativeTheme, screen } from 'electron';
import type { Places } from './places.ts';
import type { Preferences } from './preferences.ts';
import { ORIGIN } from './scheme.ts';
import { fitToDisplays, SMALLEST } from './window-state.ts';

/** What the pages have as ground, so that a window does not flash while it loads. */
const GROUND = { light: '#f6f6f4', dark: '#151516' };

/** How long moving and resizing must rest before the place is written down. */
const REST_MS = 500;

/** Opens the studio's window where it was the last time. Its page can reach nothing but the preload's channel. */
export function openWindow(
  places: Places,
  preferences: Preferences,
  onProblem: (error: unknown) => void,
): BrowserWindow {
  const areas = screen.getAllDisplays().map((display) => display.workArea);
  const state = fitToDisplays(preferences.window, areas);
  const window = new BrowserWindow({
    ...(state.place ?? {}),
    width: state.width,
    height: state.height,
    minWidth: SMALLEST.width,
    minHeight: SMALLEST.height,
    show: false,
    title: 'KARST Studio',
    icon: places.icon,
    backgroundColor: nativeTheme.shouldUseDarkColors ? GROUND.dark : GROUND.light,
    webPreferences: {
      preload: places.preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      navigateOnDragDrop: false,
      // Its dictionaries would come from the network.
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => {
    if (state.maximised) window.maximize();
    window.show();
  });
  keepPlace(window, preferences, onProblem);
  return window;
}

/** Loads the studio's page. A window that is closed meanwhile, or already goes elsewhere, is no failure. */
export async function loadPage(window: BrowserWindow): Promise<void> {
  try {
    await window.loadURL(`${ORIGIN}/`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (!window.isDestroyed() && code !== 'ERR_ABORTED') throw error;
  }
}

function keepPlace(
  window: BrowserWindow,
  preferences: Preferences,
  onProblem: (error: unknown) => void,
): void {
  let timer: NodeJS.Timeout | null = null;
  const write = (): void => {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    // The size it goes back to, not that of the whole display.
    const { x, y, width, height } = window.getNormalBounds();
    try {
      preferences.window = { place: { x, y }, width, height, maximised: window.isMaximized() };
    } catch (error) {
      onProblem(error);
    }
  };
  const later = (): void => {
    // A hidden window has no place: it is on its way out.
    if (!window.isVisible()) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(write, REST_MS);
  };
  window.on('resize', later);
  window.on('move', later);
  window.on('maximize', later);
  window.on('unmaximize', later);
  window.on('close', write);
  // Whoever quits closes no window first.
  app.on('before-quit', write);
  window.on('closed', () => {
    if (timer !== null) clearTimeout(timer);
    app.off('before-quit', write);
  });
}
