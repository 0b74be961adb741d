import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { CHANNEL } from '../../shared/contract/shell/channel.ts';

/**
 * All that the page can reach: messages on one channel, and where a dropped file lies. What the messages may be
 * is checked on the other side.
 */
contextBridge.exposeInMainWorld('karst', {
  send(message: unknown): void {
    ipcRenderer.send(CHANNEL, message);
  },
  onMessage(listener: (message: unknown) => void): void {
    ipcRenderer.on(CHANNEL, (_event, message: unknown) => {
      listener(message);
    });
  },
  /** Empty for a file that has no place on the disk. */
  pathOf(file: File): string {
    return webUtils.getPathForFile(file);
  },
});
