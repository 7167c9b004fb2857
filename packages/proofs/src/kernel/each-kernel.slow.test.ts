import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { useKernel } from '../../test/with-kernel.ts'
import { openKernel } from './open-kernel.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
/** The whole package with the slowest kernel, on a busy machine. */
const TIMEOUT_MS = 30 * 60_000
/** For one test of it: the limit of the configuration is for the fastest kernel. */
const TEST_TIMEOUT_MS = 5 * 60_000

// The one that this machine takes by itself has run with the fast tests.
for (const name of ['shani', 'c', 'ts'].filter((each) => each !== openKernel().kernel.name)) {
  const here = isThere(name)
  const withKernel = here ? test : test.skip
  const missing = here ? '' : ': this machine does not have it'
  withKernel(
    `all fast tests of the package pass with GRANARY_KERNEL=${name}${missing}`,
    async () => {
      const jest = [
        '--experimental-vm-modules',
        'node_modules/jest/bin/jest.js',
        'packages/proofs',
        `--testTimeout=${TEST_TIMEOUT_MS}`,
      ]
      const env = { ...process.env, GRANARY_KERNEL: name, GRANARY_TEST_TIERS: 'fast' }
      const child = spawn(process.execPath, jest, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let output = ''
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString()
        })
      const [code] = await once(child, 'exit')
      expect({ code, output: code === 0 ? '' : output.slice(-8_000) }).toEqual({ code: 0, output: '' })
    },
    TIMEOUT_MS,
  )
}

function isThere(name: string): boolean {
  using _ = useKernel(name)
  try {
    openKernel()
    return true
  } catch {
    return false
  }
}
