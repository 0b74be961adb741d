import { defineStore } from 'pinia';
import type { Binned } from '../../shared/contract/window/adapters.ts';
import { useBridge } from '../bridge/index.ts';
import { useLibraryList } from './library-list.ts';

/** Removed runs, adapters and datasets that can be restored. */
export const useBin = defineStore('bin', () => {
  const bridge = useBridge();
  return useLibraryList<Binned>('bin', () => bridge.call('bin.list', {}));
});
