import { defineStore } from 'pinia';
import type { BackboneDetail } from '../../shared/contract/window/backbones.ts';
import { traitsOf, type BackboneTraits } from '../../shared/training/method-defaults.ts';
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

  /** What defaults depend on; null when the backbone is not in the list. */
  function traitsOfId(id: string | null): BackboneTraits | null {
    const item = list.byId.value.get(id ?? '');
    return item === undefined ? null : traitsOf(item.backbone.architecture);
  }

  return { ...list, traitsOf: traitsOfId };
});
