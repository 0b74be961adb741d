import type { App, Session } from 'electron';
import { ORIGIN } from './scheme.ts';

/** Permissions of the studio's pages. All others are denied. */
const CAMERA = 'media';
/** Writing text to the clipboard after a click, for the copy buttons. Reading is denied. */
const COPY = 'clipboard-sanitized-write';

/** Details of a permission, as available in all Electron versions. */
interface PermissionDetails {
  readonly mediaTypes?: readonly string[];
  readonly mediaType?: string;
  readonly requestingUrl?: string;
  readonly securityOrigin?: string;
}

/** Whether to grant a page's request: only the camera (never the microphone) and copying. */
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

/** Whether a URL belongs to the studio's pages. */
export function isOurs(address: string): boolean {
  return address === ORIGIN || address.startsWith(`${ORIGIN}/`);
}

/** Keeps windows offline: pages load only from the scheme, with few permissions. */
export function guardSession(session: Session): void {
  session.setPermissionRequestHandler((contents, permission, callback, details) => {
    const known: PermissionDetails = details;
    callback(isAllowed(permission, known.requestingUrl ?? contents.getURL(), known));
  });
  session.setPermissionCheckHandler((contents, permission, origin, details) => {
    const known: PermissionDetails = details;
    // For the camera the frame's origin is given separately from the page's.
    const asking = known.securityOrigin ?? (origin || (contents?.getURL() ?? ''));
    return isAllowed(permission, asking, known);
  });
  const remote = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*'];
  session.webRequest.onBeforeRequest({ urls: remote }, (_details, callback) => {
    callback({ cancel: true });
  });
  session.on('will-download', (event, item) => {
    // A page may save files it made (a chart, a table); the native dialog asks where.
    if (!item.getURL().startsWith(`blob:${ORIGIN}/`)) event.preventDefault();
  });
}

/** Prevents navigation, new windows and embedded pages. */
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
