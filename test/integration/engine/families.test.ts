import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAllFloat32 } from '../../../main/formats/safetensors.ts';
import { perform } from '../../fixtures/engine/in-process.ts';
import {
  CLASSES,
  configured,
  TestBed,
  weightsFile,
  writeManifest,
} from '../../fixtures/engine/test-bed.ts';
import { MODELS } from '../../fixtures/models.ts';
import { familyOf, type Architecture } from '../../../shared/models/registry.ts';

/** Those whose features are not as many as the width that their architecture names. */
const OTHER_WIDTHS = MODELS.filter(
  ({ architecture }) => familyOf(architecture).width(architecture) !== architecture.width,
);

describe('a network whose head reads another number of features than its width', () => {
  it('is a pool that joins two, and stages', () => {
    expect(OTHER_WIDTHS.map(({ title }) => title)).toEqual(
      expect.arrayContaining(['DeiT, distilled', 'DINOv3', 'Swin']),
    );
  });

  it.each(OTHER_WIDTHS)('is trained, evaluated and exported: $title', async ({ architecture }) => {
    await useThroughout(architecture);
  });
});

async function useThroughout(architecture: Architecture): Promise<void> {
  const testBed = await TestBed.open(architecture);
  const { backbone, cacheDir, folder } = testBed;
  try {
    const images = await testBed.images({ train: 6, val: 3 });
    const job = await testBed.run(images, configured({ schedule: { epochs: 1, warmupEpochs: 0 } }));
    await perform(job, { cacheDir });
    const weights = await readAllFloat32(weightsFile(job));
    const width = familyOf(architecture).width(architecture);
    expect(weights.get('head.weight')).toHaveLength(CLASSES.length * width);

    const manifest = join(folder, 'manifest.jsonl');
    await writeManifest(manifest, images);
    const common = { adapterDir: job.adapterDir, backbone, manifest } as const;
    const evaluated = await perform({ kind: 'evaluate', ...common, batchSize: 3 }, { cacheDir });
    expect(evaluated.result).toMatchObject({ kind: 'evaluate' });
    // timm has no class that joins the class token and the mean; ONNX holds every network.
    const target = { format: 'onnx', options: { precision: 'float32' } } as const;
    const provenance = { acceptLoss: false, manifestSha256: null, licence: null } as const;
    const out = join(folder, 'merged');
    const merged = await perform(
      { kind: 'merge', ...common, target, ...provenance, out, verifyImages: 9 },
      { cacheDir },
    );
    expect(merged.result).toMatchObject({ verification: { images: 9, top1Agreement: 1 } });
  } finally {
    await testBed.remove();
  }
}
