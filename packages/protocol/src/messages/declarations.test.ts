import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { declarations, transactions } from './declarations.ts'

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

test('the list is the only other place that names a message: its type follows from it', () => {
  const index = readFileSync(new URL('index.ts', import.meta.url), 'utf8')
  expect(Object.keys(transactions).filter((name) => new RegExp(`\\b${name}\\b`).test(index))).toEqual([])
})
