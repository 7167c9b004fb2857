import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { checkCometbft } from './check-comet.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'granary-doctor-'))
})
afterEach(() => rmSync(home, { recursive: true }))

function ofValidator(): void {
  mkdirSync(join(home, 'chain'))
  writeFileSync(join(home, 'chain', 'network.json'), '{}')
}

function programSaying(version: string): string {
  const program = join(home, 'cometbft')
  writeFileSync(program, `#!/bin/sh\necho ${version}\n`)
  chmodSync(program, 0o755)
  return program
}

test('where no validator on CometBFT is, nothing is said of it', async () => {
  expect(await checkCometbft(home, join(home, 'missing'))).toBeUndefined()
})

test('a validator without CometBFT is told the one line that installs it', async () => {
  ofValidator()
  expect(await checkCometbft(home, join(home, 'missing'))).toMatchObject({
    check: 'cometbft',
    state: 'wrong',
    code: 'COMETBFT_MISSING',
    fix: expect.stringMatching(/`CGO_ENABLED=0 go install github\.com\/cometbft\/cometbft\/cmd\/cometbft@v0\.40\.0`/),
  })
})

test.each([
  ['1.0.1', 'wrong'],
  ['0.37.2', 'wrong'],
  ['0.39.0', 'ok'],
])('version %s is %s', async (version, state) => {
  ofValidator()
  const found = await checkCometbft(home, programSaying(version))
  expect(found).toMatchObject({ state, says: expect.stringContaining(version) })
  if (state === 'wrong') expect(found).toMatchObject({ code: 'COMETBFT_VERSION_WRONG' })
})
