import { beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../../../shared/contract/window/messages.ts';
import { KarstError } from '../../../shared/domain/errors.ts';
import { BridgeClient } from '../../../renderer/bridge/client.ts';
import type { ConnectionState, Receiver, Transport } from '../../../renderer/bridge/transport.ts';

class FakeTransport implements Transport {
  state: ConnectionState = 'connecting';
  readonly sent: Call[] = [];
  receiver: Receiver | null = null;

  start(receiver: Receiver): void {
    this.receiver = receiver;
  }

  send(call: Call): void {
    this.sent.push(call);
  }

  pathOf(file: File): string | null {
    return `/at/${file.name}`;
  }

  close(): void {}

  become(state: ConnectionState): void {
    this.state = state;
    this.receiver?.stateChanged(state);
  }

  receive(message: unknown): void {
    this.receiver?.message(message);
  }
}

const PROJECT = {
  id: 'p1',
  name: 'Orchids',
  notes: '',
  archived: false,
  datasetIds: [],
  backboneId: null,
  runIds: [],
  bestTop1: null,
  createdAt: '2026-11-22T10:00:00.000Z',
  updatedAt: '2026-11-22T10:00:00.000Z',
};

let transport: FakeTransport;
let bridge: BridgeClient;
let faults: KarstError[];

beforeEach(() => {
  transport = new FakeTransport();
  bridge = new BridgeClient(transport);
  faults = [];
  bridge.onFault((error) => faults.push(error));
});

async function refusal(promise: Promise<unknown>): Promise<KarstError> {
  const error = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof KarstError)) throw new Error('The call was not refused.');
  return error;
}

describe('calls', () => {
  it('wait for the first connection and are sent in order', () => {
    void bridge.call('projects.create', { name: 'A' });
    void bridge.call('projects.get', { id: 'p1' });
    expect(transport.sent).toEqual([]);
    transport.become('open');
    expect(transport.sent).toEqual([
      { type: 'call', id: 1, procedure: 'projects.create', input: { name: 'A' } },
      { type: 'call', id: 2, procedure: 'projects.get', input: { id: 'p1' } },
    ]);
  });

  it('get the answer of their own number, whatever the order', async () => {
    transport.become('open');
    const first = bridge.call('projects.get', { id: 'p1' });
    const second = bridge.call('projects.get', { id: 'p2' });
    transport.receive({ type: 'answer', id: 2, output: { ...PROJECT, id: 'p2' } });
    transport.receive({ type: 'answer', id: 1, output: PROJECT });
    expect((await first).id).toBe('p1');
    expect((await second).id).toBe('p2');
  });

  it('are refused with the error of the host', async () => {
    transport.become('open');
    const call = bridge.call('projects.get', { id: 'p1' });
    transport.receive({
      type: 'refusal',
      id: 1,
      error: { code: 'not-found', message: 'No project p1.', hint: 'Check.', path: '/x' },
    });
    const error = await refusal(call);
    expect(error.toReport()).toEqual({
      code: 'not-found',
      message: 'No project p1.',
      hint: 'Check.',
      path: '/x',
    });
  });

  it('are refused when the answer is not as agreed, naming the place', async () => {
    transport.become('open');
    const call = bridge.call('projects.get', { id: 'p1' });
    transport.receive({ type: 'answer', id: 1, output: { ...PROJECT, archived: 'no' } });
    const error = await refusal(call);
    expect(error.code).toBe('internal');
    expect(error.message).toContain('projects.get');
    expect(error.message).toContain('archived');
  });

  it('in flight are refused when the connection is lost, and so are those made meanwhile', async () => {
    transport.become('open');
    const before = bridge.call('projects.get', { id: 'p1' });
    transport.become('lost');
    const meanwhile = bridge.call('projects.get', { id: 'p1' });
    expect((await refusal(before)).code).toBe('not-available');
    expect((await refusal(meanwhile)).code).toBe('not-available');
    expect(transport.sent).toHaveLength(1);
  });

  it('do not take the late answer to a call of the connection before', async () => {
    transport.become('open');
    const before = bridge.call('projects.get', { id: 'p1' });
    transport.become('lost');
    await refusal(before);
    transport.become('open');
    const after = bridge.call('projects.get', { id: 'p2' });
    transport.receive({ type: 'answer', id: 1, output: PROJECT });
    transport.receive({ type: 'answer', id: 2, output: { ...PROJECT, id: 'p2' } });
    expect((await after).id).toBe('p2');
    expect(faults).toEqual([]);
  });
});

describe('events', () => {
  it('reach those who listen, checked, until they stop', () => {
    const seen: string[] = [];
    const stop = bridge.on('library', ({ part, id }) => seen.push(`${part} ${String(id)}`));
    transport.receive({ type: 'event', event: 'library', payload: { part: 'runs', id: null } });
    stop();
    transport.receive({ type: 'event', event: 'library', payload: { part: 'bin', id: 'x' } });
    expect(seen).toEqual(['runs null']);
  });

  it('go on to the same listeners after the connection was made anew', () => {
    const seen: string[] = [];
    bridge.on('navigate', ({ to }) => seen.push(to));
    transport.become('open');
    transport.become('lost');
    transport.become('open');
    transport.receive({ type: 'event', event: 'navigate', payload: { to: '/runs' } });
    expect(seen).toEqual(['/runs']);
  });

  it('that are not as agreed are a fault and reach nobody', () => {
    const seen: unknown[] = [];
    bridge.on('library', (payload) => seen.push(payload));
    transport.receive({ type: 'event', event: 'library', payload: { part: 'roofs', id: null } });
    transport.receive({ type: 'event', event: 'toString', payload: {} });
    transport.receive('no message at all');
    expect(seen).toEqual([]);
    expect(faults.map(({ code }) => code)).toEqual(['internal', 'internal', 'internal']);
    expect(faults[0]?.message).toContain('library');
    expect(faults[1]?.message).toContain('toString');
  });

  it('let a listener stop itself or another while they are told', () => {
    const seen: string[] = [];
    const stop = bridge.on('navigate', () => {
      seen.push('first');
      stop();
    });
    bridge.on('navigate', () => seen.push('second'));
    transport.receive({ type: 'event', event: 'navigate', payload: { to: '/' } });
    transport.receive({ type: 'event', event: 'navigate', payload: { to: '/' } });
    expect(seen).toEqual(['first', 'second', 'second']);
  });
});

describe('the connection', () => {
  it('is told of at every change, and anew only after it was lost', () => {
    const states: ConnectionState[] = [];
    let anew = 0;
    bridge.onConnection((state) => states.push(state));
    bridge.onReconnected(() => anew++);
    transport.become('open');
    expect(anew).toBe(0);
    transport.become('lost');
    transport.become('open');
    expect(states).toEqual(['open', 'lost', 'open']);
    expect(anew).toBe(1);
    expect(bridge.connection).toBe('open');
  });
});
