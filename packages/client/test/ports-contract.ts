/** What each port promises, whoever implements it: called once for each implementation, with a way to make one. */
import { parseCar, verifyBlock } from '@granary/content'
import type { SignedMessage } from '@granary/protocol/client'
import { typedLogin, verifySigner } from '@granary/protocol/messages'
import { describe, expect, test } from '@jest/globals'
import { apply, type UploadEvent, type UploadState } from '../src/journal/upload-state.ts'
import type {
  Account,
  Clock,
  CreatePieceHasher,
  Fetch,
  Journal,
  Lock,
  Outbox,
  Random,
  Sink,
  Source,
  Spool,
  TrustedChain,
  TrustStore,
} from '../src/ports.ts'
import type { Content } from '../src/sources/content-source.ts'

/** A new one each time, empty; `again` is the same one after a restart of its program, where it outlives that. */
export interface Made<P> {
  readonly port: P
  readonly again?: () => P
}

const rootCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'
const genesisHash = `0x${'ab'.repeat(32)}` as const
const otherChain = `0x${'cd'.repeat(32)}` as const
const sender = `0x${'11'.repeat(20)}` as const
const otherSender = `0x${'22'.repeat(20)}` as const

export const opened = {
  type: 'opened',
  genesisHash,
  rootCid,
  name: '/tmp/ä file',
  fileBytes: 0,
  duration: 7_200,
  pieces: [{ payloadSize: 59, pieceSize: 128 }],
  places: [
    { piece: 0, copy: 0 },
    { piece: 0, copy: 1 },
  ],
} as const satisfies UploadEvent
const chosen = (slot: number, provider = 1000): UploadEvent => ({ type: 'slot:chosen', slot, provider })

export function journalContract(name: string, make: () => Promise<Made<Journal>>): void {
  describe(`journal: ${name}`, () => {
    test('a log has the state that its events make, by chain and root', async () => {
      const { port: journal } = await make()
      expect(await journal.list(genesisHash)).toEqual([])
      {
        await using log = await journal.open(genesisHash, rootCid)
        expect(log.state).toBeUndefined()
        await log.append(opened)
        expect(log.state?.slots.map(({ state }) => state)).toEqual(['vacant', 'vacant'])
        await log.append(chosen(1))
      }
      await using other = await journal.open(genesisHash, `${rootCid}x`)
      expect(other.state).toBeUndefined()
      await other.append({ ...opened, rootCid: `${rootCid}x` })
      await using elsewhere = await journal.open(otherChain, rootCid)
      await elsewhere.append({ ...opened, genesisHash: otherChain })
      await using again = await journal.open(genesisHash, rootCid)
      expect(again.state).toEqual([opened, chosen(1)].reduce<UploadState | undefined>(apply, undefined))
      expect(await journal.read(genesisHash, rootCid)).toEqual(again.state)
      expect(await journal.read(genesisHash, `${rootCid}y`)).toBeUndefined()
      const roots = (await journal.list(genesisHash)).map((state) => state.rootCid)
      expect(roots.sort()).toEqual([rootCid, `${rootCid}x`])
    })

    test('events stand in the order of the calls, whoever waits for them', async () => {
      const { port: journal, again } = await make()
      {
        await using log = await journal.open(genesisHash, rootCid)
        await Promise.all([
          log.append(opened),
          log.append(chosen(0, 1)),
          log.append(chosen(0, 2)),
          log.append(chosen(1)),
        ])
      }
      await using log = await (again?.() ?? journal).open(genesisHash, rootCid)
      expect(log.state?.slots).toMatchObject([{ provider: 2 }, { provider: 1000 }])
    })

    test('an upload that begins anew takes the place of the earlier one', async () => {
      const { port: journal } = await make()
      await using log = await journal.open(genesisHash, rootCid)
      for (const event of [opened, chosen(0), { ...opened, duration: 5 }]) await log.append(event)
      await using again = await journal.open(genesisHash, rootCid)
      expect(again.state).toEqual(apply(undefined, { ...opened, duration: 5 }))
    })

    test('an event that is out of place is refused, and all that follow it: nobody knows what they were for', async () => {
      const { port: journal } = await make()
      await using log = await journal.open(genesisHash, rootCid)
      await log.append(opened)
      await expect(log.append({ type: 'slot:active', slot: 0 })).rejects.toThrow(
        'slot:active does not follow on vacant',
      )
      await expect(log.append(chosen(0))).rejects.toThrow('slot:active')
      await using again = await journal.open(genesisHash, rootCid)
      expect(again.state).toEqual(apply(undefined, opened))
    })

    test('a thousand events are as many states, read again', async () => {
      const { port: journal, again } = await make()
      {
        await using log = await journal.open(genesisHash, rootCid)
        await Promise.all([log.append(opened), ...Array.from({ length: 1_000 }, (_, id) => log.append(chosen(0, id)))])
      }
      await using log = await (again?.() ?? journal).open(genesisHash, rootCid)
      expect(log.state?.slots[0]).toMatchObject({ provider: 999 })
    })
  })
}

