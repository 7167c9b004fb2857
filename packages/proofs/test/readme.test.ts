import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import { temporaryFolder } from './sealed-sector.ts'

const path = fileURLToPath(new URL('example.ts', import.meta.url))

test('the example of the README seals and verifies a sector, as it stands there', async () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  expect(readme).toContain(readFileSync(path, 'utf8').trim())
  const folder = await temporaryFolder()
  const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, path], { cwd: folder.path })
  await folder.remove()
  expect(stdout).toBe('{ ok: true }\n')
})
