import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pythonCommand } from '../../../main/setup/prerequisites.mjs';
import type { Wheel } from '../../../main/setup/tensorflow-releases.mjs';
import { withEnvironment } from './temporary.ts';

const SCRIPT = `
import json, sys, zipfile
path, members = sys.argv[1], json.loads(sys.argv[2])
with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED) as archive:
    for name, text in members.items():
        member = zipfile.ZipInfo(name)
        member.external_attr = (0o755 if '/bin/' in name else 0o644) << 16
        archive.writestr(member, text, zipfile.ZIP_DEFLATED)
`;

/** Tells pip to use a folder of wheels instead of the package index until the test ends. */
export function offerToPip(folder: string): void {
  withEnvironment({ PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder });
}

/** Writes a real wheel of the project, version 1.0, to a folder. */
export function fakeWheel(folder: string, project: string, members: Record<string, string>): Wheel {
  mkdirSync(folder, { recursive: true });
  const name = project.replaceAll('-', '_');
  const file = `${name}-1.0-cp311-cp311-manylinux_2_27_x86_64.whl`;
  const info = `${name}-1.0.dist-info`;
  const all = {
    ...members,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${project}\nVersion: 1.0\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp311-cp311-any\n',
    [`${info}/RECORD`]: '',
  };
  const path = join(folder, file);
  execFileSync(pythonCommand(), ['-c', SCRIPT, path, JSON.stringify(all)]);
  return {
    project,
    version: '1.0',
    file,
    platformTag: 'manylinux_2_27_x86_64',
    sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
    size: statSync(path).size,
  };
}

/** Collects the set-up's output instead of printing it. */
export function silentStream(): { write(text: string): boolean; text: string } {
  return {
    text: '',
    write(text) {
      this.text += text;
      return true;
    },
  };
}
