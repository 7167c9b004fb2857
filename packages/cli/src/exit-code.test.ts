import { once } from 'node:events'
import { createServer } from 'node:net'
import { PassThrough } from 'node:stream'
import { errorCatalogue, GranaryError, relayedCode } from '@granary/base'
import { expect, test } from '@jest/globals'
import { granary } from '../test/granary.ts'
import { EXIT, exitCodeOf, exitOfCode } from './exit-code.ts'
import { printResult } from './print/result.ts'

test.each([
  ['INSUFFICIENT_FUNDS', 4],
  ['PASSPHRASE_WRONG', 4],
  ['CHAIN_UNREACHABLE', 5],
  ['NO_PROVIDER', 5],
  ['CID_INVALID', 2],
  ['HEADER_NOT_SIGNED', 5],
  ['BLOCK_MISSING', 5],
  ['SPENDING_UNCONFIRMED', 2],
  ['PORT_IN_USE', 1],
  ['HOME_LOCKED', 1],
  ['UPGRADE_REQUIRED', 6],
  ['A_CODE_OF_TOMORROW', 1],
])('%s gives %i', (code, exit) => {
  expect(exitCodeOf(new GranaryError({ code: relayedCode(code), message: '', hint: '', retryable: false }))).toBe(exit)
})

test('an interruption gives 130, anything else 1', () => {
  expect(exitCodeOf(AbortSignal.abort().reason)).toBe(130)
  expect(exitCodeOf(new Error('x'))).toBe(1)
})

test('every code of the catalogue ends the program in one of the ways that --help lists', () => {
  const ends = new Set(Object.keys(errorCatalogue).map(exitOfCode))
  expect([...ends].sort((a, b) => a - b)).toEqual([
    ...[EXIT.failed, EXIT.usage, EXIT.partial, EXIT.funds, EXIT.network, EXIT.upgrade, EXIT.interrupted],
  ])
})

test('a result that is not all that was asked for gives 3, and its document is not ok', () => {
  const codes: number[] = []
  const stdout = new PassThrough({ encoding: 'utf8' })
  const context = { stdout, env: {}, cwd: () => '/', setExitCode: (code: number) => void codes.push(code) }
  printResult(context, { copies: 1 }, { json: true, partial: true, text: String })
  expect(codes).toEqual([3])
  expect(JSON.parse(stdout.read())).toMatchObject({ ok: false, code: 'PARTIAL', data: { copies: 1 }, error: null })
})

test('Ctrl-C in the middle of a command gives 130', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const running = granary(['deals', '--chain', `http://127.0.0.1:${port}`, '--json'])
  const [socket] = await once(silent, 'connection')
  process.emit('SIGINT')
  const { code, stdout } = await running
  socket.destroy()
  silent.close()
  expect(code).toBe(130)
  expect(JSON.parse(stdout)).toMatchObject({ ok: false, code: 'INTERRUPTED' })
})
