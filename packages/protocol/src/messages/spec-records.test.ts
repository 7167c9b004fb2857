import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { specOfRecords } from '../../test/spec-records.ts'

test('docs/spec/records.md says what is encoded; if it is meant to change, test/print-spec-records.ts prints it anew', () => {
  expect(readFileSync(new URL('../../../../docs/spec/records.md', import.meta.url), 'utf8')).toBe(specOfRecords())
})
