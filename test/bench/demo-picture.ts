import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { terminalPicture, withoutTimes } from './terminal-picture.ts';

/** `node test/bench/demo-picture.ts` runs the demo and renders its output to docs/demo.svg. */

const KARST = fileURLToPath(new URL('../../main/cli/karst.mjs', import.meta.url));
const PICTURE = fileURLToPath(new URL('../../docs/demo.svg', import.meta.url));
/** Replaces the actual path of the demo's folder in the picture. */
const SHOWN = '/tmp/demo-home';

const folder = mkdtempSync(join(tmpdir(), 'karst-demo-'));
try {
  const home = join(folder, 'home');
  const { stdout } = await promisify(execFile)(process.execPath, [KARST, 'demo', '--home', home], {
    env: { ...process.env, FORCE_COLOR: '1' },
  });
  const text = withoutTimes(stdout.replaceAll(home, SHOWN));
  writeFileSync(
    PICTURE,
    terminalPicture(text, 'karst demo in a terminal: six steps and a summary'),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
