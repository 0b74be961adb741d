import { parentPort, workerData } from 'node:worker_threads';
import { toErrorReport } from '../../../shared/domain/errors.ts';
import { BatchMaker } from './batch-maker.ts';
import type { LoadingThreadData, LoadReply, LoadRequest } from './messages.ts';

/** A loading thread: serves requests in order, one at a time. */
const port = parentPort!;
const maker = new BatchMaker(workerData as LoadingThreadData);
let queue: LoadRequest[] = [];
let busy = false;

function reply(message: LoadReply): void {
  port.postMessage(message, message.type === 'batch' ? [message.pixels.buffer as ArrayBuffer] : []);
}

async function answer(request: LoadRequest): Promise<void> {
  if (request.type === 'close') {
    maker.cache.close();
    port.close();
    return;
  }
  if (request.type === 'cancel') return;
  const { ticket } = request;
  try {
    const made = await maker.make(request.epoch, request.batch, request.rows);
    reply({ type: 'batch', ticket, ...made, cacheFault: maker.cache.fault });
  } catch (error) {
    reply({ type: 'failed', ticket, error: toErrorReport(error) });
  }
}

async function work(): Promise<void> {
  if (busy) return;
  busy = true;
  for (let request = queue.shift(); request !== undefined; request = queue.shift())
    await answer(request);
  busy = false;
}

port.on('message', (request: LoadRequest) => {
  if (request.type === 'cancel' || request.type === 'close') queue = [];
  queue.push(request);
  void work();
});
