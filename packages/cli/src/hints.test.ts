import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { literalsOf } from '../test/literals.ts'
import { misnamedIn } from '../test/misnamed.ts'
import { readSources } from '../test/sources.ts'
import { createProgram } from './create-program.ts'

const program = createProgram({ ...process, json: false, setExitCode: () => undefined })

test('a hint names only commands, flags, paths, pages and messages that there are', () => {
  const broken = readSources().flatMap(({ path, text }) =>
    literalsOf(text)
      .filter((literal) => /\s/.test(literal))
      .flatMap((hint) => misnamedIn(hint, program).map((what) => `${path}: ${what}, in "${hint}"`)),
  )
  expect(broken).toEqual([])
})

test('a document names only commands and flags that there are', () => {
  const root = new URL('../../../', import.meta.url)
  const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: fileURLToPath(root) })
  expect(pages.length).toBeGreaterThan(20)
  const broken = pages.flatMap((page) =>
    [...readFileSync(new URL(page, root), 'utf8').matchAll(/`granary [^`]*`/g)].flatMap(([command]) =>
      misnamedIn(command, program).map((what) => `${page}: ${what}`),
    ),
  )
  expect(broken).toEqual([])
})

test.each([
  ['start one with `granary devnet` or `granary chain run --home FOLDER`', []],
  ['give `granary chain build`', ['there is no command `granary chain build`']],
  ['give `granary chain init --fast`', ['`granary chain init --fast` does not have the flag --fast']],
  ['`granary … 7 --for 30d` keeps it', []],
  ['`granary … 7 --fast` keeps it', ['`granary … 7 --fast` does not have the flag --fast']],
  ['run granary dance, then look', ['there is no command `granary dance`']],
  ['run `npx granary dance`', ['there is no command `granary dance`']],
  ['granary put FILE --fast', ['`granary put FILE --fast` does not have the flag --fast']],
  ['run the release of granary that wrote it', []],
  ['choose another with --porto', ['no command has the flag --porto']],
  ['look it up in chain.md', ['there is no page chain.md']],
  ['docs/spec/chain.md, section 8, lists the paths', []],
  ['docs/spec/chain.md, section 99', ['docs/spec/chain.md has no section 99']],
  ['send a TopUpDeal', []],
  ['ask GET /v1/txs/…, or POST /v1/auth', []],
  ['ask GET /v1/receipts/7', ['nothing answers GET /v1/receipts/7']],
  ['send a CloseDeal', ['there is no message CloseDeal']],
])('%j is held against what there is', (hint, expected) => {
  expect(misnamedIn(hint, program)).toEqual(expected)
})

test('the reader of sources finds texts and no comments, patterns or code', () => {
  const source = [
    `const a = 'it''s' /* 'no' */ // "no"`,
    `const b = \`one \${c ? "two" : \`three \${d}\`} four\``,
    `const e = /['"]/.test(f) ? "g\\"h" : 1 / 2`,
  ].join('\n')
  expect(literalsOf(source)).toEqual(['it', 's', 'two', 'three …', 'one … four', 'g"h'])
})
