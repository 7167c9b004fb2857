import { expect, test } from '@jest/globals'
import { readServerSentEvents } from './read-server-sent-events.ts'

function bodyOf(...chunks: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk))
      controller.close()
    },
  })
}

async function all(...chunks: string[]): Promise<object[]> {
  const events: object[] = []
  for await (const event of readServerSentEvents(bodyOf(...chunks))) events.push(event)
  return events
}

test('events arrive whole, however the bytes were cut', async () => {
  const text = 'id: 7.1\nevent: deal:active\ndata: {"deal":1}\n\n: keep-alive\n\nid: 7.2\ndata: a\ndata: b\n\n'
  const expected = [
    { id: '7.1', event: 'deal:active', data: '{"deal":1}' },
    { id: '7.2', event: 'message', data: 'a\nb' },
  ]
  expect(await all(text)).toEqual(expected)
  expect(await all(...text)).toEqual(expected)
})

test('an event that the connection cut in the middle is not delivered', async () => {
  expect(await all('id: 1\ndata: whole\n\nid: 2\ndata: ha')).toEqual([{ id: '1', event: 'message', data: 'whole' }])
})

test('an event without an id carries the last one', async () => {
  expect(await all('id: 5\ndata: a\n\ndata: b\n\n')).toMatchObject([{ id: '5' }, { id: '5', data: 'b' }])
})

test('a stream that never ends its line is given up', async () => {
  const endless = Array.from({ length: 6 }, () => 'x'.repeat(1024 * 1024))
  await expect(all('data: ', ...endless)).rejects.toThrow()
})
