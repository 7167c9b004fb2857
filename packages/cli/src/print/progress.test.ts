import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { createProgress, type ProgressOptions } from './progress.ts'
import { createRate } from './rate.ts'

interface Screen extends PassThrough {
  readonly isTTY?: boolean
  readonly columns?: number
}

function screen(facts: { readonly isTTY?: boolean; readonly columns?: number } = {}): Screen {
  return Object.assign(new PassThrough({ encoding: 'utf8' }), { getColorDepth: () => 1 }, facts)
}

function progressOn(stderr: Screen, options: ProgressOptions = {}, env = {}) {
  return createProgress({ stderr, env }, options)
}

const written = (stream: Screen) => String(stream.read() ?? '')

test('where nothing is rewritten a work is told when its step changes, and not more than once a second', async () => {
  const stderr = screen()
  using progress = await progressOn(stderr)
  for (const bytes of [0, 10, 20]) progress.show({ name: 'copy 1', step: 'upload', bytes, bytesTotal: 40 })
  progress.show({ name: 'copy 2', step: 'upload', bytes: 0, bytesTotal: 40 })
  progress.show({ name: 'copy 1', step: 'upload', bytes: 40, bytesTotal: 40 })
  progress.show({ name: 'copy 1', step: 'sealing' })
  const lines = written(stderr).trimEnd().split('\n')
  expect(lines.map((line) => line.replace(/^ *\d+ ms {2}/, ''))).toEqual([
    'copy 1          upload  0 %  0 bytes of 40 bytes',
    'copy 2          upload  0 %  0 bytes of 40 bytes',
    'copy 1          upload  100 %  40 bytes of 40 bytes',
    'copy 1          sealing',
  ])
})

test('a silence is broken by what is waited for', async () => {
  const stderr = screen()
  using progress = await progressOn(stderr, { beatMs: 20 })
  progress.say('published', 'deal 3')
  expect(written(stderr)).toMatch(/published {7}deal 3\n$/)
  await once(stderr, 'readable')
  expect(written(stderr)).toMatch(/waiting {9}0 s since published\n/)
  progress.show({ name: 'copy 1', step: 'sealing' })
  written(stderr)
  await once(stderr, 'readable')
  expect(written(stderr)).toMatch(/copy 1 {10}sealing\n/)
})

test('who rests waits for nothing, and can still say what happens', async () => {
  const stderr = screen()
  using progress = await progressOn(stderr, { beatMs: 10 })
  progress.say('provider 1', 'http://127.0.0.1:1')
  progress.rest()
  written(stderr)
  await new Promise((done) => setTimeout(done, 100))
  progress.say('provider 1', 'has ended')
  expect(written(stderr)).toMatch(/^ *\d+ ms {2}provider 1 {6}has ended\n$/)
})

test('on a terminal a work has one line, which fits, and facts stay above it', async () => {
  const stderr = screen({ isTTY: true, columns: 60 })
  using progress = await progressOn(stderr)
  progress.show({ name: 'copy 1', step: 'upload', bytes: 5 << 20, bytesTotal: 20 << 20 })
  progress.show({ name: 'copy 2', step: 'a step whose name goes on and on, as far as nobody can see' })
  const frame = written(stderr)
  expect(frame).toContain('copy 1          upload  25 %  5 MiB of 20 MiB\n')
  expect(frame).toMatch(/copy 2 {10}a step whose name goes on and on, as far a…\n/)
  progress.say('agreed', 'provider 4')
  const [, said, again] = /^([\s\S]*agreed[^\n]*\n)([\s\S]*)$/.exec(written(stderr))!
  expect(said).toContain('provider 4')
  expect(again).toContain('copy 1')
  progress.end('copy 1')
  progress.end('copy 2')
  expect(written(stderr)).not.toContain('copy 1')
})

test('nothing is rewritten on a terminal that cannot', async () => {
  const stderr = screen({ isTTY: true, columns: 80 })
  using progress = await progressOn(stderr, {}, { TERM: 'dumb' })
  progress.show({ name: 'copy 1', step: 'upload' })
  progress.say('agreed', 'provider 4')
  expect(written(stderr)).not.toContain('\u001b')
})

test('where it is narrow a text begins below its title, and a CID stays whole', async () => {
  const cid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
  const stderr = screen()
  using progress = await progressOn(stderr, {}, { COLUMNS: '60' })
  progress.say('root CID', `${cid}  (3 bytes, 1 block)`)
  expect(written(stderr)).toMatch(new RegExp(`^ +\\d+ ms {2}root CID\\n {4}${cid}\\n {4}\\(3 bytes, 1 block\\)\\n$`))
})

test('quiet is quiet', async () => {
  const stderr = screen()
  using progress = await progressOn(stderr, { form: 'none' })
  progress.say('agreed', 'provider 4')
  progress.show({ name: 'copy 1', step: 'upload' })
  progress.end('copy 1')
  expect(written(stderr)).toBe('')
})

test('a rate is that of the last seconds, and begins anew with a smaller count', () => {
  const rate = createRate()
  expect(rate.perSecond(0)).toBeUndefined()
  for (let second = 0; second <= 10; second += 1) rate.reach(second * 100, second * 1_000)
  expect(rate.perSecond(10_000)).toBe(100)
  for (let second = 11; second <= 20; second += 1) rate.reach(1_000 + (second - 10) * 500, second * 1_000)
  expect(rate.perSecond(20_000)).toBe(500)
  expect(rate.perSecond(30_000)).toBeLessThan(250)
  rate.reach(0, 30_000)
  expect(rate.perSecond(30_100)).toBeUndefined()
})

test('nothing is drawn while somebody is asked', async () => {
  const stderr = screen({ isTTY: true, columns: 80 })
  using progress = await progressOn(stderr, { beatMs: 20 })
  progress.say('plan', '1 deal')
  written(stderr)
  const answer = await progress.asking(async () => {
    stderr.write('Spend? ')
    await new Promise((done) => setTimeout(done, 100))
    return 'y'
  })
  expect([answer, written(stderr)]).toEqual(['y', 'Spend? '])
  await once(stderr, 'readable')
  expect(written(stderr)).toContain('since plan')
})
