import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Request, Response, ResponseCheckTx, ResponseCommit, ResponseInfo } from 'cosmjs-types/tendermint/abci/types'
import { decode, encode } from 'it-length-prefixed'
import type { AbciApplication } from './application.ts'
import { type AbciListener, listenAbci } from './listen-abci.ts'

let folder: string
let path: string
let listener: AbciListener | undefined
let sockets: Socket[]
let faults: unknown[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-abci-'))
  path = join(folder, 'abci.sock')
  sockets = []
  faults = []
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await listener?.close()
  listener = undefined
  rmSync(folder, { recursive: true })
})

async function serve(calls: Partial<AbciApplication>): Promise<void> {
  const application = calls as AbciApplication
  listener = await listenAbci({ application, path, onFault: (call, error) => faults.push([call, String(error)]) })
}

async function open(): Promise<{
  send(...requests: Partial<Request>[]): void
  read(): Promise<Response>
  socket: Socket
}> {
  const socket = connect(path)
  sockets.push(socket)
  await once(socket, 'connect')
  const answers = decode(socket)[Symbol.asyncIterator]()
  return {
    socket,
    send: (...requests) => {
      for (const request of requests)
        socket.write(encode.single(Request.encode(Request.fromPartial(request)).finish()).subarray())
    },
    read: async () => {
      const { value, done } = await answers.next()
      if (done) throw new Error('the connection has ended')
      return Response.decode(value.subarray())
    },
  }
}

const checked = (data: Uint8Array) => ResponseCheckTx.fromPartial({ data })
const txOf = (request: { tx: Uint8Array }) => request.tx

test('transactions are checked side by side and answered in their order, before a flush', async () => {
  const first = Promise.withResolvers<void>()
  await serve({
    checkTx: async ({ tx }) => {
      if (tx[0] === 1) await first.promise
      else first.resolve()
      return checked(tx)
    },
  })
  const engine = await open()
  engine.send(
    { checkTx: { tx: Uint8Array.of(1), type: 0 } },
    { checkTx: { tx: Uint8Array.of(2), type: 0 } },
    { flush: {} },
  )
  expect((await engine.read()).checkTx?.data).toEqual(Uint8Array.of(1))
  expect((await engine.read()).checkTx?.data).toEqual(Uint8Array.of(2))
  expect((await engine.read()).flush).toEqual({})
})

test('a call begins when the one before it on its connection has ended', async () => {
  const done: string[] = []
  const after = async (what: string) => {
    await new Promise((resolve) => setImmediate(resolve))
    done.push(what)
  }
  await serve({
    info: async () => {
      await after('info')
      return ResponseInfo.fromPartial({})
    },
    commit: () => {
      done.push('commit')
      return ResponseCommit.fromPartial({ retainHeight: BigInt(done.length) })
    },
  })
  const engine = await open()
  engine.send({ info: { version: '', blockVersion: 0n, p2pVersion: 0n, abciVersion: '' } }, { commit: {} })
  await engine.read()
  expect((await engine.read()).commit?.retainHeight).toBe(2n)
  expect(done).toEqual(['info', 'commit'])
})

test('one connection does not wait for another', async () => {
  const held = Promise.withResolvers<ResponseCommit>()
  await serve({ commit: () => held.promise, info: () => ResponseInfo.fromPartial({ data: 'here' }) })
  const [consensus, query] = [await open(), await open()]
  consensus.send({ commit: {} })
  query.send({ info: { version: '', blockVersion: 0n, p2pVersion: 0n, abciVersion: '' } })
  expect((await query.read()).info?.data).toBe('here')
  held.resolve(ResponseCommit.fromPartial({ retainHeight: 7n }))
  expect((await consensus.read()).commit?.retainHeight).toBe(7n)
})

test.each<[string, Partial<AbciApplication>, Partial<Request>]>([
  ['a call that throws', { commit: () => Promise.reject(new Error('the disk is gone')) }, { commit: {} }],
  ['a request that ABCI 2.0 does not have', {}, {}],
])('%s is answered by an exception, and the connection ends', async (_, calls, request) => {
  await serve(calls)
  const engine = await open()
  engine.send(request)
  expect((await engine.read()).exception?.error).toMatch(/the disk is gone|a kind that ABCI 2.0 does not have/)
  await expect(engine.read()).rejects.toThrow('has ended')
  expect(faults).toHaveLength(1)
})

test.each<[string, Uint8Array]>([
  ['longer than any', Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f)],
  ['that is no request', Uint8Array.of(3, 0xff, 0xff, 0xff)],
])('a frame %s ends its connection alone', async (_, bytes) => {
  await serve({ checkTx: (request) => checked(txOf(request)) })
  const [wrong, right] = [await open(), await open()]
  wrong.socket.write(bytes)
  await expect(wrong.read()).rejects.toThrow('has ended')
  expect(faults).toHaveLength(1)
  right.send({ echo: { message: 'still here' } })
  expect((await right.read()).echo?.message).toBe('still here')
})

test('what is asked faster than it is answered stays in the socket', async () => {
  const gate = Promise.withResolvers<void>()
  let begun = 0
  await serve({
    checkTx: async ({ tx }) => {
      begun += 1
      await gate.promise
      return checked(tx.subarray(0, 1))
    },
  })
  const engine = await open()
  const count = 3_000
  engine.send(...Array.from({ length: count }, () => ({ checkTx: { tx: new Uint8Array(200), type: 0 } })))
  while (begun < 1_024) await new Promise((resolve) => setTimeout(resolve, 5))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(begun).toBe(1_024)
  gate.resolve()
  for (let i = 0; i < count; i++) expect((await engine.read()).checkTx).toBeDefined()
})

test('a transaction of three megabytes comes whole', async () => {
  await serve({ checkTx: ({ tx }) => checked(tx) })
  const engine = await open()
  const tx = new Uint8Array(3 * 2 ** 20).map((_, index) => index % 251)
  engine.send({ checkTx: { tx, type: 0 } })
  expect(Buffer.compare((await engine.read()).checkTx!.data, tx)).toBe(0)
})

test('CometBFT that goes in the middle of a call leaves nothing behind', async () => {
  const held = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  await serve({
    checkTx: async ({ tx }) => {
      begun.resolve()
      await held.promise
      return checked(tx)
    },
  })
  const engine = await open()
  engine.send({ checkTx: { tx: new Uint8Array(1), type: 0 } })
  await begun.promise
  engine.socket.destroy()
  await once(engine.socket, 'close')
  held.resolve()
  await listener!.close()
  expect(faults).toEqual([])
})

test('a socket that a killed application left is replaced; one that is answered on is not', async () => {
  await serve({})
  await expect(
    listenAbci({ application: {} as AbciApplication, path, onFault: () => undefined }),
  ).rejects.toMatchObject({
    code: 'HOME_LOCKED',
  })
  const { spawnSync } = await import('node:child_process')
  const left = join(folder, 'left.sock')
  spawnSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(${JSON.stringify(left)}, () => process.kill(process.pid, 9))`,
  ])
  const again = await listenAbci({ application: {} as AbciApplication, path: left, onFault: () => undefined })
  await again.close()
})

test('a path that no socket can have is refused with what to do', async () => {
  const long = join(folder, 'x'.repeat(120))
  await expect(
    listenAbci({ application: {} as AbciApplication, path: long, onFault: () => undefined }),
  ).rejects.toMatchObject({
    code: 'SOCKET_PATH_TOO_LONG',
  })
})
