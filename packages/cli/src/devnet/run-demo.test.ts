import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { granary } from '../../test/granary.ts'

test.each([
  ['FILE_IS_FOLDER', tmpdir()],
  ['FILE_NOT_FOUND', join(tmpdir(), 'granary-demo-nowhere')],
])('%s: what is no file is refused before anything is started', async (error, path) => {
  const { code, stdout, stderr } = await granary(['demo', path])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain(`[${error}]`)
})
