import { openRuntime } from '../../main/engine/runtime/open-runtime.ts';

/** Prints the engine's device as one line of JSON: `DeviceReport`. */
const { device } = await openRuntime();
console.log(JSON.stringify(device));
