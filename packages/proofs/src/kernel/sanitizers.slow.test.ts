import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'

const native = fileURLToPath(new URL('../../native/', import.meta.url))
/** All but what needs Node. */
const sources = readdirSync(native).filter((file) => file.endsWith('.c') && !/^(addon|job)\.c$/.test(file))

function compile(compiler: string, program: string) {
  const warnings = ['-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas']
  const flags = ['-std=gnu11', '-O1', '-g', '-pthread', '-fsanitize=address,undefined', '-fno-sanitize-recover=all']
  const files = [...sources.map((file) => join(native, file)), join(native, 'test/exercise.c')]
  return spawnSync(compiler, [...flags, ...warnings, `-I${native}`, '-o', program, ...files], { encoding: 'utf8' })
}

test('the kernels run clean over edge inputs under the sanitizers of addresses and undefined behaviour, and agree', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'granary-sanitized-'))
  try {
    const program = join(folder, 'exercise')
    const compiler = ['cc', 'gcc', 'clang'].find((name) => spawnSync(name, ['--version']).status === 0)
    if (compiler === undefined) {
      console.warn('No C compiler: the kernels are not run under sanitizers.')
      return
    }
    const built = compile(compiler, program)
    if (built.status !== 0 && /cannot find|unsupported|not supported/.test(built.stderr)) {
      console.warn(`${compiler} has no sanitizers: the kernels are not run under them.`)
      return
    }
    expect(built.stderr).toBe('')
    const run = spawnSync(program, [folder], { encoding: 'utf8', timeout: 600_000 })
    expect(run).toMatchObject({ status: 0, stderr: '' })
    expect(run.stdout).toMatch(/^\d+ checks\n$/)
  } finally {
    await rm(folder, { recursive: true })
  }
}, 900_000)
