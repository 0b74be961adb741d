import { openRuntime } from '../../main/engine/runtime/open-runtime.ts';

/** Says what the engine runs on here, as one line of JSON: `DeviceReport`. */
const { device } = await openRuntime();
console.log(JSON.stringify(device));
