/** What a backbone is good at, with a sentence in each language. */
export const STRENGTHS = [
  'general', // photographs of everyday things
  'small', // the same on a machine without a graphics card
  'detail', // fine differences, textures, parts
  'few', // few images of each class
  'varied', // drawings, products, screenshots as well as photographs
  'species', // plants, animals, fungi
  'tissue', // stained tissue under the microscope
] as const;
export type Strength = (typeof STRENGTHS)[number];

/** A model of the hub that is worth a try. Nothing here was fetched: addresses are from its cards. */
export interface CatalogueEntry {
  /** By which it is asked for. */
  readonly name: string;
  /** Owner and name on the hub. */
  readonly address: string;
  readonly family: string;
  /** Data set's names, which are the same in every language. */
  readonly trainedOn: string;
  readonly strength: Strength;
  /** Of the part that is used. */
  readonly parameters: number;
  /** Side of its input. */
  readonly pixels: number;
  /** About what is downloaded; null where the file holds more than the part that is used. */
  readonly bytes: number | null;
  readonly licence: string;
  /** Whether the licence allows commercial use. */
  readonly commercial: boolean;
  /** Whether its terms have to be accepted on the hub first. */
  readonly gated: boolean;
}

/** Of 32-bit weights and nothing else. */
const weights = (parameters: number): number => parameters * 4;

/** `[name, address, family, trainedOn, strength, parameters, pixels, whole file, licence, …]` */
const entry = (
  [name, family, address]: readonly [string, string, string],
  [trainedOn, strength]: readonly [string, Strength],
  [parameters, pixels]: readonly [number, number],
  licence: string,
  { commercial = true, gated = false, more = false } = {},
): CatalogueEntry => ({
  name,
  address,
  family,
  trainedOn,
  strength,
  parameters,
  pixels,
  bytes: more ? null : weights(parameters),
  licence,
  commercial,
  gated,
});

export const CATALOGUE: readonly CatalogueEntry[] = [
  entry(
    ['vit-small', 'ViT', 'timm/vit_small_patch16_224.augreg_in21k_ft_in1k'],
    ['ImageNet-21k, ImageNet-1k', 'small'],
    [22_050_664, 224],
    'apache-2.0',
  ),
  entry(
    ['vit-base', 'ViT', 'timm/vit_base_patch16_224.augreg2_in21k_ft_in1k'],
    ['ImageNet-21k, ImageNet-1k', 'general'],
    [86_567_656, 224],
    'apache-2.0',
  ),
  entry(
    ['deit3-small', 'DeiT-III', 'timm/deit3_small_patch16_224.fb_in22k_ft_in1k'],
    ['ImageNet-22k, ImageNet-1k', 'small'],
    [22_059_496, 224],
    'apache-2.0',
  ),
  entry(
    ['dinov2-small', 'DINOv2', 'facebook/dinov2-small'],
    ['LVD-142M', 'few'],
    [22_056_576, 224],
    'apache-2.0',
  ),
  entry(
    ['dinov2-base', 'DINOv2', 'facebook/dinov2-with-registers-base'],
    ['LVD-142M', 'few'],
    [86_583_552, 224],
    'apache-2.0',
  ),
  entry(
    ['dinov3-small', 'DINOv3', 'facebook/dinov3-vits16-pretrain-lvd1689m'],
    ['LVD-1689M', 'detail'],
    [21_601_152, 224],
    'dinov3-license',
    { gated: true },
  ),
  entry(
    ['clip-base', 'CLIP', 'timm/vit_base_patch16_clip_224.laion2b'],
    ['LAION-2B', 'varied'],
    [86_193_152, 224],
    'apache-2.0',
  ),
  entry(
    ['siglip-base', 'SigLIP', 'timm/vit_base_patch16_siglip_224.webli'],
    ['WebLI', 'varied'],
    [92_884_224, 224],
    'apache-2.0',
  ),
  entry(
    ['siglip2-base', 'SigLIP 2', 'timm/vit_base_patch16_siglip_224.v2_webli'],
    ['WebLI', 'varied'],
    [92_884_224, 224],
    'apache-2.0',
  ),
  entry(
    ['eva02-small', 'EVA-02', 'timm/eva02_small_patch14_336.mim_in22k_ft_in1k'],
    ['ImageNet-22k, ImageNet-1k', 'detail'],
    [22_129_000, 336],
    'mit',
  ),
  entry(
    ['pe-base', 'PE', 'timm/vit_pe_core_base_patch16_224.fb'],
    ['MetaCLIP (5.4 B)', 'varied'],
    [93_673_984, 224],
    'apache-2.0',
  ),
  entry(
    ['swin-tiny', 'Swin', 'timm/swin_tiny_patch4_window7_224.ms_in22k_ft_in1k'],
    ['ImageNet-22k, ImageNet-1k', 'small'],
    [28_288_354, 224],
    'mit',
  ),
  entry(
    ['bioclip', 'CLIP', 'imageomics/bioclip'],
    ['TreeOfLife-10M', 'species'],
    [86_192_640, 224],
    'mit',
    { more: true },
  ),
  entry(
    ['phikon', 'ViT', 'owkin/phikon'],
    ['TCGA', 'tissue'],
    [85_798_656, 224],
    'owkin-non-commercial',
    { commercial: false },
  ),
];
