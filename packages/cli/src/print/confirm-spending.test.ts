import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { confirmSpending, type SpendingOptions } from './confirm-spending.ts'

const grn = 10n ** 18n
const spending = { what: 'store report.pdf for 180 d', price: 3n * grn }

async function confirm(options: SpendingOptions, answer?: string, env: Record<string, string> = {}): Promise<string> {
  const isTTY = answer !== undefined
  const stdin = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY })
  stdin.end(answer)
  await confirmSpending({ stdin, stderr, env } as never, spending, options)
  return String(stderr.read() ?? '')
}

test.each(['y\n', 'Y\n', ' yes \n'])(
  'on a terminal %j spends, after a question with price and purpose',
  async (answer) => {
    expect(await confirm({}, answer)).toContain('Spend 3 GRN to store report.pdf for 180 d? [y/N]')
  },
)

test.each(['\n', 'n\n', 'yesterday\n', '\u0004', ''])('on a terminal %j spends nothing', async (answer) => {
  await expect(confirm({}, answer)).rejects.toMatchObject({ code: 'SPENDING_DECLINED' })
})

test('Ctrl-C at the question is an interruption', async () => {
  await expect(confirm({}, '\u0003')).rejects.toMatchObject({ name: 'AbortError' })
  await expect(confirm({ signal: AbortSignal.abort() }, '')).rejects.toMatchObject({ name: 'AbortError' })
})

test.each(['\u0003', '\u0004', '', 'n\r'])('after %j what is said next begins a line', async (typed) => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const stderr = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY: true })
  stdin.end(typed)
  await expect(confirmSpending({ stdin, stderr, env: {} } as never, spending, {})).rejects.toThrow()
  expect(String(stderr.read())).toMatch(/[^\n]\r?\n$/)
})

test.each<[string, SpendingOptions, string | undefined, Record<string, string>]>([
  ['in a pipe', {}, undefined, {}],
  ['with --json', { json: true }, 'y\n', {}],
  ['in a build', {}, 'y\n', { CI: 'true' }],
])('%s nobody is asked, and nothing is spent', async (_, options, answer, env) => {
  const error = await confirm(options, answer, env).catch((error: unknown) => error)
  expect(error).toMatchObject({ code: 'SPENDING_UNCONFIRMED', details: { price: `${3n * grn}` } })
  expect(error).toMatchObject({ hint: expect.stringContaining('--max-price') })
})

test('what was allowed beforehand is spent unasked, to the last atto, and not one more', async () => {
  expect(await confirm({ yes: true })).toBe('')
  expect(await confirm({ maxPrice: 3n * grn })).toBe('')
  const above = confirm({ maxPrice: 3n * grn - 1n, yes: true })
  await expect(above).rejects.toMatchObject({ code: 'PRICE_ABOVE_MAX' })
})
