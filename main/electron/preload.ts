import { contextBridge, ipcRenderer, webUtils } from 'electron';
import { CHANNEL } from '../../shared/contract/shell/channel.ts';

/**
 * All that the page can access: messages on one channel, and paths of dropped files. Messages are
 * validated on the other side.
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
  /** Empty for a file that is not on disk. */
  pathOf(file: File): string {
    return webUtils.getPathForFile(file);
  },
});
