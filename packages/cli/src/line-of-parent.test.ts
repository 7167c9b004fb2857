import { PassThrough } from 'node:stream'
import { expect, test } from '@jest/globals'
import { lineOfParent } from './line-of-parent.ts'

const never = new AbortController().signal

test('the line is what comes before its end, in however many parts', async () => {
  const stdin = new PassThrough()
  const line = lineOfParent(stdin, never)
  stdin.write('http://127.')
  stdin.write('0.0.1:1\nand more')
  expect(await line).toBe('http://127.0.0.1:1')
})

test('the end of standard input is heard of after the line', async () => {
  const stdin = new PassThrough()
  const ended = new Promise((resolve) => stdin.once('end', resolve))
  const line = lineOfParent(stdin, never)
  stdin.write('line\n')
  await line
  stdin.end('nobody reads this')
  await ended
})

test('who is stopped before the line came does not wait for it', async () => {
  const stopped = new AbortController()
  const line = lineOfParent(new PassThrough(), stopped.signal)
  stopped.abort()
  await expect(line).rejects.toMatchObject({ name: 'AbortError' })
  await expect(lineOfParent(new PassThrough(), stopped.signal)).rejects.toMatchObject({ name: 'AbortError' })
})
