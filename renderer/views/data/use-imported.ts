import { useRouter } from 'vue-router';
import { useBridge } from '../../bridge/index.ts';
import { formatCount } from '../../domain/format.ts';
import { t } from '../../i18n.ts';
import { useToasts } from '../../stores/toasts.ts';

/** Limit of names in a notification. */
const SHOWN = 5;

/**
 * Reports an import's result: classes, images per split, skipped files. Resolves to the number of
 * skipped ones among the first thousand problems.
 */
export function useImported(): (datasetId: string) => Promise<number> {
  const bridge = useBridge();
  const router = useRouter();
  const toasts = useToasts();
  return async (id) => {
    const { name, classes, counts } = await bridge.call('datasets.get', { id });
    const { problems } = await bridge.call('datasets.problems', { id, offset: 0, limit: 1000 });
    const aside = problems.filter(({ kind }) => kind === 'ignored').map(({ path }) => path);
    const made = t('data.importDialog.made', {
      name,
      classes: formatCount(classes.length),
      train: formatCount(counts.train),
      val: formatCount(counts.val),
      test: formatCount(counts.test),
    });
    const names = aside.slice(0, SHOWN).map((path) => path.split(/[/\\]/).at(-1) ?? path);
    const files = names.join(', ') + (aside.length > SHOWN ? ', …' : '');
    toasts.say(aside.length === 0 ? made : `${made} ${t('data.importDialog.aside', { files })}`, {
      tone: 'done',
      ...(aside.length === 0
        ? {}
        : {
            action: {
              label: t('data.importDialog.toProblems'),
              run: () => void router.push({ path: `/data/${id}`, query: { tab: 'problems' } }),
            },
          }),
    });
    return aside.length;
  };
}
