import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { systemClock } from '@granary/base'
import { expect, test } from '@jest/globals'
import { handClock } from '../../test/hand-clock.ts'
import { serve } from '../../test/serve.ts'
import { followDeal } from './follow-deal.ts'

const entry = (id: number, type: string, fields: object = {}) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ id, type, atMs: 1, epoch: 1, ...fields })}\n\n`
const published = entry(2, 'published', { deal: 7 })

test('a story that breaks off goes on where it was, and nothing is told twice', async () => {
  const asked: unknown[] = []
  await using provider = await serve((request, response) => {
    asked.push(request.headers['last-event-id'])
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    if (asked.length === 1) {
      response.write(entry(1, 'agreed') + published, () => response.destroy())
      return
    }
    response.write(`: keep-alive\n\n${published}data: not JSON\n\n${entry(3, 'active')}`)
  })
  const types: string[] = []
  let broken = 0
  const onBroken = () => {
    broken += 1
  }
  for await (const { type } of followDeal({ endpoint: provider.url, deal: 7 }, { onBroken })) {
    types.push(type)
    if (type === 'active') break
  }
  expect(types).toEqual(['agreed', 'published', 'active'])
  expect(asked).toEqual([undefined, '2'])
  expect(broken).toBe(1)
})

test('what only a newer provider tells, and what is not as it is agreed on, is no part of the story', async () => {
  await using provider = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const told = [
      entry(1, 'moon-risen'),
      entry(2, 'published', { deal: 'seven' }),
      entry(3, 'settled', { paid: '-1', burnt: '0', provenEpochs: 1 }),
      entry(4, 'settled', { paid: '1', burnt: '0', provenEpochs: 1, mood: 'good' }),
    ]
    response.write(told.join(''))
  })
  const { value } = await followDeal({ endpoint: provider.url, deal: 7 }).next()
  expect(value).toEqual({ id: '4', type: 'settled', atMs: 1, epoch: 1, paid: '1', burnt: '0', provenEpochs: 1 })
})

test('a provider that hangs is away, and asked again over another connection; one with nothing to tell is not', async () => {
  const hand = handClock()
  const clock = { ...hand, sleep: () => systemClock.sleep(1) }
  const asked: unknown[] = []
  let telling: ServerResponse | undefined
  await using provider = await serve((request, response) => {
    asked.push(request.headers['last-event-id'])
    // It takes the first connection, and says nothing.
    if (asked.length === 1) return hand.advance(45_000)
    telling = response
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(asked.length === 2 ? published : entry(3, 'active'))
  })
  const broken: unknown[] = []
  const onBroken = (error: unknown) => void broken.push(error)
  const story = followDeal({ endpoint: provider.url, deal: 7, clock }, { onBroken })
  expect((await story.next()).value).toMatchObject({ type: 'published' })
  expect(broken).toEqual(['no answer in time'])

  const next = story.next()
  for (let minute = 0; minute < 3; minute++) {
    hand.advance(40_000)
    const dueMs = hand.nextDueMs()
    telling!.write(': keep-alive\n\n')
    while (hand.nextDueMs() === dueMs) await setImmediate()
  }
  expect([asked.length, broken.length]).toEqual([2, 1])
  hand.advance(45_000)
  expect((await next).value).toMatchObject({ type: 'active' })
  expect([asked, broken.length]).toEqual([[undefined, undefined, '2'], 2])
  await story.return(undefined)
})

test("a refusal ends the story with the provider's error", async () => {
  const error = { code: 'DEAL_NOT_FOUND', message: 'no deal 7', hint: 'look again', retryable: false }
  await using provider = await serve(
    (_request, response) => void response.writeHead(404).end(JSON.stringify({ error })),
  )
  await expect(followDeal({ endpoint: provider.url, deal: 7 }).next()).rejects.toMatchObject(error)
})

test('the signal ends it, also while the provider is away', async () => {
  const controller = new AbortController()
  let asked = 0
  await using provider = await serve((request) => {
    request.destroy()
    asked += 1
    if (asked === 2) controller.abort()
  })
  const story = followDeal({ endpoint: provider.url, deal: 7 }, { signal: controller.signal })
  await expect(story.next()).rejects.toMatchObject({ name: 'AbortError' })
})
