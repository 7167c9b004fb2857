/** Who says nothing is not waited for: over real connections, by a clock that passes when the test says so. */
import { setImmediate } from 'node:timers/promises'
import { beforeAll, expect, test } from '@jest/globals'
import { type Content, fileContent, someBytes } from '../../test/a-content.ts'
import { handClock } from '../../test/hand-clock.ts'
import { type Answer, Blocks, holderOf, reachOverHttp, type Trouble } from '../../test/holders.ts'
import { type Market, openMarket } from '../../test/retrieval-market.ts'
import type { Retrieved } from './get.ts'

const MIB = 1 << 20
/** The silence after which another is asked. */
const SILENCE_MS = 2_000

const bytes = someBytes(5 * MIB + 17, 3)
let file: Content

beforeAll(async () => {
  file = await fileContent(bytes)
})

async function whole(got: Retrieved): Promise<Buffer> {
  if (got.type !== 'file') throw new Error(`a ${got.type}`)
  return Buffer.concat(await Array.fromAsync(got.stream()))
}

/** One that takes the connection and the request, and says nothing. */
function silentOne(): { readonly answer: Answer; readonly asked: Promise<void>; requests(): number } {
  const { promise, resolve } = Promise.withResolvers<void>()
  let requests = 0
  return {
    requests: () => requests,
    asked: promise,
    answer() {
      requests += 1
      resolve()
      return new Promise(() => undefined)
    },
  }
}

/** Who was told of, in order, and what of each. */
function told({ progress }: Market): string[] {
  return progress.flatMap((event) => {
    if (event.type === 'provider:trying') return [`${event.provider ?? 'gateway'} is asked`]
    return event.type === 'provider:failed' ? [`${event.provider ?? 'gateway'}: ${event.code}`] : []
  })
}

test('beside a provider that says nothing a gateway is asked, and the next get begins with the gateway', async () => {
  const clock = handClock()
  const silent = silentOne()
  await using chain = await openMarket(reachOverHttp, file.cid, [silent.answer], {
    clock,
    gateways: [holderOf(file.blocks)],
  })
  const getting = chain.get(file.cid).then(whole)
  await silent.asked
  clock.advance(SILENCE_MS - 1)
  await setImmediate()
  expect(told(chain)).toEqual(['1000 is asked'])
  clock.advance(1)
  expect((await getting).equals(bytes)).toBe(true)
  expect(told(chain)).toEqual(['1000 is asked', 'gateway is asked', '1000: PROVIDER_UNREACHABLE'])

  expect((await whole(await chain.get(file.cid))).equals(bytes)).toBe(true)
  expect(told(chain).slice(3)).toEqual(['gateway is asked'])
  expect(silent.requests()).toBe(1)
})

test('of any number that say nothing, each costs one silence and no more', async () => {
  const clock = handClock()
  const silent = [silentOne(), silentOne(), silentOne(), silentOne()]
  const answers = [...silent.map(({ answer }) => answer), holderOf(file.blocks)]
  await using chain = await openMarket(reachOverHttp, file.cid, answers, { clock })
  const getting = chain.get(file.cid).then(whole)
  // Of whom nothing is known, two are asked at once.
  await Promise.all(silent.slice(0, 2).map(({ asked }) => asked))
  for (const { asked } of silent.slice(2)) {
    clock.advance(SILENCE_MS)
    await asked
  }
  clock.advance(SILENCE_MS)
  expect((await getting).equals(bytes)).toBe(true)
  expect(told(chain).filter((line) => line.endsWith('UNREACHABLE'))).toHaveLength(4)
})

test('one that falls silent in the middle is followed by another, and asked last from then on', async () => {
  const clock = handClock()
  const stops: Trouble = async function* (blocks) {
    let index = 0
    for await (const block of blocks) {
      if (index++ === 3) await new Promise(() => undefined)
      yield block
    }
  }
  await using chain = await openMarket(reachOverHttp, file.cid, [holderOf(file.blocks, stops)], {
    clock,
    gateways: [holderOf(file.blocks)],
  })
  const got = await chain.get(file.cid)
  const parts: Uint8Array[] = []
  const reading = (async () => {
    for await (const part of got.type === 'file' ? got.stream() : []) parts.push(part)
  })()
  // The root, and two blocks of the file: then nothing more is on its way.
  while (parts.length < 2) await setImmediate()
  // Whether anything has come is looked at when a silence would be over: what was still on its way begins another.
  while (!told(chain).includes('gateway is asked')) {
    clock.advance(SILENCE_MS)
    await setImmediate()
  }
  await reading
  expect(Buffer.concat(parts).equals(bytes)).toBe(true)
  expect(told(chain)).toEqual(['1000 is asked', 'gateway is asked', '1000: PROVIDER_UNREACHABLE'])
  expect((await whole(await chain.get(file.cid))).equals(bytes)).toBe(true)
  expect(told(chain).slice(3)).toEqual(['gateway is asked'])
})

test('one that is slow and has what nobody else has is waited for', async () => {
  const clock = handClock()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const { promise: lacking, resolve: hasLacked } = Promise.withResolvers<void>()
  let requests = 0
  const slow: Answer = async (request) => {
    requests += 1
    await released
    return await holderOf(file.blocks)(request)
  }
  const without: Answer = (request) => {
    if (request.url.includes('format=raw')) hasLacked()
    return holderOf(new Blocks())(request)
  }
  await using chain = await openMarket(reachOverHttp, file.cid, [slow], { clock, gateways: [without] })
  const getting = chain.get(file.cid).then(whole)
  while (requests < 1) await setImmediate()
  clock.advance(SILENCE_MS)
  await lacking
  release()
  expect((await getting).equals(bytes)).toBe(true)
  expect(told(chain)).not.toContain('1000: PROVIDER_UNREACHABLE')
})

test('a connection that is dead is given up for a new one to the same provider, where there is no other', async () => {
  const clock = handClock()
  const silent = silentOne()
  const answer: Answer = (request) =>
    silent.requests() === 0 ? silent.answer(request) : holderOf(file.blocks)(request)
  await using chain = await openMarket(reachOverHttp, file.cid, [answer], { clock })
  const getting = chain.get(file.cid).then(whole)
  await silent.asked
  clock.advance(SILENCE_MS)
  expect((await getting).equals(bytes)).toBe(true)
  expect(told(chain)).toEqual(['1000 is asked'])
})
