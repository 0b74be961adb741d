/** The one channel of Electron's IPC. By itself, because the preload script holds no more than it needs. */
export const CHANNEL = 'karst';
