/** docs/reliability.md names a test for each fault: it is there, under that name. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { repository } from './harness.ts'

interface Row {
  readonly fault: string
  readonly file: string
  readonly name: string
}

function readRows(): Row[] {
  const lines = readFileSync(join(repository, 'docs/reliability.md'), 'utf8').split('\n')
  return lines
    .filter((line) => line.startsWith('| ') && !line.startsWith('| fault '))
    .map((line) => {
      const cells = line.split(' |').map((cell) => cell.replace(/^\|? ?/, '').trim())
      const [, file = '', name = ''] = /^`([^`]+)`: (.+)$/.exec(cells[5] ?? '') ?? []
      return { fault: cells[0] ?? '', file, name }
    })
}

const rows = readRows()

test('the table of faults is read', () => {
  expect(rows.length).toBeGreaterThan(5)
})

test.each(rows.map((row) => [row.fault, row] as const))('%s: its test exists', (_, { file, name }) => {
  const text = readFileSync(join(repository, file), 'utf8')
  expect(/\btest(\.each|\.concurrent)?\(/.test(text)).toBe(true)
  expect([file, text.includes(`'${name}'`) || text.includes(`"${name}"`)]).toEqual([file, true])
})
