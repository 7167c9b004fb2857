import { PassThrough, Readable } from 'node:stream'
import type { UploadQuote } from '@granary/client/node'
import { expect, test } from '@jest/globals'
import type { CommandContext } from '../program-context.ts'
import { run } from '../run.ts'
import { printQuote } from './put.ts'

const quote: UploadQuote = {
  ...{
    rootCid: 'bafy',
    fileBytes: 1,
    pieces: [],
    copies: 1,
    slots: [],
    duration: 600,
    durationMs: 300_000,
    renewUntil: null,
    renewUntilMs: null,
    withoutEffect: [],
    storedBytes: 0,
  },
  ...{
    price: '0',
    order: '0',
    recordFees: '0',
    messageFees: '0',
    spareFees: '0',
    total: '0',
    month: '0',
    perGiBMonth: '0',
  },
}

async function shown(changes: Partial<UploadQuote>, json = false): Promise<string> {
  const written: string[] = []
  const stdout = { write: (text: string) => written.push(text) }
  const context = { stdout, env: {}, cwd: () => '/' } as unknown as CommandContext
  const form = { json, time: { height: 1, timeMs: 0, blockTimeMs: 500 } }
  await printQuote({ ...quote, ...changes }, form, context)
  return written.join('')
}

test('a price says how long it is for as people say it', async () => {
  const lasting = (duration: number) => shown({ duration, durationMs: duration * 500 })
  expect(await lasting(600)).toContain('1 of each, for 5 min (600 epochs)')
  expect(await lasting(7_200)).toContain('1 of each, for 1 h (7200 epochs)')
  expect(await lasting(180 * 172_800)).toContain('1 of each, for 180 d (31104000 epochs)')
})

test('a price names the options that deals which are made do not follow', async () => {
  expect(await shown({})).not.toContain('no effect')
  const settled = { withoutEffect: ['label', 'renewUntil'] } as const
  expect(await shown(settled)).toContain('no effect: --label, --renew-until: the deal was agreed before')
  expect(JSON.parse(await shown(settled, true)).data.withoutEffect).toEqual(['--label', '--renew-until'])
})

test('a put that was long in being loaded says so before it loads more', async () => {
  const begin = async (startMs: number) => {
    const stderr = new PassThrough({ encoding: 'utf8' })
    const context = { stdout: new PassThrough(), stderr, stdin: Readable.from([]), cwd: () => '/' }
    const env = { GRANARY_HOME: '/nowhere/granary-test', GRANARY_CONFIG: '/nowhere/granary-test/config.yaml' }
    expect(await run(['put', '/nowhere/report.pdf'], { ...context, env, startMs })).not.toBe(0)
    return String(stderr.read())
  }
  expect(await begin(performance.now() - 1_000)).toMatch(/^ *[\d.]+ m?s {2}start +to store \/nowhere\/report\.pdf\n/)
  expect(await begin(performance.now() + 60_000)).not.toContain('start')
})
