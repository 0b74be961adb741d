import { useBridge } from '../../bridge/index.ts';
import { useLoad } from '../../composables/use-load.ts';
import { formatDuration } from '../../domain/format.ts';
import { t } from '../../i18n.ts';

/** What an epoch took here on each backbone, as a sentence; empty where none was measured. */
export function useMeasuredEpochs(): (backboneId: string | null) => string {
  const bridge = useBridge();
  const { data } = useLoad(() => bridge.call('backbones.epochs', {}));
  return (backboneId) => {
    const epoch = data.value?.find((one) => one.backboneId === backboneId);
    if (epoch === undefined) return '';
    const { method, images, imageSize, seconds } = epoch;
    return t('sources.epoch', {
      duration: formatDuration(seconds),
      method: t(`training.method.${method}.name`),
      images: t('units.images', { count: images }),
      size: imageSize,
    });
  };
}
