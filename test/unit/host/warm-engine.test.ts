import { describe, expect, it } from 'vitest';
import type { HostMessage } from '../../../shared/contract/engine/messages.ts';
import type { InteractivePredictJob } from '../../../shared/contract/engine/jobs.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { WarmEngine } from '../../../main/host/engine/warm-engine.ts';
import type {
  EngineExit,
  EngineHandle,
  EngineSpawner,
} from '../../../main/host/contract/engine.ts';
import { ARCHITECTURE, PREPROCESSING, refusal } from './support.ts';
import { eventually } from '../../fixtures/eventually.ts';

const JOB: InteractivePredictJob = {
  kind: 'interactive-predict',
  adapterDir: '/adapter',
  backbone: {
    path: null,
    sha256: '',
    name: 'bare',
    architecture: ARCHITECTURE,
    preprocessing: PREPROCESSING,
  },
};

/** An engine controlled by the test. */
class FakeEngine implements EngineHandle {
  readonly sent: HostMessage[] = [];
  killed = false;
  #event: (raw: unknown) => void = () => undefined;
  #exit: (exit: EngineExit) => void = () => undefined;

  send(message: HostMessage): void {
    this.sent.push(message);
    if (message.type === 'stop') {
      this.say({ type: 'done', result: { kind: 'interactive-predict' } });
      this.end({ code: 0 });
    }
  }
  onEvent(listener: (raw: unknown) => void): void {
    this.#event = listener;
  }
  onExit(listener: (exit: EngineExit) => void): void {
    this.#exit = listener;
  }
  kill(): void {
    this.killed = true;
    this.end({ signal: 'SIGKILL' });
  }
  say(event: unknown): void {
    this.#event(event);
  }
  end(exit: Partial<EngineExit>): void {
    this.#exit({ code: null, signal: null, stderrTail: '', ...exit });
  }
  /** Answers the latest question. */
  answer(label: string): void {
    const question = this.sent.at(-1);
    if (question?.type !== 'question') throw new Error('nothing was asked');
    const answers = question.paths.map(() => ({ predictions: [{ label, probability: 1 }] }));
    this.say({ type: 'answer', id: question.id, answers });
  }
  questions(): string[][] {
    return this.sent.flatMap((m) => (m.type === 'question' ? [[...m.paths]] : []));
  }
}

function warm(spawn?: EngineSpawner) {
  const engines: FakeEngine[] = [];
  const engine = new WarmEngine({
    spawn:
      spawn ??
      (() => {
        const fake = new FakeEngine();
        engines.push(fake);
        return fake;
      }),
    cacheDir: '/cache',
    graceMs: 20,
    warmMs: 1_000_000,
  });
  const ask = (key: string, ...paths: string[]) => engine.ask(key, async () => JOB, paths, 3);
  return { engine, engines, ask };
}

const labels = async (asked: ReturnType<WarmEngine['ask']>): Promise<unknown[]> =>
  (await asked).map((a) => ('predictions' in a ? a.predictions[0]?.label : a.error.code));

describe('an engine that stays ready', () => {
  it('is started once, asked one question at a time, and heeds no answer to another', async () => {
    const { engine, engines, ask } = warm();
    const [first, second] = [ask('ad-1', '/a', '/b'), ask('ad-1', '/c')];
    await eventually(() => expect(engines[0]?.questions()).toEqual([['/a', '/b']]));
    engines[0]?.say({ type: 'answer', id: 99, answers: [] });
    engines[0]?.answer('one');
    expect(await labels(first)).toEqual(['one', 'one']);
    await eventually(() => expect(engines[0]?.questions()).toHaveLength(2));
    engines[0]?.answer('two');
    expect(await labels(second)).toEqual(['two']);
    expect(engines).toHaveLength(1);
    expect(engines[0]?.sent[0]).toMatchObject({ type: 'start', job: JOB, cacheDir: '/cache' });
    await engine.close();
    expect(engines[0]?.sent.at(-1)).toEqual({ type: 'suspend' });
    expect(engines[0]?.killed).toBe(true);
  });

  it('tells why it could not be started, and is started for the next question', async () => {
    const fake = new FakeEngine();
    let calls = 0;
    const { engine, ask } = warm(() => {
      if (++calls === 1) throw new KarstError('engine-unavailable', 'There is no TensorFlow.');
      return fake;
    });
    expect((await refusal(ask('ad-1', '/a'), 'engine-unavailable')).message).toBe(
      'There is no TensorFlow.',
    );
    const asked = ask('ad-1', '/a');
    await eventually(() => expect(fake.questions()).toHaveLength(1));
    fake.answer('well');
    expect(await labels(asked)).toEqual(['well']);
    await engine.close();
  });

  it('tells of what the adapter lacks, and starts nothing', async () => {
    const { engine, engines } = warm();
    const lacking = async (): Promise<InteractivePredictJob> => {
      throw new KarstError('not-found', 'The folder is gone.');
    };
    await refusal(engine.ask('ad-1', lacking, ['/a'], 1), 'not-found');
    expect(engines).toEqual([]);
    await engine.close();
  });

  it('passes on what the engine itself reports, also between two questions', async () => {
    const { engine, engines, ask } = warm();
    const asked = ask('ad-1', '/a');
    await eventually(() => expect(engines[0]?.questions()).toHaveLength(1));
    const error = { code: 'out-of-memory', message: 'Too little memory.', hint: 'Close others.' };
    engines[0]?.say({ type: 'error', error });
    engines[0]?.end({ code: 1 });
    expect((await refusal(asked, 'out-of-memory')).toReport()).toEqual(error);

    const next = ask('ad-1', '/b');
    await eventually(() => expect(engines[1]?.questions()).toHaveLength(1));
    engines[1]?.answer('x');
    await next;
    engines[1]?.end({ signal: 'SIGSEGV' });
    await eventually(() => expect(engines).toHaveLength(2));
    const last = ask('ad-1', '/c');
    await eventually(() => expect(engines[2]?.questions()).toEqual([['/c']]));
    engines[2]?.answer('y');
    expect(await labels(last)).toEqual(['y']);
    await engine.close();
  });

  it('is ended before another adapter is loaded, and when its own is let go of', async () => {
    const { engine, engines, ask } = warm();
    const one = ask('ad-1', '/a');
    await eventually(() => expect(engines[0]?.questions()).toHaveLength(1));
    engines[0]?.answer('one');
    await one;
    const two = ask('ad-2', '/a');
    await eventually(() => expect(engines[1]?.questions()).toHaveLength(1));
    expect(engines[0]?.sent.at(-1)).toEqual({ type: 'stop' });
    engines[1]?.answer('two');
    expect(await labels(two)).toEqual(['two']);
    await engine.release('ad-1');
    expect(engines[1]?.sent.at(-1)?.type).toBe('question');
    await engine.release('ad-2');
    expect(engines[1]?.sent.at(-1)).toEqual({ type: 'stop' });
    await engine.close();
    await refusal(ask('ad-1', '/a'), 'cancelled');
    expect(engines).toHaveLength(2);
  });
});
