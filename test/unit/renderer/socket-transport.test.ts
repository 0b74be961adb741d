import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  SocketTransport,
  socketUrl,
  waitBefore,
} from '../../../renderer/bridge/socket-transport.ts';
import type { ConnectionState } from '../../../renderer/bridge/transport.ts';

class FakeSocket extends EventTarget {
  readonly sent: string[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
    this.dispatchEvent(new Event('close'));
  }

  open(): void {
    this.dispatchEvent(new Event('open'));
  }

  receive(data: unknown): void {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }
}

let sockets: FakeSocket[];
let states: ConnectionState[];
let messages: unknown[];
let transport: SocketTransport;

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  states = [];
  messages = [];
  transport = new SocketTransport('ws://studio/bridge', () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket as unknown as WebSocket;
  });
  transport.start({
    message: (message) => messages.push(message),
    stateChanged: (state) => states.push(state),
  });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('SocketTransport', () => {
  it('sends and receives JSON', () => {
    sockets[0]?.open();
    transport.send({ type: 'call', id: 1, procedure: 'projects.list', input: {} });
    sockets[0]?.receive('{"type":"answer","id":1,"output":[]}');
    expect(sockets[0]?.sent).toEqual([
      '{"type":"call","id":1,"procedure":"projects.list","input":{}}',
    ]);
    expect(messages).toEqual([{ type: 'answer', id: 1, output: [] }]);
  });

  it('passes on what is no JSON, to be refused by the schema', () => {
    sockets[0]?.open();
    sockets[0]?.receive('{"half');
    expect(messages).toEqual(['{"half']);
  });

  it('tries again, ever more slowly, and quickly again after it was connected', () => {
    sockets[0]?.open();
    sockets[0]?.close();
    expect(states).toEqual(['open', 'lost']);
    vi.advanceTimersByTime(249);
    expect(sockets).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(2);
    sockets[1]?.close();
    vi.advanceTimersByTime(499);
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(1);
    expect(sockets).toHaveLength(3);
    sockets[2]?.open();
    expect(states).toEqual(['open', 'lost', 'open']);
    sockets[2]?.close();
    vi.advanceTimersByTime(250);
    expect(sockets).toHaveLength(4);
  });

  it('stays silent about failures before the first connection', () => {
    sockets[0]?.close();
    vi.advanceTimersByTime(250);
    expect(sockets).toHaveLength(2);
    expect(states).toEqual([]);
    expect(transport.state).toBe('connecting');
  });

  it('does not try again once it is closed', () => {
    sockets[0]?.open();
    transport.close();
    vi.advanceTimersByTime(60_000);
    expect(sockets).toHaveLength(1);
    expect(sockets[0]?.closed).toBe(true);
  });
});

it('doubles the wait up to eight seconds', () => {
  expect([0, 1, 2, 5, 6, 50].map(waitBefore)).toEqual([250, 500, 1000, 8000, 8000, 8000]);
});

it('finds the socket at the page’s own origin', () => {
  expect(socketUrl({ protocol: 'http:', host: '127.0.0.1:8321' })).toBe(
    'ws://127.0.0.1:8321/bridge',
  );
  expect(socketUrl({ protocol: 'https:', host: 'studio' })).toBe('wss://studio/bridge');
});
