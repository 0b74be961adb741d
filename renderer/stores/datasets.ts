import { defineStore } from 'pinia';
import { useBridge } from '../bridge/index.ts';
import { useLibraryList } from './library-list.ts';

export const useDatasets = defineStore('datasets', () => {
  const bridge = useBridge();
  return useLibraryList('datasets', () => bridge.call('datasets.list', {}));
});
