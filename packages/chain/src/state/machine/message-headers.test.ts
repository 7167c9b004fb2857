import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const folder = new URL('../messages/', import.meta.url)

test.each(readdirSync(folder))('%s says who signs the message, what it costs and what it refuses', (file) => {
  const source = readFileSync(new URL(file, folder), 'utf8')
  const header = /^\/\*\*\n(.*?)\n \*\/\n/s.exec(source)?.[1] ?? ''
  const name = file.replace(/\.ts$/, '').replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase())
  expect(header).toMatch(new RegExp(`^ \\* ${name}: .*\\n \\*\\n \\* Signed .*\\n \\* Costs .*\\n \\* Refuses `, 's'))
  const codes = new Set([...source.matchAll(/(?:TxError\(|refusal\(\s*)'([A-Z_]+)'/g)].map(([, code]) => code!))
  expect([...codes].filter((code) => !header.includes(code))).toEqual([])
})
