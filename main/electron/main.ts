import { app, dialog } from 'electron';
import { guardPages } from './guard.ts';
import { findPlaces } from './places.ts';
import { registerScheme } from './scheme.ts';
import { Shell } from './shell.ts';

/**
 * The desktop shell: window, dialogs, menu, and the host as a child process. Nothing heavy runs here.
 */

// Chromium's background services need a network, and the studio does not.
for (const name of [
  'disable-background-networking',
  'disable-component-update',
  'disable-domain-reliability',
]) {
  app.commandLine.appendSwitch(name);
}

registerScheme();
guardPages(app);

if (app.requestSingleInstanceLock()) {
  const shell = new Shell(findPlaces());
  shell.start().catch((error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    dialog.showErrorBox('KARST Studio', text);
    app.exit(1);
  });
} else {
  // The running instance gets this command line and comes to the front.
  app.exit(0);
}
