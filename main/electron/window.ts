import { app, BrowserWindow, nativeTheme, screen } from 'electron';
import type { Places } from './places.ts';
import type { Preferences } from './preferences.ts';
import { ORIGIN } from './scheme.ts';
import { fitToDisplays, SMALLEST } from './window-state.ts';

/** The pages' background, so that a window does not flash while loading. */
const GROUND = { light: '#f6f6f4', dark: '#151516' };

/** Debounce of saving position and size, in milliseconds. */
const REST_MS = 500;

/**
 * Opens the studio's window at its last position. Its page can access only the preload's channel.
 */
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
      // Dictionaries would be downloaded.
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

/** Loads the studio's page. A window closed or navigated meanwhile is not a failure. */
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
    // The restored size, not the maximised one.
    const { x, y, width, height } = window.getNormalBounds();
    try {
      preferences.window = { place: { x, y }, width, height, maximised: window.isMaximized() };
    } catch (error) {
      onProblem(error);
    }
  };
  const later = (): void => {
    // A hidden window is closing and has no position.
    if (!window.isVisible()) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(write, REST_MS);
  };
  window.on('resize', later);
  window.on('move', later);
  window.on('maximize', later);
  window.on('unmaximize', later);
  window.on('close', write);
  // Quitting does not close the window first.
  app.on('before-quit', write);
  window.on('closed', () => {
    if (timer !== null) clearTimeout(timer);
    app.off('before-quit', write);
  });
}
