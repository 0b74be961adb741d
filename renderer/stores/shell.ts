import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { ShellInfo } from '../../shared/contract/window/shell.ts';
import type { Status } from '../../shared/contract/window/system.ts';
import { useBridge } from '../bridge/index.ts';

/** The window's environment: shell, connection state, the host's status. */
export const useShell = defineStore('shell', () => {
  const bridge = useBridge();
  const info = shallowRef<ShellInfo | null>(null);
  const status = shallowRef<Status | null>(null);
  const connection = ref(bridge.connection);
  /** Why the host exited; null while it runs. */
  const gone = ref<string | null>(null);

  async function loadInfo(): Promise<ShellInfo> {
    info.value ??= await bridge.call('shell.info', {});
    return info.value;
  }

  async function loadStatus(): Promise<Status> {
    status.value = await bridge.call('system.status', {});
    return status.value;
  }

  async function restart(): Promise<void> {
    await bridge.call('shell.restart', {});
    gone.value = null;
  }

  async function reveal(path: string): Promise<void> {
    await bridge.call('shell.reveal', { path });
  }

  bridge.onConnection((state) => {
    connection.value = state;
    if (state === 'open') gone.value = null;
  });
  bridge.on('hostGone', ({ reason }) => {
    gone.value = reason;
  });

  return { info, status, connection, gone, loadInfo, loadStatus, restart, reveal };
});
