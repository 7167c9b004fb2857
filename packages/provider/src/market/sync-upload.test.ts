import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { syncUpload } from './sync-upload.ts'

test('an upload that its disk does not sync is dropped, and one that it does stays', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-sync-'))
  try {
    const path = join(folder, 'upload')
    await writeFile(path, 'bytes')
    const dropped: string[] = []
    const files = (stagingPath: string) => ({
      stagingPath: () => stagingPath,
      removeUpload: async (uploadId: string) => void dropped.push(uploadId),
    })
    await syncUpload(files(path), 'a')
    // A device that nothing can be synced to.
    await expect(syncUpload(files('/dev/null'), 'b')).rejects.toMatchObject({ code: 'EINVAL', syscall: 'fsync' })
    expect(dropped).toEqual(['b'])
  } finally {
    await rm(folder, { recursive: true })
  }
})
