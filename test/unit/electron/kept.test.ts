import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openedFiles } from '../../../main/electron/opened-files.ts';
import { Preferences } from '../../../main/electron/preferences.ts';
import {
  FIRST_STATE,
  fitToDisplays,
  type WindowState,
} from '../../../main/electron/window-state.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'karst-shell-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const STATE: WindowState = { place: { x: 40, y: 50 }, width: 1000, height: 700, maximised: true };

describe('what the shell keeps', () => {
  it('is there at the next start, and no part of a file is ever left', () => {
    const data = join(folder, 'user');
    expect(new Preferences(data, {}).window).toEqual(FIRST_STATE);
    new Preferences(data, {}).window = STATE;
    expect(new Preferences(data, {}).window).toEqual(STATE);
    expect(readdirSync(data)).toEqual(['window.json']);
  });

  it.each([
    '',
    '{"width":10',
    '{"width":"10"}',
    '[]',
    '{"width":1e9,"height":1,"place":null,"maximised":true}',
  ])('counts as absent when it reads %j', (text) => {
    writeFileSync(join(folder, 'window.json'), text);
    expect(new Preferences(folder, {}).window).toEqual(FIRST_STATE);
  });

  it('says why it cannot be written, and leaves nothing behind', () => {
    mkdirSync(join(folder, 'window.json'));
    expect(() => (new Preferences(folder, {}).window = STATE)).toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder)).toEqual(['window.json']);
  });
});

describe('the folder of the data', () => {
  const usual = { HOME: '/home/ada', XDG_DATA_HOME: '/data' };

  it('is the usual one until another is chosen', () => {
    expect(new Preferences(folder, usual).home).toBe('/data/karst-studio');
    const chosen = join(folder, 'chosen');
    mkdirSync(chosen);
    expect(new Preferences(folder, usual).moveHome(chosen)).toBe(chosen);
    expect(new Preferences(folder, usual).home).toBe(chosen);
  });

  it('is what the environment says before all else', () => {
    const preferences = new Preferences(folder, { ...usual, KARST_HOME: '/elsewhere' });
    expect([preferences.home, preferences.canMoveHome]).toEqual(['/elsewhere', false]);
  });

  it('is refused when it is no folder, or one with other things in it', () => {
    const preferences = new Preferences(folder, usual);
    expect(() => preferences.moveHome(join(folder, 'none'))).toThrow('is not a folder');
    const full = join(folder, 'full');
    mkdirSync(full);
    writeFileSync(join(full, 'letter.txt'), '');
    expect(() => preferences.moveHome(full)).toThrow('holds other files');
    writeFileSync(join(full, 'library.sqlite'), '');
    expect(preferences.moveHome(full)).toBe(full);
    expect(existsSync(join(full, 'letter.txt'))).toBe(true);
    expect(JSON.parse(readFileSync(join(folder, 'studio.json'), 'utf8'))).toEqual({ home: full });
  });
});

describe('the place of the window', () => {
  const screen = { x: 0, y: 0, width: 1920, height: 1040 };
  const second = { x: 1920, y: 0, width: 1280, height: 800 };

  it('stays on a display that is there', () => {
    expect(fitToDisplays(STATE, [screen])).toEqual(STATE);
    const right = { ...STATE, place: { x: 2000, y: 20 } };
    expect(fitToDisplays(right, [screen, second])).toEqual(right);
  });

  it.each([
    ['a display that was unplugged', { x: 2000, y: 20 }],
    ['below the edge', { x: 100, y: 1030 }],
    ['above the edge', { x: 100, y: -300 }],
    ['left of the edge', { x: -950, y: 100 }],
  ])('is the platform’s choice when it was on %s', (_where, place) => {
    expect(fitToDisplays({ ...STATE, place }, [screen]).place).toBeNull();
  });

  it('is no larger than the displays and no smaller than the studio needs', () => {
    const vast = { ...STATE, place: null, width: 9000, height: 9000 };
    expect(fitToDisplays(vast, [screen, second])).toMatchObject({ width: 1920, height: 1040 });
    const tiny = { ...STATE, place: null, width: 10, height: 10 };
    expect(fitToDisplays(tiny, [screen])).toMatchObject({ width: 960, height: 640 });
    // On a display smaller than the minimum size, the minimum is used.
    expect(fitToDisplays(vast, [{ ...screen, width: 800, height: 600 }])).toMatchObject({
      width: 960,
      height: 640,
    });
  });
});

describe('files on the command line', () => {
  it('are the adapters that are there, whatever else stands between', () => {
    writeFileSync(join(folder, 'a.karst'), '');
    writeFileSync(join(folder, 'B.KARST'), '');
    const words = ['--allow-file-access', 'a.karst', 'none.karst', 'B.KARST', '--x=a.karst', '.'];
    expect(openedFiles(words, folder)).toEqual([join(folder, 'a.karst'), join(folder, 'B.KARST')]);
    expect(openedFiles([join(folder, 'a.karst')], '/')).toEqual([join(folder, 'a.karst')]);
  });

  it('may be named by their address, but not by that of another computer', () => {
    const path = join(folder, 'of mine.karst');
    writeFileSync(path, '');
    const there = 'file://elsewhere/of%20mine.karst';
    expect(openedFiles([pathToFileURL(path).href, there], folder)).toEqual([path]);
  });
});
