import type { MatmulPrecision } from '../../../shared/domain/training.ts';
import { modelSpec, type Architecture } from '../../../shared/models/registry.ts';
import type { Dim } from '../../graph/dim.ts';
import * as g from '../../graph/operations.ts';
import type { Program } from '../../graph/program.ts';
import { GraphError } from '../../graph/graph-error.ts';
import { plainBuild, type Weights } from '../../networks/build.ts';
import { networkOf } from '../../networks/registry.ts';

/** The function `features`: images → class-token features (batch, width) of a frozen backbone. */
export function featureProgram(
  architecture: Architecture,
  batchSize: Dim,
  matmulPrecision: MatmulPrecision = 'highest',
): Program {
  const frozen = modelSpec(architecture).tensors.map(({ name, shape }) => g.variable(name, shape));
  const byName = new Map(frozen.map((v) => [v.attributes.name, v]));
  const weights: Weights = (name) => {
    const found = byName.get(name);
    if (found === undefined) throw new GraphError(`the backbone has no tensor "${name}"`);
    return found;
  };
  const { imageSize, layerNormEpsilon } = architecture;
  const images = g.input('images', [batchSize, 3, imageSize, imageSize]);
  const hasBias = (module: string): boolean => byName.has(`${module}.bias`);
  const build = plainBuild(weights, { hasBias, layerNormEpsilon });
  const features = networkOf(architecture).features(images, architecture, build);
  return {
    variables: frozen,
    functions: {
      features: { inputs: [images], outputs: { features }, updates: [], matmulPrecision },
    },
  };
}
