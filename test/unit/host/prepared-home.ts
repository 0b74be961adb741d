import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Studio, StudioOptions } from '../../../main/host/contract/studio.ts';
import { studioIn, temporaryFolder, writeBackbone, writeClassFolders } from './support.ts';

/**
 * A home with the backbone "tiny" and the dataset "two" (classes a and b, five images each, the
 * fifth of each held out). It is created once per file and copied for each test.
 */
export class PreparedHome {
  /** Folder with `images`, `backbone` and `home`. */
  template = '';
  home = '';

  /** @param prepare extends the template, once */
  constructor(prepare: (studio: Studio, template: string) => Promise<unknown> = async () => {}) {
    beforeAll(async () => {
      this.template = mkdtempSync(join(tmpdir(), 'karst-prepared-'));
      await writeClassFolders(join(this.template, 'images'), { a: 5, b: 5 });
      await writeBackbone(join(this.template, 'backbone'));
      const studio = await studioIn(join(this.template, 'home'));
      await studio.backbones.add(join(this.template, 'backbone'), { name: 'tiny' });
      await studio.datasets.add(join(this.template, 'images'), { name: 'two' });
      await prepare(studio, this.template);
      await studio.close();
    });
    afterAll(() => rmSync(this.template, { recursive: true }));
    beforeEach(() => {
      this.home = join(temporaryFolder(), 'home');
      cpSync(join(this.template, 'home'), this.home, { recursive: true });
    });
  }

  /** Opens a studio on the copy, closed after the test. */
  open(options: Partial<StudioOptions> = {}): Promise<Studio> {
    return studioIn(this.home, options);
  }
}
