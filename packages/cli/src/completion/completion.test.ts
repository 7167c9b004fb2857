import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { bin, granary } from '../../test/granary.ts'
import { createProgram } from '../create-program.ts'
import { candidates } from './candidates.ts'
import { completionScript, type Shell, shells } from './scripts.ts'

const program = createProgram({ ...process, json: false, setExitCode: () => undefined })
const after = (...words: readonly string[]) => {
  const { values, files } = candidates(program, words)
  return { values: values.map(({ value }) => value), files }
}

test('commands are completed, and those below them', () => {
  expect(after('')).toMatchObject({
    values: expect.arrayContaining(['put', 'get', 'doctor', 'completion']),
    files: false,
  })
  expect(after('').values).not.toContain('complete')
  expect(after('dev')).toEqual({ values: ['devnet'], files: false })
  expect(after('chain', 'ex')).toEqual({ values: ['export'], files: false })
})

test('options are completed, and values that are known', () => {
  expect(after('put', '--du').values).toEqual(['--duration'])
  expect(after('devnet', '--profile', '8')).toEqual({ values: ['8MiB-dev'], files: false })
  expect(after('devnet', '--profile=8').values).toEqual(['--profile=8MiB-dev'])
  // As bash hands it over.
  expect(after('devnet', '--profile', '=', '8').values).toEqual(['8MiB-dev'])
  expect(after('devnet', '--profile', '=').values).toContain('8MiB-dev')
  expect(after('completion', 'z').values).toEqual(['zsh'])
})

test('paths are left to the shell, where a path is expected and nowhere else', () => {
  expect(after('put', '')).toEqual({ values: [], files: true })
  expect(after('put', '--home', '')).toEqual({ values: [], files: true })
  expect(after('put', '--json', 'rep')).toEqual({ values: [], files: true })
  expect(after('status', '')).toEqual({ values: [], files: false })
  expect(after('put', '--duration', '')).toEqual({ values: [], files: false })
})

test('what nobody has declared is not completed', () => {
  expect(after('dance', 'x')).toEqual({ values: [], files: false })
  expect(after('put', '--dance=')).toEqual({ values: [], files: false })
})

test('completion prints a script for each shell, and knows no other', async () => {
  for (const shell of shells) expect((await granary(['completion', shell])).stdout).toContain(' complete -- ')
  const { code, stderr } = await granary(['completion', 'csh'])
  expect(code).toBe(2)
  expect(stderr).toContain('Allowed choices are bash, zsh, fish')
})

/** How each shell is asked, without a terminal, what may follow a line; for zsh, whose completion needs one, with its last step ours. */
const askings: Readonly<Record<Shell, (script: string, words: readonly string[]) => string>> = {
  bash: (script, words) =>
    `source ${script}; COMP_WORDS=(granary ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _granary; printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: (script, words) =>
    `compdef() {}; _describe() { print -rl -- "\${(@P)2}" }; _files() { print -rl -- *(N) }
     source ${script}; words=(granary ${words.map((word) => `'${word}'`).join(' ')}); CURRENT=${words.length + 1}; _granary`,
  fish: (script, words) => `source ${script}; complete -C 'granary ${words.join(' ')}'`,
}

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-complete-'))
  writeFileSync(join(folder, 'report.pdf'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

for (const shell of shells) {
  const isThere = spawnSync(shell, ['--version']).status === 0
  const runs = isThere ? test : test.skip
  runs(`${shell} completes commands, values and files${isThere ? '' : `: there is no ${shell} here`}`, () => {
    const script = join(folder, `granary.${shell}`)
    writeFileSync(script, completionScript(shell, `${process.execPath} ${bin}`))
    const ask = (...words: readonly string[]) =>
      execFileSync(shell, ['-c', askings[shell](script, words)], { cwd: folder, encoding: 'utf8' })
        .split('\n')
        .map((line) => line.split(/[\t:]/)[0])
    expect(ask('dev')).toContain('devnet')
    expect(ask('devnet', '--profile', '8')).toContain('8MiB-dev')
    expect(ask('put', 'rep')).toContain('report.pdf')
    expect(ask('status', 'rep')).not.toContain('report.pdf')
  })
}
