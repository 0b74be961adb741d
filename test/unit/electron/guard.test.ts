import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { guardPages, isAllowed, isOurs } from '../../../main/electron/guard.ts';

vi.mock('electron', () => ({ protocol: {} }));

const PAGE = 'karst://studio/try';

describe('what a page may ask for', () => {
  it.each([
    ['media', PAGE, { mediaTypes: ['video'] }, true],
    ['media', PAGE, { mediaType: 'video' }, true],
    ['media', PAGE, { mediaTypes: ['audio'] }, false],
    ['media', PAGE, { mediaTypes: ['video', 'audio'] }, false],
    ['media', PAGE, {}, false],
    ['media', 'https://example.com/', { mediaTypes: ['video'] }, false],
    ['media', 'karst://studio.example.com/', { mediaTypes: ['video'] }, false],
    ['clipboard-sanitized-write', PAGE, {}, true],
    ['clipboard-read', PAGE, {}, false],
    ['notifications', PAGE, {}, false],
    ['geolocation', PAGE, {}, false],
    ['openExternal', PAGE, {}, false],
  ])('%s from %s with %j: %s', (permission, origin, details, allowed) => {
    expect(isAllowed(permission, origin, details)).toBe(allowed);
  });
});

it.each([
  ['karst://studio', true],
  ['karst://studio/', true],
  ['karst://studio/projects', true],
  ['karst://studios/', false],
  ['karst://studio:80/', false],
  ['https://example.com/#karst://studio/', false],
  ['', false],
])('%s is ours: %s', (address, ours) => {
  expect(isOurs(address)).toBe(ours);
});

describe('a page', () => {
  /**
   * Simulates `web-contents-created`; `prevented` tells whether an event's default was prevented.
   */
  function page() {
    const handlers: (() => { action: string })[] = [];
    const contents = Object.assign(new EventEmitter(), {
      setWindowOpenHandler: (handler: () => { action: string }) => handlers.push(handler),
    });
    const app = new EventEmitter();
    guardPages(app as never);
    app.emit('web-contents-created', {}, contents);
    const prevented = (event: string, ...values: unknown[]): boolean => {
      let stopped = false;
      contents.emit(event, { preventDefault: () => (stopped = true) }, ...values);
      return stopped;
    };
    return { prevented, handlers };
  }

  it('stays in the studio', () => {
    const { prevented } = page();
    expect(prevented('will-navigate', 'https://example.com/')).toBe(true);
    expect(prevented('will-navigate', 'file:///etc/passwd')).toBe(true);
    expect(prevented('will-navigate', 'karst://studio/runs')).toBe(false);
    expect(prevented('will-redirect', 'karst://studio/runs')).toBe(true);
    expect(prevented('will-attach-webview')).toBe(true);
  });

  it('opens no window', () => {
    expect(page().handlers.map((handler) => handler())).toEqual([{ action: 'deny' }]);
  });
});
