import { describe, expect, it } from 'vitest';
import { EXPORT_FORMATS } from '../../../shared/domain/export-formats.ts';
import { canExportAs, requireExportAs } from '../../../shared/methods/export-formats.ts';
import { METHODS } from '../../../shared/methods/registry.ts';

describe.each(METHODS)('an adapter of the method $name', ({ name, merges, title }) => {
  it.each(EXPORT_FORMATS)('as %s', (format) => {
    const layers = !merges && (format === 'timm' || format === 'hf');
    expect(canExportAs(format, name)).toBe(!layers);
    const require = (): void => requireExportAs(format, name, '/adapters/a');
    if (!layers) expect(require).not.toThrow();
    else
      expect(require).toThrow(
        expect.objectContaining({
          code: 'not-available',
          message: expect.stringContaining(title) as string,
          hint: expect.stringContaining('ONNX') as string,
        }),
      );
  });
});
