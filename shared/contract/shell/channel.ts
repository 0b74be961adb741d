/** The channel of Electron's IPC. A separate module, to keep the preload script minimal. */
export const CHANNEL = 'karst';
