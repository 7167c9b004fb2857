import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { sealInput, temporaryFolder } from '../../test/sealed-sector.ts'
import { hex } from '../../test/support.ts'
import { digestFile } from '../io/digest-file.ts'
import { profiles } from '../spec/profile.ts'
import { sealSector } from './index.ts'

const program = fileURLToPath(new URL('../../test/killed-sealing.ts', import.meta.url))

test('a process killed in the second layer leaves the first, and sealing goes on from it to the same replica', async () => {
  const folder = await temporaryFolder()
  const child = spawn(process.execPath, ['--conditions=@granary/source', program, folder.path], {
    stdio: 'inherit',
  })
  expect((await once(child, 'exit'))[1]).toBe('SIGKILL')

  const input = await sealInput(folder.path, profiles['8MiB-dev'], [1_000_000])
  const first = await stat(join(input.dir, 'layer-1'))
  expect(JSON.parse(await readFile(join(input.dir, 'manifest.json'), 'utf8'))).toMatchObject({ state: 'sealing' })
  const layers: number[] = []
  const sealed = await sealSector(input, {
    onProgress: (progress) => {
      if (progress.type === 'seal:layer') layers.push(progress.layer)
    },
  })
  expect(layers).toEqual([2])
  expect((await stat(join(input.dir, 'layer-1'))).mtimeMs).toBe(first.mtimeMs)

  const other = join(folder.path, 'untouched')
  const again = await sealSector({ ...input, dir: other })
  expect(hex(again.commR)).toBe(hex(sealed.commR))
  expect(await digestFile(join(other, 'replica'))).toBe(await digestFile(join(input.dir, 'replica')))
  await folder.remove()
})
