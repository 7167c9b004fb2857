import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { GranaryError } from '@granary/base'
import { afterEach, expect, test } from '@jest/globals'
import express from 'express'
import { DiskFaultError } from '../storage/disk-fault.ts'
import { errorHandler } from './error-handler.ts'

let server: Server | undefined
afterEach(() => void server?.close())

test.each([
  [
    new DiskFaultError('DISK_FULL', '/srv/granary/staging', new Error("ENOSPC, write '/srv/granary/staging/1'")),
    '/srv',
  ],
  [new GranaryError({ code: 'PIECE_FILE_INVALID', message: '/srv/pieces/x.car is short', hint: '' }), '/srv'],
  [new GranaryError({ code: 'CHAIN_UNREACHABLE', message: 'http://a.example/v3/KEY is away', hint: '' }), 'KEY'],
])('what is wrong with the provider is told to anybody without where its files lie: %s', async (error, inside) => {
  expect(JSON.stringify(await told(error))).not.toContain(inside)
  expect(JSON.stringify(await told(error, (whole) => whole))).toContain(inside)
})

test('what is wrong with a request names what was asked for', async () => {
  const message = 'there is no GET /srv/a'
  const error = new GranaryError({ code: 'ROUTE_NOT_FOUND', message, hint: 'ask for another' })
  expect(await told(error)).toMatchObject({ error: { message } })
})

async function told(error: GranaryError, ...sent: [] | [Parameters<typeof errorHandler>[1]]): Promise<unknown> {
  server?.close()
  const app = express()
  app.use(() => {
    throw error
  })
  app.use(errorHandler(() => {}, ...sent))
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return await (await fetch(`http://127.0.0.1:${port}`)).json()
}
