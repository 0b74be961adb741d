import { ref, type Ref } from 'vue';
import { useBridge } from '../../bridge/index.ts';
import { t } from '../../i18n.ts';
import { useToasts } from '../../stores/toasts.ts';

export interface FolderDrop {
  /** Something is held over the place. */
  readonly dragging: Readonly<Ref<boolean>>;
  /** For `v-on` of the place. */
  readonly listeners: Readonly<Record<string, (event: DragEvent) => void>>;
}

/** Takes a folder or file that is dropped, by its path. A browser does not know paths: it is told what to do instead. */
export function useFolderDrop(take: (path: string) => void): FolderDrop {
  const bridge = useBridge();
  const toasts = useToasts();
  const dragging = ref(false);

  function dropped(event: DragEvent): void {
    dragging.value = false;
    const file = event.dataTransfer?.files[0];
    if (file === undefined) return;
    event.preventDefault();
    const path = bridge.pathOf(file);
    if (path === null) toasts.say(t('data.dropBrowser'), { tone: 'warning' });
    else take(path);
  }

  return {
    dragging,
    listeners: {
      dragover: (event) => {
        if (event.dataTransfer?.types.includes('Files') !== true) return;
        event.preventDefault();
        dragging.value = true;
      },
      dragleave: (event) => {
        // Between two elements of the place it is not left.
        const { currentTarget, relatedTarget } = event;
        const inside =
          currentTarget instanceof Node &&
          relatedTarget instanceof Node &&
          currentTarget.contains(relatedTarget);
        if (!inside) dragging.value = false;
      },
      drop: dropped,
    },
  };
}