const signedMessage: SignedMessage = {
  id: `0x${'01'.repeat(32)}`,
  bytes: new Uint8Array([1, 2, 255]),
  sender,
  lane: 0,
  sequence: 7,
  validUntil: 130,
  signedAt: 10,
}

export function outboxContract(name: string, make: () => Promise<Made<Outbox>>): void {
  describe(`outbox: ${name}`, () => {
    test('messages are listed by chain and sender, the oldest first, until they are removed', async () => {
      const { port: outbox, again } = await make()
      expect(await outbox.list(genesisHash, sender)).toEqual([])
      const later: SignedMessage = { ...signedMessage, id: genesisHash, signedAt: 11 }
      await outbox.write(genesisHash, later)
      await outbox.write(genesisHash, signedMessage)
      await outbox.write(genesisHash, { ...signedMessage, id: otherChain, sender: otherSender })
      await outbox.write(otherChain, signedMessage)
      expect(await (again?.() ?? outbox).list(genesisHash, sender)).toEqual([signedMessage, later])
      await outbox.remove(genesisHash, signedMessage.id)
      await outbox.remove(genesisHash, signedMessage.id)
      expect(await outbox.list(genesisHash, sender)).toEqual([later])
      expect(await outbox.list(otherChain, sender)).toEqual([signedMessage])
    })
  })
}

export function trustContract(name: string, make: () => Promise<Made<TrustStore>>): void {
  describe(`trust: ${name}`, () => {
    test('what is believed at an address is what was written last, and nothing at another', async () => {
      const { port: trust, again } = await make()
      const url = 'https://node.example.org:7460'
      const believed = (height: number): TrustedChain => ({
        genesisHash,
        validators: [otherChain],
        blockTimeMs: 500,
        header: { height, hash: genesisHash, timeMs: 1_000 },
      })
      expect(await trust.read(url)).toBeUndefined()
      await trust.write(url, believed(1))
      await trust.write(url, believed(2))
      await trust.write(`${url}/below`, believed(3))
      const later = again?.() ?? trust
      expect(await later.read(url)).toEqual(believed(2))
      expect(await later.read(`${url}/below`)).toEqual(believed(3))
      expect(await later.read(`${url}/`)).toBeUndefined()
    })
  })
}

export function lockContract(name: string, make: () => Promise<Made<Lock>>): void {
  describe(`lock: ${name}`, () => {
    test('a name is held once, whoever asks, and free when it is disposed of', async () => {
      const { port: lock, again } = await make()
      const held = await lock.take('one')
      expect(held).toBeDefined()
      expect(await lock.take('one')).toBeUndefined()
      expect(await again?.().take('one')).toBeUndefined()
      const other = await lock.take('two')
      expect(other).toBeDefined()
      await held?.[Symbol.asyncDispose]()
      const next = await lock.take('one')
      expect(next).toBeDefined()
      // A second disposal frees nothing that somebody else holds by now.
      await held?.[Symbol.asyncDispose]()
      expect(await lock.take('one')).toBeUndefined()
      await next?.[Symbol.asyncDispose]()
      await other?.[Symbol.asyncDispose]()
    })
  })
}

