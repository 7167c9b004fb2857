import { readFile } from 'node:fs/promises'
import { formatGrn } from '@granary/protocol/messages'
import type { ChainParams } from '@granary/protocol/records'
import { expect, test } from '@jest/globals'
import { productionParams } from '../machine/params.ts'
import { governedParams } from './governed-params.ts'

const params = productionParams()
const page = await readFile(new URL('../../../../../docs/spec/governance.md', import.meta.url), 'utf8')

const rows = Object.entries(governedParams).map(([name, { bound, why }]) => {
  const { min, max } = bound(params)
  const isAmount = typeof params[name as keyof ChainParams] === 'bigint'
  const [least, most] = [min, max].map((value) => (isAmount ? formatGrn(value) : String(value)))
  return `| ${name} | ${least} | ${most} | ${why} |`
})

test('docs/spec/governance.md has each parameter that a vote changes, with its bounds and their reason', () => {
  expect(page.split('\n').filter((line) => rows.includes(line))).toEqual(rows)
})

test('and says of each other parameter that none does', () => {
  const others = Object.keys(params).filter((name) => !(name in governedParams))
  const missing = others.filter((name) => !new RegExp(`\\b${name}\\b`).test(page.slice(page.indexOf('All others'))))
  expect(missing).toEqual([])
})
