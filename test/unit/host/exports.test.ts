import { expect, it } from 'vitest';
import { ExportRepository } from '../../../main/host/store/exports.ts';
import type { Library } from '../../../main/host/store/library.ts';

it('names the format of an earlier version as it is called now', () => {
  const rows = ['safetensors', 'onnx', 'karst'].map((format) => ({
    ...{ id: 'ex-1', adapter_id: 'ad-1', format, out: '/leaves', verification: null },
    created_at: '2026-01-01T00:00:00.000Z',
  }));
  const repository = new ExportRepository({ all: () => rows } as unknown as Library);
  expect(repository.of('ad-1').map(({ format }) => format)).toEqual(['timm', 'onnx', 'karst']);
});
