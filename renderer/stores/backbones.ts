import type { Architecture } from '../../shared/models/registry.ts';
import { defineStore } from 'pinia';
import type { BackboneDetail } from '../../shared/contract/window/backbones.ts';
import { useBridge } from '../bridge/index.ts';
import { useLibraryList } from './library-list.ts';

/** A backbone's details with a top-level id, as lists need it. */
export type BackboneItem = BackboneDetail & { readonly id: string };

export const useBackbones = defineStore('backbones', () => {
  const bridge = useBridge();
  const list = useLibraryList<BackboneItem>('backbones', async () => {
    const details = await bridge.call('backbones.list', {});
    return details.map((detail) => ({ id: detail.backbone.id, ...detail }));
  });

  /** Side of a backbone's own input in pixels; null when it is not in the list. */
  function imageSizeOf(id: string | null): number | null {
    return list.byId.value.get(id ?? '')?.backbone.preprocessing.imageSize ?? null;
  }

  /** Null when it is not in the list. */
  function familyOf(id: string | null): Architecture['family'] | null {
    return list.byId.value.get(id ?? '')?.backbone.architecture.family ?? null;
  }

  return { ...list, imageSizeOf, familyOf };
});
