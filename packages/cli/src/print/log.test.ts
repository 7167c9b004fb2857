import { Writable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { createLog, type LogEvent } from './log.ts'

function said(event: LogEvent, { isTTY = false, json = false, env = {} } = {}): string {
  let text = ''
  const stderr = Object.assign(
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        text += chunk
        done()
      },
    }),
    { isTTY },
  )
  createLog({ stdout: stderr, stderr, stdin: process.stdin, env, cwd: () => '/' }, { json })(event)
  return text
}

const event = { time: '2026-01-02T03:04:05.678Z', level: 'warn', type: 'sector:retry', sector: 7, hint: 'wait' }

test('a line is JSON where no terminal is, with its level by name, and of no process or host', () => {
  const line = '{"level":"warn","time":"2026-01-02T03:04:05.678Z","type":"sector:retry","sector":7,"hint":"wait"}\n'
  expect(said(event)).toBe(line)
  expect(said(event, { isTTY: true, json: true })).toBe(line)
})

test('on a terminal it is one line of words, whatever is in it', () => {
  expect(said({ ...event, of: [1], text: 'two\nlines \u001b[31m' }, { isTTY: true })).toBe(
    '03:04:05.678 warn sector:retry sector=7 hint=wait of=[1] text=two lines  [31m\n',
  )
})

test('an event without time and level is news of now; blocks are for the curious', () => {
  expect(JSON.parse(said({ type: 'started', height: 0 }))).toEqual({
    ...{ level: 'info', type: 'started', height: 0 },
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  })
  expect(said({ type: 'block', height: 1 })).toBe('')
  expect(said({ type: 'block', height: 1 }, { env: { GRANARY_DEBUG: '1' } })).toContain('"block"')
})

test('what JSON has no form for costs no line', () => {
  const round: { self?: unknown } = {}
  round.self = round
  expect(JSON.parse(said({ type: 'odd', amount: 5n, round }))).toMatchObject({ type: 'odd', amount: 5 })
})

test.each([
  ['passphrase', { passphrase: 'SECRET' }],
  ['a token in an object', { access: { token: 'SECRET', url: 'http://127.0.0.1:1' } }],
  ['a header', { headers: { authorization: 'Bearer SECRET' } }],
  ['a private key', { privateKey: 'SECRET' }],
  ['an address', { url: 'redis://:SECRET@host:6379' }],
  ['a message with an address', { message: 'no Redis answers at redis://user:SECRET@host:6379: refused' }],
  ['an error', { error: 'Error: http://user:SECRET@host/path and http://:SECRET@other' }],
  ['a hint', { hint: 'look at https://SECRET@host' }],
  ['a change of the configuration', { changed: ['chainUrl: https://me:SECRET@host'] }],
])('no secret is in a line: %s', (_, fields) => {
  for (const isTTY of [false, true]) {
    const line = said({ ...event, ...fields }, { isTTY })
    expect(line).toContain('sector:retry')
    expect(line).not.toContain('SECRET')
  }
})

test('what is no secret stays: an address without a password, one of a peer', () => {
  const message = 'http://host:80/a?b=c and me@host'
  expect(JSON.parse(said({ ...event, message }))).toMatchObject({ message })
})
