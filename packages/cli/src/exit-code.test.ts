import { GranaryError, relayedCode } from '@granary/base'
import { expect, test } from '@jest/globals'
import { exitCodeOf } from './exit-code.ts'

test.each([
  ['INSUFFICIENT_FUNDS', 4],
  ['PASSPHRASE_WRONG', 4],
  ['CHAIN_UNREACHABLE', 5],
  ['NO_PROVIDER', 5],
  ['CID_INVALID', 2],
  ['PORT_IN_USE', 1],
  ['HOME_LOCKED', 1],
  ['A_CODE_OF_TOMORROW', 1],
])('%s gives %i', (code, exit) => {
  expect(exitCodeOf(new GranaryError({ code: relayedCode(code), message: '', hint: '', retryable: false }))).toBe(exit)
})

test('an interruption gives 130, anything else 1', () => {
  expect(exitCodeOf(AbortSignal.abort().reason)).toBe(130)
  expect(exitCodeOf(new Error('x'))).toBe(1)
})
