import { readFile } from 'node:fs/promises'
import { errorCatalogue } from '@granary/base'
import { expect, test } from '@jest/globals'
import { catalogueLists, errorsPage } from '../test/errors-page.ts'
import { readSources } from '../test/sources.ts'

const rows = catalogueLists().flatMap((list) => list.rows)

test('docs/errors.md is the catalogue; test/print-errors-page.ts prints it anew', async () => {
  expect(await readFile(new URL('../../../docs/errors.md', import.meta.url), 'utf8')).toBe(errorsPage())
})

test('a code stands in one list, with a sentence', () => {
  expect(rows.map(({ code }) => code).sort()).toEqual(Object.keys(errorCatalogue).sort())
  expect(rows.filter(({ sentence }) => !/^[A-Z].+\.$/.test(sentence))).toEqual([])
})

/** A code is given where it stands in the code and is not compared, listed or a type's. */
test('every code is given somewhere', () => {
  const text = readSources()
    .filter(({ path }) => !path.startsWith('packages/base/src/errors/'))
    .map((source) => source.text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''))
    .join('\n')
    .replace(/(?<!\|)\|\s*'\w+'|[!=]== '\w+'|case '\w+':|errors: \[[^\]]*\]|new Set(?:<\w+>)?\(\[[^\]]*\]\)/g, '')
  const never = Object.keys(errorCatalogue).filter((code) => !text.includes(`'${code}'`))
  expect(never.map((code) => `${code} stands in the catalogue, and nothing gives it`)).toEqual([])
})

test('what is said of a code has a meaning', () => {
  const known = {
    fault: ['caller', 'operator', 'peer', 'nobody', 'program'],
    status: [
      202, 400, 401, 402, 403, 404, 405, 406, 409, 410, 412, 413, 415, 416, 422, 423, 429, 451, 460, 500, 501, 503, 504,
      507,
    ],
    retryable: [true],
    exit: ['usage', 'partial', 'funds', 'network', 'upgrade', 'interrupted'],
    outage: [true],
    lost: [true],
  }
  const unknown = Object.entries(errorCatalogue).flatMap(([code, facts]) =>
    Object.entries(facts)
      .filter(([name, value]) => !(known[name as keyof typeof known] as unknown[] | undefined)?.includes(value))
      .map(([name, value]) => `${code}: ${name} ${value}`),
  )
  expect(unknown).toEqual([])
  expect(Object.entries(errorCatalogue).filter(([, { fault }]) => fault === undefined)).toEqual([])
})
