import { usableKernels } from './usable-kernels.mjs';

/**
 * Run as a process of its own by a host, which does not load TensorFlow: prints the ISA of the kernels that engines use on this
 * machine, as JSON in a line of its own. The argument is the root of the checkout or the application.
 */

const { kernels } = usableKernels(process.argv[2] ?? '');
process.stdout.write(`\n${JSON.stringify({ isa: kernels?.isa ?? null })}\n`);
