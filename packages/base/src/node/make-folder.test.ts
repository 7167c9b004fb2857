import { mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { makeFolder } from './make-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-folder-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a folder is made with those above it, for whom it is said, and what is there is left', async () => {
  const path = join(folder, 'a', 'b', 'c')
  await Promise.all([makeFolder(path, 0o700), makeFolder(path, 0o700)])
  await makeFolder(path)
  for (const each of [path, join(folder, 'a')]) {
    const { mode } = await stat(each)
    expect(mode & 0o777).toBe(0o700)
  }
  await makeFolder('/')
})

test('where something else is, or nothing can be, that is told', async () => {
  await writeFile(join(folder, 'file'), '')
  await symlink(join(folder, 'nowhere'), join(folder, 'link'))
  for (const path of [join(folder, 'file'), join(folder, 'file', 'below'), join(folder, 'link')])
    await expect(makeFolder(path)).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE', details: { path } })
})

const onLinux = process.platform === 'linux' ? test : test.skip
const why = process.platform === 'linux' ? '' : ': there is no /proc here'
onLinux(`a file system that takes no folder is not asked for ever${why}`, async () => {
  await expect(makeFolder('/proc/granary/client')).rejects.toMatchObject({ code: 'FOLDER_UNUSABLE' })
})