export interface SpoolSources<S> {
  /** Of a file, of the kind that this spool is for. */
  source(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<S>
  content(content: Content): S
}

export function spoolContract<S extends Source>(
  name: string,
  make: () => Promise<Made<Spool<S>> & SpoolSources<S>>,
): void {
  describe(`spool: ${name}`, () => {
    const bytes = Uint8Array.from({ length: 2_500_000 }, (_, index) => (index * 31) % 251)

    test('a source that was read is the CAR of its root, read from anywhere, until it is removed', async () => {
      const { port: spool, source } = await make()
      const file = await source('file', bytes)
      const draft = spool.nameOf(file)
      const manifest = await spool.read(draft, file, {})
      const [piece] = manifest.pieces
      expect(manifest).toMatchObject({ name: 'file', fileBytes: bytes.length, blocks: 5 })
      expect(manifest.rootCid).toMatch(/^baf/)
      expect(manifest.pieces).toEqual([{ payloadSize: expect.any(Number), pieceSize: 4 << 20 }])
      await spool.keep(draft, manifest.rootCid)
      {
        await using car = await spool.open(manifest.rootCid, 0)
        expect(car.size).toBe(piece!.payloadSize)
        const whole = await car.read(0, car.size)
        expect(whole.length).toBe(car.size)
        expect(await car.read(1_000, 1_010)).toEqual(whole.slice(1_000, 1_010))
        expect(await car.read(car.size - 1, car.size)).toEqual(whole.slice(-1))
      }
      await spool.remove(manifest.rootCid)
      await spool.remove(manifest.rootCid)
      await expect(spool.open(manifest.rootCid, 0)).rejects.toThrow()
    })

    test('the same bytes are the same CAR, under another name too where the folder that keeps it is left out', async () => {
      const { port: spool, source } = await make()
      const [one, two] = [await source('one', bytes), await source('two', bytes)]
      const [first, second] = [
        await spool.read(spool.nameOf(one), one, { isLeftOut: async () => true }),
        await spool.read(spool.nameOf(two), two, { isLeftOut: async () => true }),
      ]
      expect(first).toMatchObject({ name: undefined, fileBytes: bytes.length, blocks: 4 })
      expect(second).toEqual(first)
      await spool.keep(spool.nameOf(one), first.rootCid).catch(() => undefined)
    })

    test('reading in place of a draft that was left', async () => {
      const { port: spool, source } = await make()
      const file = await source('file', bytes)
      const draft = spool.nameOf(file)
      await spool.read(draft, file, {})
      const manifest = await spool.read(draft, file, {})
      const [piece] = manifest.pieces
      await spool.keep(draft, manifest.rootCid)
      await using car = await spool.open(manifest.rootCid, 0)
      expect(car.size).toBe(piece!.payloadSize)
    })

    test('a large source is cut into pieces, each read by itself, the first with the root', async () => {
      const { port: spool, source } = await make()
      const file = await source('file', bytes)
      const draft = spool.nameOf(file)
      const one = await spool.read(draft, file, {})
      const manifest = await spool.read(draft, file, { pieceSizeMax: 2 << 20, pieceCost: 0 })
      expect(manifest).toMatchObject({ rootCid: one.rootCid, blocks: one.blocks, fileBytes: one.fileBytes })
      expect(manifest.pieces.map(({ pieceSize }) => pieceSize)).toEqual([2 << 20, 2 << 20])
      await spool.keep(draft, manifest.rootCid)
      const cids: string[] = []
      for (const [piece, { payloadSize }] of manifest.pieces.entries()) {
        await using car = await spool.open(manifest.rootCid, piece)
        expect(car.size).toBe(payloadSize)
        const whole = await car.read(0, car.size)
        const { roots, blocks } = await parseCar(iterate(whole))
        expect(roots.map(String)).toEqual([manifest.rootCid])
        for await (const block of blocks) {
          await verifyBlock(block.cid, block.bytes)
          cids.push(block.cid.toString())
        }
      }
      // The second piece has the root, too: the node on the way to its blocks.
      expect(cids.filter((cid) => cid === manifest.rootCid)).toHaveLength(2)
      expect(new Set(cids).size).toBe(manifest.blocks)
      await expect(spool.open(manifest.rootCid, manifest.pieces.length)).rejects.toThrow()
    })

    test('what comes once is kept: a stream, and what is iterated over', async () => {
      const { port: spool, content } = await make()
      async function* chunks() {
        for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
      }
      const roots = new Set<string>()
      for (const each of [bytes, new Blob([bytes]), new Blob([bytes]).stream(), chunks()]) {
        const file = content(each)
        const draft = spool.nameOf(file)
        const manifest = await spool.read(draft, file, {})
        expect(manifest.fileBytes).toBe(bytes.length)
        roots.add(manifest.rootCid)
        await spool.keep(draft, manifest.rootCid)
        await using car = await spool.open(manifest.rootCid, 0)
        expect(await car.read(0, car.size)).toHaveLength(manifest.pieces[0]!.payloadSize)
      }
      expect(roots.size).toBe(1)
    })

    test('a stream that breaks off is no source, and one of text is refused', async () => {
      const { port: spool, content } = await make()
      async function* broken() {
        yield bytes
        throw new Error('the line is dead')
      }
      async function* text() {
        yield 'text'
      }
      const read = (file: S) => spool.read(spool.nameOf(file), file, {})
      await expect(read(content(broken()))).rejects.toThrow('the line is dead')
      const refused = { code: 'SOURCE_INVALID' }
      await expect(read(content(text() as AsyncIterable<never>))).rejects.toMatchObject(refused)
    })

    test('a signal ends reading', async () => {
      const { port: spool, source } = await make()
      const file = await source('file', bytes)
      const signal = AbortSignal.abort()
      await expect(spool.read(spool.nameOf(file), file, { signal })).rejects.toMatchObject({ name: 'AbortError' })
    })
  })
}

export function hasherContract(name: string, hasher: CreatePieceHasher): void {
  test(`hasher: ${name} commits to what it was given so far`, async () => {
    const { write, digest } = await hasher()
    expect(await digest()).toMatchObject({ pieceSize: 128, payloadSize: 0 })
    await write(new Uint8Array(1_000).fill(7))
    await write(new Uint8Array(1_000_000).fill(9))
    expect(await digest()).toEqual({
      pieceCid: 'bafkzcibe3czqed5337ee2jwufb3zdzdjqis3uveqi63mcn2uapxnp3csr474jyp6dq',
      pieceSize: 1 << 20,
      payloadSize: 1_001_000,
    })
  })
}

export function sinkContract(
  name: string,
  make: () => Promise<{ sink: Sink; content(): Promise<Uint8Array | undefined> }>,
): void {
  describe(`sink: ${name}`, () => {
    const parts = [1, 2, 3].map((byte) => new Uint8Array(1_000).fill(byte))
    const whole = Uint8Array.from(parts.flatMap((part) => [...part]))
    async function* streamOf(bytes: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
      yield* bytes
    }
    async function* breaksOff(): AsyncGenerator<Uint8Array> {
      yield parts[2]!
      throw new Error('the provider is gone')
    }

    test('it has all of a file, also after a try that broke off', async () => {
      const { sink, content } = await make()
      await sink.check?.()
      const broken = sink.write(breaksOff())
      await expect(broken).rejects.toThrow('the provider is gone')
      expect((await content()) ?? new Uint8Array()).toHaveLength(0)
      const bytes = await sink.write(streamOf(parts))
      expect(bytes).toBe(whole.length)
      expect(await content()).toEqual(whole)
    })
  })
}

export function accountContract(name: string, make: () => Account): void {
  test(`account: ${name} signs as its address`, async () => {
    const account = make()
    const message = typedLogin(`0x${'ab'.repeat(32)}`, { client: account.address, provider: 1000, issuedAt: 1 })
    const signature = await account.sign(message)
    expect(verifySigner(message.digest, signature)).toEqual({ type: 'account', address: account.address })
  })
}

export function randomContract(name: string, random: Random): void {
  test(`random: ${name} gives as many bytes as it is asked for, others each time`, () => {
    expect(random.bytes(0)).toHaveLength(0)
    expect(random.bytes(32)).toHaveLength(32)
    expect(random.bytes(32)).not.toEqual(random.bytes(32))
  })
}

export function clockContract(name: string, clock: Clock): void {
  describe(`clock: ${name}`, () => {
    test('sleep and timers take their time, and no less', async () => {
      const beganMs = clock.nowMs()
      const { promise, resolve } = Promise.withResolvers<number>()
      clock.after(20, () => resolve(clock.nowMs()))
      await clock.sleep(20)
      // The machine's clock counts whole milliseconds.
      expect(clock.nowMs() - beganMs).toBeGreaterThanOrEqual(19)
      expect((await promise) - beganMs).toBeGreaterThanOrEqual(19)
    })

    test('a timer that is disposed of does not call, and a sleep ends with its signal', async () => {
      let called = false
      clock
        .after(5, () => {
          called = true
        })
        [Symbol.dispose]()
      await clock.sleep(20)
      expect(called).toBe(false)
      await expect(clock.sleep(60_000, AbortSignal.timeout(5))).rejects.toMatchObject({ name: 'TimeoutError' })
    })
  })
}

/** What a fetch is tried on: `echo` answers 423 with the body and the header upload-offset, `open` begins and never ends. */
export interface FetchTargets {
  readonly echo: string
  readonly open: string
}

export function fetchContract(name: string, fetch: Fetch, targets: () => Promise<FetchTargets>): void {
  describe(`fetch: ${name}`, () => {
    test('bytes go out as they are, and status, headers and body come back, an error of HTTP too', async () => {
      const { echo } = await targets()
      const body = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251)
      const response = await fetch(echo, { method: 'PATCH', headers: { 'upload-offset': '7' }, body })
      expect({ status: response.status, ok: response.ok }).toEqual({ status: 423, ok: false })
      expect(response.headers.get('Upload-Offset')).toBe('7')
      expect(new Uint8Array(await response.arrayBuffer())).toEqual(body)
    })

    test('a body comes in parts, before all of it is there, and the signal ends it', async () => {
      const { open } = await targets()
      const ending = new AbortController()
      const response = await fetch(open, { signal: ending.signal })
      const reader = response.body!.getReader()
      expect(new TextDecoder().decode((await reader.read()).value)).toBe('first')
      ending.abort()
      await expect(reader.read()).rejects.toMatchObject({ name: 'AbortError' })
    })

    test('nobody there is an error, and no answer', async () => {
      await expect(fetch('http://127.0.0.1:9/')).rejects.toThrow()
    })
  })
}

async function* iterate(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
