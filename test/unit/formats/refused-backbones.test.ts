import { describe, expect, it } from 'vitest';
import { parseModelConfig } from '../../../main/formats/checkpoints/configs/read.ts';
import type { TensorTable } from '../../../main/formats/checkpoints/family.ts';
import { recogniseBackbone } from '../../../main/formats/checkpoints/registry.ts';
import { translateNames } from '../../../main/formats/checkpoints/translate.ts';

const table = (...names: readonly string[]): TensorTable =>
  new Map(names.map((name) => [name, { dtype: 'F32', shape: [4, 4] }]));

describe('a model that is no backbone is named by what it is', () => {
  it.each([
    ['a Swin of the second version', 'layers.0.blocks.0.attn.cpb_mlp.0.weight', 'second version'],
    ['a masked autoencoder', 'decoder_blocks.0.norm1.weight', 'masked autoencoder'],
    ['one of Hugging Face', 'decoder.decoder_embed.weight', 'masked autoencoder'],
    ['a ConvNeXt', 'stages.0.blocks.0.conv_dw.weight', 'ConvNeXt'],
    ['one of Hugging Face', 'convnext.encoder.stages.0.layers.0.dwconv.weight', 'ConvNeXt'],
    ['a ResNet', 'layer4.0.conv1.weight', 'network of convolutions'],
    ['a BEiT', 'blocks.0.attn.relative_position_bias_table', 'BEiT'],
    ['a Perception Encoder of Meta', 'visual.attn_pool.probe', "authors' names"],
    ['a language model', 'model.embed_tokens.weight', 'model for text'],
    ['a text tower', 'text_model.embeddings.token_embedding.weight', 'model for text'],
    ['an adapter', 'base_model.model.blocks.0.attn.qkv.lora_A.weight', 'adapter'],
  ])('%s', (_, name, sentence) => {
    expect(() => translateNames('/a/file', table('other.weight', name))).toThrow(sentence);
    expect(() => translateNames('/a/file', table(name))).toThrow(`tensor ${name}`);
  });

  it('and one of no known kind by its names', () => {
    expect(() => translateNames('/a/file', table('one', 'two', 'three', 'four'))).toThrow(
      'its tensors are called one, two, three and 1 more',
    );
    expect(() => translateNames('/a/file', table())).toThrow('it holds no tensors');
  });

  it('as a SigLIP 2 of the NaFlex kind by its patches', () => {
    const names = translateNames(
      '/a/file',
      table(
        'vision_model.embeddings.patch_embedding.weight',
        'vision_model.embeddings.position_embedding.weight',
        'vision_model.post_layernorm.weight',
      ),
    );
    expect(() => recogniseBackbone('/a/file', names)).toThrow('NaFlex');
  });
});

describe('a configuration of another model', () => {
  it.each([
    [{ model_type: 'siglip2' }, 'NaFlex'],
    [{ model_type: 'swinv2' }, 'second version'],
    [{ model_type: 'convnextv2' }, 'ConvNeXt'],
    [{ model_type: 'llama' }, '"model_type" is "llama", which is no backbone here'],
    [{ model_type: 'vit', hidden_act: 'relu' }, '"hidden_act" is "relu"'],
    [{ model_type: 'vit', num_channels: 1 }, '"num_channels" is 1'],
    [{ model_type: 'vit', patch_size: [16, 14] }, 'must be a square'],
    [{ model_type: 'clip', vision_config: { hidden_act: 'mish' } }, '"vision_config.hidden_act"'],
    [{ model_type: 'vit', id2label: { 0: 'a', 2: 'c' } }, 'none of the id 1'],
    [{ architecture: 'swinv2_tiny_window8_256' }, 'second version'],
    [{ architecture: 'vit_base_patch16_rope_224' }, 'rotary positions of its own kind'],
    [{ architecture: 'vit_pe_core_gigantic_patch14_448' }, 'begin at 0'],
    [{ architecture: 'x', model_args: { act_layer: 'relu' } }, '"act_layer" is "relu"'],
    [{ architecture: 'x', model_args: { norm_layer: 'rmsnorm' } }, '"norm_layer"'],
    [{ architecture: 'x', global_pool: 'avgmax' }, 'global pooling "avgmax"'],
    [{ architecture: 'x', model_args: { use_rot_pos_emb: true, rope_type: 'mixed' } }, 'rotary'],
    [{ model_cfg: { vision_cfg: { attentional_pool: true } } }, '"attentional_pool"'],
    [[], 'it is a list'],
  ])('%j is refused by its key', (json, sentence) => {
    expect(() => parseModelConfig(json, '/a/config.json')).toThrow(sentence);
  });

  it('has its classes in the order of their ids as numbers, and no placeholders', () => {
    const id2label = Object.fromEntries(
      Array.from({ length: 12 }, (_, id) => [String(11 - id), `class ${11 - id}`]),
    );
    const named = parseModelConfig({ model_type: 'vit', id2label }, 'c');
    expect(named.labels).toEqual(Array.from({ length: 12 }, (_, id) => `class ${id}`));
    const bare = { model_type: 'vit', id2label: { 0: 'LABEL_0', 1: 'LABEL_1' } };
    expect(parseModelConfig(bare, 'c').labels).toBeNull();
  });
});
