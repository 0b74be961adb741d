import { join } from 'node:path';
import { cacheFolder } from '../../main/platform/cache-folder.mjs';
import { xlaCacheFlag } from '../../main/platform/engine-environment.mjs';
import { ISAS, KERNELS_VARIABLE, processorIsas, type Isa } from '../../main/platform/kernels.mjs';

/** Names of an instruction set in the libraries that choose their code by the processor. */
interface LibraryNames {
  /** `XLA_FLAGS`. YNNPACK goes by the processor alone, and is left out where it has more. */
  readonly xla: string;
  /** `OPENBLAS_CORETYPE`: a processor whose best instruction set this is. */
  readonly openblas: string;
  /** `ATEN_CPU_CAPABILITY` of PyTorch's own operations. */
  readonly aten: string;
  /** `ONEDNN_MAX_CPU_ISA`. */
  readonly onednn: string;
  /** `MKL_ENABLE_INSTRUCTIONS`. */
  readonly mkl: string;
}

/** AMX is not among them: nothing is above it that a run could be held from. */
const HELD: Readonly<Partial<Record<Isa, LibraryNames>>> = {
  avx512: {
    ...{ xla: '--xla_cpu_max_isa=AVX512', openblas: 'SkylakeX', aten: 'avx512' },
    ...{ onednn: 'AVX512_CORE_VNNI', mkl: 'AVX512' },
  },
  avx2: {
    xla: '--xla_cpu_max_isa=AVX2 --xla_cpu_experimental_ynn_fusion_type=',
    ...{ openblas: 'Haswell', aten: 'avx2', onednn: 'AVX2', mkl: 'AVX2' },
  },
};

/** Title of an instruction set, as in tables; null where our kernels know none of the processor's. */
export function isaTitle(isa: Isa | null): string | null {
  return ISAS.find(({ name }) => name === isa)?.title ?? null;
}

/**
 * Environment variables that hold ours and the peers to an instruction set, for all processes that
 * the bench starts. Each library reads them once, when it is loaded.
 *
 * @param named value of `--isa`
 * @param isas instruction sets of this processor, best first
 * @throws if the bench cannot be held to it, or this processor lacks it
 */
export function heldTo(
  named: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
  isas: readonly Isa[] = processorIsas(),
): { readonly isa: Isa; readonly variables: Readonly<Record<string, string>> } {
  const isa = ISAS.find(({ name }) => name === named)?.name;
  const names = isa === undefined ? undefined : HELD[isa];
  if (isa === undefined || names === undefined)
    throw new Error(`--isa takes ${Object.keys(HELD).join(' or ')}, not "${named}"`);
  if (!isas.includes(isa))
    throw new Error(`--isa ${named}: this processor has no ${isaTitle(isa) ?? named}`);
  const xla = [environment['XLA_FLAGS'], names.xla].filter(Boolean);
  return {
    isa,
    variables: {
      [KERNELS_VARIABLE]: isa,
      XLA_FLAGS: xla.join(' '),
      // Apart from the usual cache, whose programs may use the processor's best instructions.
      TF_XLA_FLAGS: xlaCacheFlag(join(cacheFolder(environment), `xla-${isa}`)),
      OPENBLAS_CORETYPE: names.openblas,
      ATEN_CPU_CAPABILITY: names.aten,
      ONEDNN_MAX_CPU_ISA: names.onednn,
      MKL_ENABLE_INSTRUCTIONS: names.mkl,
    },
  };
}
