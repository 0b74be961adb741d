import type { App, Session } from 'electron';
import { ORIGIN } from './scheme.ts';

/** What a page of the studio may ask the platform for. All else is refused without asking anyone. */
const CAMERA = 'media';
/** Plain text into the clipboard after a click, for the copy buttons. Reading the clipboard is refused. */
const COPY = 'clipboard-sanitized-write';

/** Details of a permission, as far as any Electron gives them. */
interface PermissionDetails {
  readonly mediaTypes?: readonly string[];
  readonly mediaType?: string;
  readonly requestingUrl?: string;
  readonly securityOrigin?: string;
}

/** Whether a page may have what it asks for: the camera (never the microphone), and to copy. */
export function isAllowed(
  permission: string,
  origin: string,
  details: PermissionDetails = {},
): boolean {
  if (!isOurs(origin)) return false;
  if (permission === COPY) return true;
  if (permission !== CAMERA) return false;
  const types = details.mediaTypes ?? (details.mediaType === undefined ? [] : [details.mediaType]);
  return types.length > 0 && types.every((type) => type === 'video');
}

/** Whether an address belongs to the studio's own pages. */
export function isOurs(address: string): boolean {
  return address === ORIGIN || address.startsWith(`${ORIGIN}/`);
}

/** Nothing leaves the machine through a window: its pages load from the scheme alone, and ask for little. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, callback, details) => {
    const known: PermissionDetails = details;
    callback(isAllowed(permission, known.requestingUrl ?? contents.getURL(), known));
  });
  session.setPermissionCheckHandler((contents, permission, origin, details) => {
    const known: PermissionDetails = details;
    // For the camera the origin of the frame is told apart from that of the page.
    const asking = known.securityOrigin ?? (origin || (contents?.getURL() ?? ''));
    return isAllowed(permission, asking, known);
  });
  const remote = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'];
  session.webRequest.onBeforeRequest({ urls: remote }, (_details, callback) => {
    callback({ cancel: true });
  });
  session.on('will-download', (event, item) => {
    // A page saves what it made itself (a chart, a table); where to is asked by the platform's dialog.
    if (!item.getURL().startsWith(`blob:${ORIGIN}/`)) event.preventDefault();
  });
}

/** Keeps every page where it is: no other address, no second window, no embedded one. */
export function guardPages(app: App): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event, address) => {
      if (!isOurs(address)) event.preventDefault();
    });
    contents.on('will-redirect', (event) => {
      event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => {
      event.preventDefault();
    });
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}
