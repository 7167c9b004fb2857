/** Every option of every command is given to it by a test: one that nobody runs is one that nobody knows to work. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import type { Command } from 'commander'
import { literalsOf } from '../test/literals.ts'
import { createProgram } from './create-program.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const program = createProgram({ ...process, json: false, setExitCode: () => undefined })

/** Declared and read in one place (`options.ts`, `source-options.ts`, `open-operator.ts`): any command's test shows them. */
const SHARED = new Set([
  ...[
    '--network',
    '--chain',
    '--genesis',
    '--witness',
    '--home',
    '--passphrase-file',
    '--json',
    '--quiet',
    '--stop-with-parent',
  ],
  ...['--yes', '--max-price', '--dry-run', '--provider', '--owner-key'],
  ...['--hidden', '--links', '--cid-profile', '--wrap', '--no-wrap', '--stdin-name'],
])

/** What measures, and is run by hand for docs/benchmarks.md: `tools bench …`, and two tables of the simulation. */
const MEASURED = /^tools (bench|sim --(skips|leaving))/

/** The words of the strings of each test, and of all that they share: helpers, and what a devnet starts. */
const wordsOf = (paths: readonly string[]) =>
  new Set(
    paths.flatMap((path) => literalsOf(readFileSync(join(root, path), 'utf8'))).flatMap((text) => text.split(/[\s=]+/)),
  )
const tests = globSync(['packages/{cli,provider}/src/**/*.test.ts', 'e2e/*.test.ts'], { cwd: root })
const helpers = globSync(['packages/{cli,provider}/test/*.ts', 'e2e/*.ts', 'packages/cli/src/devnet/*.ts'], {
  cwd: root,
  exclude: ['**/*.test.ts'],
})
const given = [
  ...tests.filter((path) => !path.endsWith('options-tested.test.ts')).map((path) => wordsOf([path])),
  wordsOf(helpers),
]

interface Declared {
  readonly path: readonly string[]
  /** `--output` and `-o`. */
  readonly flags: readonly string[]
}

function optionsOf(command: Command, path: readonly string[] = []): Declared[] {
  return [
    ...command.options.map(({ long, short }) => ({ path, flags: [long, short].filter((flag) => flag != null) })),
    ...command.commands.flatMap((below) => optionsOf(below, [...path, below.name()])),
  ]
}

test('each option is given in a test that runs its command', () => {
  const all = optionsOf(program).filter(({ path }) => path.length > 0)
  const isGiven = ({ path, flags }: Declared) =>
    given.some(
      (words) =>
        flags.some((flag) => words.has(flag)) &&
        (flags.some((flag) => SHARED.has(flag)) || path.every((word) => words.has(word))),
    )
  expect(all.length).toBeGreaterThan(300)
  const missing = all.filter((each) => !isGiven(each)).map(({ path, flags }) => [...path, flags[0]].join(' '))
  expect(missing.filter((each) => !MEASURED.test(each))).toEqual([])
})
