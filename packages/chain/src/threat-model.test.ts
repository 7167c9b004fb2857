import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { attacks } from '../test/attacks.ts'
import { threatModel } from '../test/threat-model.ts'

const TEST_NAME = /(?:test|describe)(?:\.each\([^)]*\))?\(\s*(?:'([^'\n]+)|"([^"\n]+)|`([^`\n]+))/g

test.each(attacks)('the attack "$name" is tried in $file.test.ts', async ({ name, file }) => {
  const source = await readFile(new URL(`../../${file}.test.ts`, import.meta.url), 'utf8')
  const names = [...source.matchAll(TEST_NAME)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
  expect(names.filter((each) => each.startsWith(name))).not.toEqual([])
})

test('docs/threat-model.md is the list of attacks; test/print-threat-model.ts prints it anew', async () => {
  expect(await readFile(new URL('../../../docs/threat-model.md', import.meta.url), 'utf8')).toBe(threatModel())
})
