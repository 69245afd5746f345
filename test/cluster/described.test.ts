import assert from 'node:assert/strict';
import { normalised } from './described.ts';

describe('the output of kubectl describe for a page', () => {
  it('keeps the unit of a size, so that a unit which the program does not print is seen', () => {
    const line = (size: string) => `  Message: backup_20260301_101112.db, ${size}, sha256 0123456789ab`;
    const shown = (size: string) => normalised(line(size), 'namespace-1').split(', ')[1];
    assert.deepEqual(['12.3 kB', '45.6 MB', '1.2 GB', '1 MiB'].map(shown), ['1.0 kB', '1.0 MB', '1.0 GB', '1 MiB']);
  });
});
