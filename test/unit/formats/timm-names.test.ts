import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import {
  otherModel,
  registeredModel,
} from '../../../main/formats/checkpoints/configs/timm-names.ts';

interface Built {
  readonly kind: string;
  readonly width: number;
  readonly heads: number | readonly number[];
  readonly eps: number;
  readonly act: string;
  readonly pool: string;
  readonly rope: boolean;
  readonly attn_pool_num_heads?: number;
  readonly rope_temperature?: number;
  readonly ref_feat_shape?: readonly number[];
  readonly window_size?: number;
}

/** What timm builds by every name of its ViT, DeiT, Eva and Swin; made by timm_names.py. */
const BUILT = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../fixtures/backbones/timm-names.json'), 'utf8'),
) as Readonly<Record<string, Built>>;
const KNOWN = Object.entries(BUILT).filter(
  ([name]) => otherModel(name) === null && registeredModel(name) !== null,
);
const ACTIVATIONS: Readonly<Record<string, string>> = {
  gelu_tanh: 'gelu-tanh',
  quick_gelu: 'quick-gelu',
};
const POOLS: Readonly<Record<string, string>> = { token: 'class', avg: 'mean', map: 'attention' };

describe("timm's registered names", () => {
  it('are known for the families that are backbones here', () => {
    const known = new Set(KNOWN.map(([name]) => name));
    for (const name of [
      ...['vit_base_patch16_224', 'vit_small_patch8_224', 'vit_huge_patch14_224'],
      ...['deit_tiny_distilled_patch16_224', 'deit3_large_patch16_384'],
      ...['vit_giant_patch14_reg4_dinov2', 'vit_7b_patch16_dinov3', 'eva02_base_patch14_448'],
      ...['vit_so400m_patch16_siglip_gap_256', 'vit_large_patch14_clip_quickgelu_224'],
      ...['vit_pe_core_small_patch16_384', 'vit_pe_spatial_base_patch16_512'],
      ...['swin_base_patch4_window12_384', 'vit_base_patch14_reg1_tipsv2'],
    ])
      expect(known.has(name), name).toBe(true);
    expect(known.size).toBeGreaterThan(150);
  });

  it.each(KNOWN)('%s says what timm builds', (name, built) => {
    const { module, args } = registeredModel(name)!;
    expect(args.embed_dim).toBe(built.width);
    expect(module).toBe(built.kind);
    const { said } = parseModelConfig({ architecture: name }, 'config.json');
    expect(said.heads).toEqual(built.heads);
    const activation = ACTIVATIONS[built.act] ?? built.act;
    // A gate shows in the weights, and its activation is SiLU.
    if (said.activation !== undefined || activation !== 'gelu')
      expect(said.activation).toBe(activation);
    expect(said.layerNormEpsilon ?? 1e-6).toBe(built.eps);
    // Whether there is a class token or a pool to attend with shows in the weights.
    if (said.pool !== undefined) expect(said.pool).toBe(POOLS[built.pool]);
    expect(said.rope !== undefined && said.rope !== 'none').toBe(built.rope);
    if (built.ref_feat_shape !== undefined)
      expect(said.ropeReference).toBe(built.ref_feat_shape[0]);
    if (built.rope_temperature !== undefined) expect(said.ropeTheta).toBe(built.rope_temperature);
    expect(said.poolHeads).toBe(said.pool === 'attention' ? built.attn_pool_num_heads : undefined);
    if (built.window_size !== undefined) expect(args.window_size).toBe(built.window_size);
  });
});
