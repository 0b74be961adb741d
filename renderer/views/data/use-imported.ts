import { useRouter } from 'vue-router';
import { useBridge } from '../../bridge/index.ts';
import { t } from '../../i18n.ts';
import { useToasts } from '../../stores/toasts.ts';

/** Reports an import's result: images and classes, with a link to what was found or skipped. */
export function useImported(): (datasetId: string) => Promise<void> {
  const bridge = useBridge();
  const router = useRouter();
  const toasts = useToasts();
  return async (id) => {
    const { name, classes, counts } = await bridge.call('datasets.get', { id });
    const { total, notes } = await bridge.call('datasets.problems', { id, offset: 0, limit: 0 });
    const text = t('data.importDialog.made', {
      name,
      images: t('units.images', { count: counts.train + counts.val + counts.test }),
      classes: t('units.classes', { count: classes.length }),
    });
    const label =
      total > notes
        ? t('data.importDialog.problems', { count: total - notes })
        : t('data.importDialog.skipped', { count: notes });
    const run = (): void => {
      void router.push({ path: `/data/${id}`, query: { tab: 'problems' } });
    };
    toasts.say(text, { tone: 'done', ...(total === 0 ? {} : { action: { label, run } }) });
  };
}
