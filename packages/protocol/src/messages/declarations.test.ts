import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { declarations } from './declarations.ts'

test('no two messages have a number in common', () => {
  const kinds = Object.values(declarations).map(({ kind }) => kind)
  expect(new Set(kinds).size).toBe(kinds.length)
})

test('every message that is declared is in the list', () => {
  const folder = new URL('.', import.meta.url)
  const declared = readdirSync(folder)
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(new URL(file, folder), 'utf8').matchAll(/^ {2}name: '([A-Z]\w+)',$/gm)])
    .map(([, name]) => name)
  expect(declared.length).toBeGreaterThan(10)
  expect([...declared, 'BeaconEntry'].sort()).toEqual(Object.keys(declarations).sort())
})
