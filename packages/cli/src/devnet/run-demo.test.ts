import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { granary } from '../../test/granary.ts'

test('a file that no sector of a devnet holds is refused before anything is started', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-demo-'))
  const path = join(folder, 'large')
  try {
    await using file = await open(path, 'w')
    await file.truncate(8 << 20)
    const { code, stdout, stderr } = await granary(['demo', path])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('[PIECE_TOO_LARGE]')
    expect(stderr).toContain('8388608')
  } finally {
    await rm(folder, { recursive: true })
  }
})
