import { describe, expect, it } from 'vitest';
import { reactive } from 'vue';
import { PreloadTransport } from '../../../renderer/bridge/preload-transport.ts';

describe('calls over the window’s channel', () => {
  it('are sent as plain data, which can be copied', () => {
    const sent: unknown[] = [];
    const transport = new PreloadTransport({
      // Clones messages as Electron does.
      send: (message) => void sent.push(structuredClone(message)),
      onMessage: () => undefined,
      pathOf: () => '',
    });
    const input = reactive({ filter: { search: 'leaf', tags: ['postal'] }, limit: 100 });
    transport.send({ type: 'call', id: 1, procedure: 'adapters.list', input });
    expect(sent).toEqual([
      {
        ...{ type: 'call', id: 1, procedure: 'adapters.list' },
        input: { filter: { search: 'leaf', tags: ['postal'] }, limit: 100 },
      },
    ]);
  });
});
