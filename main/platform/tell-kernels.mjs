import { usableKernels } from './usable-kernels.mjs';

/**
 * Runs as a child process of a host, because the host does not load TensorFlow: prints the ISA of
 * the kernels that engines use on this machine, as JSON on its own line. The argument is the root
 * of the checkout or the application.
 */

const { kernels } = usableKernels(process.argv[2] ?? '');
process.stdout.write(`\n${JSON.stringify({ isa: kernels?.isa ?? null })}\n`);
