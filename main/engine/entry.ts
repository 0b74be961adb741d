import * as v from 'valibot';
import type { EngineEvent, HostMessage } from '../../shared/contract/engine/messages.ts';
import type { Job } from '../../shared/contract/engine/jobs.ts';
import type { JobResult } from '../../shared/contract/engine/results.ts';
import { hostMessageSchema } from '../../shared/contract/engine/messages.ts';
import { switchedOff } from '../../shared/domain/compiled-code.ts';
import { KarstError, toErrorReport } from '../../shared/domain/errors.ts';
import { failureReport } from './failure.ts';
import { JobChannel } from './jobs/channel.ts';
import { giveUpUnusableCache } from './runtime/compile-cache.ts';

/**
 * The engine process: runs one job, sends events, handles controls, and exits, also when the host
 * has gone. The port is the parent of a forked child, or the parent port of Electron's utility
 * process.
 */
interface Port {
  send(event: EngineEvent): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  /** Closes the channel once all messages have been sent. */
  close(): Promise<void>;
}

function childPort(): Port {
  let sent = Promise.resolve();
  return {
    send: (event) => {
      // Messages are sent in order: when the last one is out, all are.
      sent = new Promise((resolve) => {
        if (process.send === undefined) resolve();
        else process.send(event, undefined, undefined, () => resolve());
      });
    },
    onMessage: (listener) => process.on('message', listener),
    onClose: (listener) => process.on('disconnect', listener),
    close: async () => {
      await sent;
      if (process.connected) process.disconnect?.();
    },
  };
}

async function perform(job: Job, channel: JobChannel): Promise<JobResult> {
  // Imported on demand: a probe need not load the training code.
  switch (job.kind) {
    case 'train':
      return (await import('./jobs/train.ts')).train(job, channel);
    case 'benchmark':
      return (await import('./jobs/benchmark.ts')).benchmark(job, channel);
    case 'evaluate':
      return (await import('./jobs/evaluate.ts')).evaluateAdapter(job, channel);
    case 'predict':
      return (await import('./jobs/predict.ts')).predict(job, channel);
    case 'interactive-predict':
      return (await import('./jobs/interactive-predict.ts')).answerQuestions(job, channel);
    case 'merge':
      return (await import('./jobs/merge.ts')).merge(job, channel);
    case 'augment':
      return (await import('./jobs/augment.ts')).augment(job, channel);
    case 'probe':
      return { kind: 'probe', device: channel.runtime.device };
  }
}

async function start(
  message: Extract<HostMessage, { type: 'start' }>,
  port: Port,
): Promise<JobChannel | null> {
  try {
    // Augmentation previews need no TensorFlow, which takes longer to load than they take to draw.
    const computes = message.job.kind !== 'augment';
    const began = performance.now();
    const cacheFault = computes ? await giveUpUnusableCache() : null;
    const runtime = computes
      ? await (await import('./runtime/open-runtime.ts')).openRuntime()
      : null;
    const loadingSeconds = (performance.now() - began) / 1000;
    const send = (event: EngineEvent): void => port.send(event);
    const channel = new JobChannel(runtime, message.cacheDir, send, loadingSeconds);
    if (runtime !== null) {
      channel.emit({ type: 'ready', device: runtime.device });
      for (const { sentence } of switchedOff(runtime.device))
        channel.emit({ type: 'log', level: 'warning', message: sentence });
    }
    if (cacheFault !== null) channel.warn(cacheFault);
    return channel;
  } catch (error) {
    port.send({ type: 'error', error: toErrorReport(error) });
    return null;
  }
}

async function serve(port: Port): Promise<void> {
  let channel: JobChannel | null = null;
  const early: Exclude<HostMessage, { type: 'start' }>[] = [];
  const first = await new Promise<Extract<HostMessage, { type: 'start' }>>((resolve, reject) => {
    port.onMessage((raw) => {
      const parsed = v.safeParse(hostMessageSchema, raw);
      if (!parsed.success) {
        reject(
          new KarstError(
            'internal',
            `The engine got a message it does not know: ${parsed.issues[0].message}.`,
          ),
        );
        return;
      }
      const message = parsed.output;
      if (message.type === 'start') resolve(message);
      else if (channel === null) early.push(message);
      else channel.receive(message);
    });
  });
  channel = await start(first, port);
  if (channel === null) return;
  for (const message of early) channel.receive(message);
  channel.emit({ type: 'done', result: await perform(first.job, channel) });
}

const port = childPort();
// A terminal sends Ctrl-C to the whole process group; the host decides what it means.
process.on('SIGINT', () => undefined);
// Exits with the code set so far: also reached when the engine closes the channel itself.
port.onClose(() => process.exit());
serve(port)
  .catch((error: unknown) => {
    port.send({ type: 'error', error: failureReport(error) });
    if (!(error instanceof KarstError))
      process.stderr.write(
        `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
    process.exitCode = 1;
  })
  .finally(() => port.close());
