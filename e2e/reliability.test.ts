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

/** The text before the name, when it stands in quotes and in no comment. */
function beforeName(text: string, name: string): string {
  const at = Math.max(text.indexOf(`'${name}'`), text.indexOf(`"${name}"`))
  const before = at === -1 ? '' : text.slice(0, at)
  const isComment = /^\s*(\/\/|\/?\*)/.test(before.slice(before.lastIndexOf('\n') + 1))
  return isComment ? '' : before.trimEnd()
}

test.each(rows.map((row) => [row.fault, row] as const))('%s: its test exists, and runs', (_, { file, name }) => {
  const text = readFileSync(join(repository, file), 'utf8')
  const before = beforeName(text, name)
  // A name that a machine without Redis or a mount completes with the reason stands in a constant.
  const [, constant] = /\bconst (\w+) =$/.exec(before) ?? []
  const isNamed =
    constant === undefined ? /[[(:?]$/.test(before) : text.split(new RegExp(`\\b${constant}\\b`)).length > 2
  expect([file, name, isNamed]).toEqual([file, name, true])
  expect([file, name, /\.(skip|todo|failing)\($/.test(before)]).toEqual([file, name, false])
})
