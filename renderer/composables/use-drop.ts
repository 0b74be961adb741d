import { ref, type Ref } from 'vue';

export interface Drop {
  /** A drag is over the area. */
  readonly dragging: Readonly<Ref<boolean>>;
  /** For `v-on` of the area. */
  readonly listeners: Readonly<Record<string, (event: DragEvent) => void>>;
}

/** A drop area for files. */
export function useDrop(take: (files: readonly File[]) => void): Drop {
  const dragging = ref(false);
  return {
    dragging,
    listeners: {
      dragover: (event) => {
        if (event.dataTransfer?.types.includes('Files') !== true) return;
        event.preventDefault();
        dragging.value = true;
      },
      dragleave: (event) => {
        // Moving between elements inside the area is not leaving it.
        const { currentTarget, relatedTarget } = event;
        const inside =
          currentTarget instanceof Node &&
          relatedTarget instanceof Node &&
          currentTarget.contains(relatedTarget);
        if (!inside) dragging.value = false;
      },
      drop: (event) => {
        dragging.value = false;
        const files = [...(event.dataTransfer?.files ?? [])];
        if (files.length === 0) return;
        event.preventDefault();
        take(files);
      },
    },
  };
}
