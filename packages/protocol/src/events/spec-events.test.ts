import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { specOfEvents } from '../../test/spec-events.ts'

test('docs/spec/events.md says what is told; if it is meant to change, test/print-spec-events.ts prints it anew', () => {
  expect(readFileSync(new URL('../../../../docs/spec/events.md', import.meta.url), 'utf8')).toBe(specOfEvents())
})
