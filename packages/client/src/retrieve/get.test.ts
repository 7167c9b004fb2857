import type { GranaryError } from '@granary/base'
import { systemClock } from '@granary/base'
import { carHeader, carSection, parseCid } from '@granary/content'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { type Content, cut, fileContent, folderContent, someBytes } from '../../test/a-content.ts'
import {
  type Answer,
  Blocks,
  holderOf,
  notThere,
  type Reached,
  reachInMemory,
  reachOverHttp,
  type Trouble,
} from '../../test/holders.ts'
import { hastened, type Market, type MarketOptions, openMarket } from '../../test/retrieval-market.ts'
import type { Retrieved } from './get.ts'
import type { FolderEntry } from './walk-content.ts'

const MIB = 1 << 20

const whole = async (got: Retrieved): Promise<Buffer> => {
  if (got.type !== 'file') throw new Error(`a ${got.type}`)
  return Buffer.concat(await Array.fromAsync(got.stream()))
}

async function textOf(entry: FolderEntry): Promise<string> {
  if (entry.type !== 'file') return entry.type
  return Buffer.concat(await Array.fromAsync(entry.stream())).toString('latin1')
}

function retrieval(name: string, reach: (answers: readonly Answer[]) => Promise<Reached>): void {
  const market = (rootCid: string, providers: readonly Answer[], options: MarketOptions = {}): Promise<Market> =>
    openMarket(reach, rootCid, providers, options)

  describe(`get, ${name}`, () => {
    const bytes = someBytes(3 * MIB + 17, 3)
    let file: Content

    beforeAll(async () => {
      file = await fileContent(bytes)
    })

    test('the size is known before the first byte, and the report says who gave how much', async () => {
      await using chain = await market(file.cid, [holderOf(file.blocks)])
      const got = await chain.get(file.cid)
      expect(got).toMatchObject({ type: 'file', size: bytes.length, cid: file.cid })
      expect((await whole(got)).equals(bytes)).toBe(true)
      const all = file.order.reduce((sum, block) => sum + block.bytes.length, 0)
      expect(got.report).toMatchObject([{ provider: 1000, bytes: all, blocks: file.order.length }])
      expect((await whole(got)).equals(bytes)).toBe(true)
    })

    test('of a file whose parts lie with three providers, in any order, nothing is missing', async () => {
      const parts = cut(file, 3)
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
      ]) {
        await using chain = await market(
          file.cid,
          order.map((part) => holderOf(parts[part]!)),
        )
        const got = await chain.get(file.cid)
        expect((await whole(got)).equals(bytes)).toBe(true)
        expect(got.report.filter((holder) => holder.bytes > 0)).toHaveLength(3)
      }
    })

    const troubles: readonly [string, (at: number) => Trouble][] = [
      ['breaks off', breaksOffAt],
      ['changes a byte', (at) => changed(at, ({ bytes }) => bytes.with(0, bytes[0]! ^ 1))],
      ['sends nonsense', (at) => changed(at, () => new Uint8Array(MIB))],
      ['sends another block, which is what it says', (at) => replacedAt(at, file.order.at(-1)!)],
      ['leaves one out', leavesOut],
    ]
    test.each(troubles)(
      'a provider that %s, at each block, is followed by another without a gap',
      async (_, trouble) => {
        for (const at of file.order.keys()) {
          await using chain = await market(file.cid, [holderOf(file.blocks, trouble(at)), holderOf(file.blocks)])
          expect((await whole(await chain.get(file.cid))).equals(bytes)).toBe(true)
        }
      },
    )

    test('what nobody gives ends with an error that names each, and all that came before is right', async () => {
      for (const { cid } of file.order) {
        const some = new Blocks(file.order.filter((block) => block.cid !== cid))
        const lying: Trouble = async function* (blocks) {
          for await (const block of blocks) yield block.cid.equals(cid) ? { cid, bytes: someBytes(99, 1) } : block
        }
        await using chain = await market(file.cid, [holderOf(some), holderOf(file.blocks, lying)])
        const given: Uint8Array[] = []
        const failure = await readInto(() => chain.get(file.cid), given).catch((error) => error)
        expect(failure).toMatchObject({ code: 'RETRIEVAL_FAILED', failures: [{ provider: 1000 }, { provider: 1001 }] })
        const all = Buffer.concat(given)
        expect(all.equals(bytes.subarray(0, all.length))).toBe(true)
      }
    })

    test('a CAR with any byte of it changed gives what is right, or an error that names who sent it', async () => {
      const small = await folderContent({ a: someBytes(7, 1) })
      const car = new Uint8Array(await carOf(small).arrayBuffer())
      const right = new Set([car.length])
      // Who may be asked once more is waited for.
      const clock = hastened(20)
      for (let at = 0; at < car.length; at++) {
        await using chain = await market(small.cid, [() => new Response(car.with(at, car[at]! ^ 0x80))], { clock })
        const read = chain.get(`${small.cid}/a`).then(whole)
        const found = await read.catch(({ code }: { code: string }) => code)
        if (typeof found === 'string') expect(found).toBe('RETRIEVAL_FAILED')
        else expect(right.add(at) && found.equals(someBytes(7, 1))).toBe(true)
      }
      // The header's roots are not looked at, nor the codec of a block: its parent says how it is read.
      expect(right.size).toBeGreaterThan(1)
    })

    test('blocks without end that nobody needs are given up, and so is an answer that never comes', async () => {
      const endless: Trouble = async function* (blocks) {
        for await (const block of blocks) for (;;) yield block
      }
      const silent: Answer = (request) =>
        new Promise((_, reject) => request.signal.addEventListener('abort', () => reject(request.signal.reason)))
      await using chain = await market(file.cid, [holderOf(file.blocks, endless), silent, holderOf(file.blocks)], {
        clock: hastened(20),
      })
      expect((await whole(await chain.get(file.cid))).equals(bytes)).toBe(true)
    })

    test('a provider that stands still in the middle, or drips, is not waited for', async () => {
      for (const drips of [false, true]) {
        const slow: Trouble = async function* (blocks) {
          let at = 0
          for await (const block of blocks) {
            if (at++ < 3) yield block
            else if (!drips) await new Promise(() => undefined)
            else
              for (;;) {
                await systemClock.sleep(10)
                yield new Uint8Array([0xff, 0xff, 0xff, 1].slice(0, 1))
              }
          }
        }
        await using chain = await market(file.cid, [holderOf(file.blocks, slow), holderOf(file.blocks, late(20))], {
          clock: hastened(50),
        })
        expect((await whole(await chain.get(file.cid))).equals(bytes)).toBe(true)
      }
    })

    test('two that drip just enough not to be given up do not hold up what a third has', async () => {
      let given = 0
      const drip: Trouble = async function* (blocks) {
        for await (const block of blocks) {
          if (given++ >= 4) break
          yield block
        }
        // The length of a section of 1 MiB; it would take 20 s, or a quarter of an hour by the clock of this test.
        yield new Uint8Array([0x80, 0x80, 0x40])
        for (;;) {
          await systemClock.sleep(5)
          yield new Uint8Array(256)
        }
      }
      const holders = [holderOf(file.blocks, drip), holderOf(file.blocks, drip), holderOf(file.blocks)]
      await using chain = await market(file.cid, holders, { clock: hastened(50) })
      expect((await whole(await chain.get(file.cid))).equals(bytes)).toBe(true)
      expect(chain.progress).toContainEqual(expect.objectContaining({ type: 'provider:failed' }))
    }, 8_000)

    test('a provider that is unsealing, or busy, is waited for while another is asked', async () => {
      for (const status of [202, 429, 503]) {
        let asked = 0
        const waits: Answer = (request) => {
          asked += 1
          if (asked > 2) return holderOf(parts[0]!)(request)
          return new Response(null, { status, headers: { 'retry-after': '0.1' } })
        }
        const parts = cut(file, 2)
        await using chain = await market(file.cid, [waits, holderOf(parts[1]!)])
        const got = await chain.get(file.cid)
        expect((await whole(got)).equals(bytes)).toBe(true)
        expect(asked).toBeGreaterThan(2)
        expect(chain.progress.some(({ type }) => type === 'provider:failed')).toBe(true)
      }
    })

    test('a provider that sends elsewhere is not followed', async () => {
      const away: Answer = (request) =>
        new Response(null, { status: 302, headers: { location: request.url.replace('/ipfs/', '/elsewhere/ipfs/') } })
      await using chain = await market(file.cid, [away])
      await expect(chain.get(file.cid)).rejects.toMatchObject({
        code: 'RETRIEVAL_FAILED',
        failures: [{ code: 'PROVIDER_UNREACHABLE' }],
      })
    })

    test('gateways are asked for what providers do not give, and are believed no more than they', async () => {
      const parts = cut(file, 2)
      const lying = holderOf(
        file.blocks,
        changed(4, () => someBytes(99, 1)),
      )
      await using chain = await market(file.cid, [holderOf(parts[0]!)], { gateways: [lying, holderOf(file.blocks)] })
      const got = await chain.get(file.cid)
      expect((await whole(got)).equals(bytes)).toBe(true)
      const [first, ...others] = got.report.filter((holder) => holder.bytes > 0)
      expect([first, ...others].filter((holder) => holder?.provider === undefined).length).toBeGreaterThan(0)
      expect(got.report.find(({ provider }) => provider === 1000)?.bytes).toBeGreaterThan(2 * MIB)
    })

    test('a gateway that fails is called one, and what can be done then is said of gateways', async () => {
      const foreign: Answer = () => new Response('none of that', { status: 404 })
      const away: Answer = () => Promise.reject(new Error('away'))
      const failureOf = async (providers: readonly Answer[], gateways: readonly Answer[]): Promise<GranaryError> => {
        await using chain = await market(file.cid, providers, { gateways, clock: hastened(10) })
        return await chain.get(file.cid).then(whole, (error) => error)
      }
      const alone = await failureOf([], [foreign, away])
      expect(alone.message).toMatch(/the gateway at \S+ gave an answer.*the gateway at \S+ does not answer/)
      expect(alone.message).not.toContain('provider')
      expect(alone.hint).toMatch(/try again later, or ask another gateway$/)
      const both = await failureOf([foreign], [foreign])
      expect(both.message).toMatch(/the provider at \S+ gave an answer.*the gateway at \S+ gave an answer/)
      expect(both.hint).toContain('granary status')
    })

    test('a range is given alone, from whichever part it is in', async () => {
      const parts = cut(file, 3)
      await using chain = await market(
        file.cid,
        parts.map((part) => holderOf(part)),
      )
      for (const [start, end] of [
        [0, 1],
        [MIB - 1, MIB + 1],
        [2 * MIB, undefined],
        [3 * MIB + 16, 6 * MIB],
        [17, 3 * MIB],
      ] as const) {
        const got = await chain.get(file.cid, { range: { start, end } })
        const expected = bytes.subarray(start, end)
        expect(got).toMatchObject({ size: expected.length })
        expect((await whole(got)).equals(expected)).toBe(true)
      }
      const { report } = await chain.get(file.cid, { range: { start: 3 * MIB, end: 3 * MIB + 10 } })
      expect(report.reduce((sum, holder) => sum + holder.bytes, 0)).toBeLessThan(MIB)
      for (const range of [{ start: bytes.length }, { start: 3, end: 3 }, { start: -1 }, { start: 0.5 }])
        await expect(chain.get(file.cid, { range })).rejects.toMatchObject({
          code: 'RANGE_INVALID',
          message: expect.not.stringContaining(`${Number.MAX_SAFE_INTEGER}`),
        })
    })

    test('a file that repeats itself comes whole, though a CAR has each block once', async () => {
      const [one, two] = [someBytes(MIB, 1), someBytes(MIB, 2)]
      const repeated = Buffer.concat([one, two, one, one, new Uint8Array(20 * MIB), two, one, someBytes(9, 9), one])
      const content = await fileContent(repeated)
      for (const parts of [1, 2]) {
        const holders = cut(content, parts).map((part) => holderOf(part))
        await using chain = await market(content.cid, holders)
        expect((await whole(await chain.get(content.cid))).equals(repeated)).toBe(true)
      }
    })

    test('an empty file, a small one, and one that is told by every name of its CID', async () => {
      for (const length of [0, 1, 100, MIB]) {
        const small = someBytes(length, 8)
        const content = await fileContent(small)
        await using chain = await market(content.cid, [holderOf(content.blocks)])
        for (const path of [content.cid, `/ipfs/${content.cid}`, `ipfs://${content.cid}/`]) {
          const got = await chain.get(path)
          expect(got).toMatchObject({ size: length })
          expect((await whole(got)).equals(small)).toBe(true)
        }
      }
    })

    test('a folder comes with all that is in it, from whoever has its parts', async () => {
      const files: Record<string, Uint8Array | undefined> = { 'a/b/deep': someBytes(2 * MIB + 1, 4), empty: undefined }
      for (let at = 0; at < 40; at++) files[`many/file ${at} %20`] = someBytes(at, at + 1)
      const folder = await folderContent(files)
      for (const parts of [1, 3]) {
        const holders = cut(folder, parts).map((part) => holderOf(part))
        await using chain = await market(folder.cid, holders)
        const got = await chain.get(folder.cid)
        if (got.type !== 'directory') throw new Error(got.type)
        const found: Record<string, string> = {}
        for await (const entry of got.entries()) found[entry.names.join('/')] = await textOf(entry)
        const expected = Object.entries(files).map(([path, content]) => [
          path,
          content ? Buffer.from(content).toString('latin1') : 'directory',
        ])
        expect(found).toEqual({
          a: 'directory',
          'a/b': 'directory',
          many: 'directory',
          ...Object.fromEntries(expected),
        })
        const one = await chain.get(`ipfs://${folder.cid}/many/file%207%20%2520`)
        expect((await whole(one)).equals(files['many/file 7 %20']!)).toBe(true)
        const deep = await chain.get(`${folder.cid}/a/b/deep`, { range: { start: MIB, end: MIB + 3 } })
        expect((await whole(deep)).equals(files['a/b/deep']!.subarray(MIB, MIB + 3))).toBe(true)
        await expect(chain.get(`${folder.cid}/a/c`)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
        await expect(chain.get(folder.cid, { range: { start: 0 } })).rejects.toMatchObject({ code: 'NOT_A_FILE' })
      }
    })

    test('a name that leads out of the content is not there, and nobody is asked for it', async () => {
      const folder = await folderContent({ 'a/b': someBytes(7, 1) })
      const asked: string[] = []
      const holder: Answer = (request) => {
        asked.push(request.url)
        return holderOf(folder.blocks)(request)
      }
      await using chain = await market(folder.cid, [holder])
      for (const path of ['../../etc/passwd', '..', './a', 'a/../a/b', '\ud83d']) {
        for (const text of [`${folder.cid}/${path}`, `ipfs://${folder.cid}/${path.replaceAll('.', '%2e')}`]) {
          await expect(chain.get(text)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
          await expect(Array.fromAsync(chain.ls(text))).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
        }
      }
      expect([asked, chain.progress]).toEqual([[], []])
    })

    test('who says that a mistyped path is not there is right; who says so of one that is there is asked last', async () => {
      const folder = await folderContent({ 'a/b': someBytes(3 * MIB, 1) })
      const liar: Answer = (request) =>
        new URL(request.url).pathname.endsWith('/b') ? notThere() : holderOf(folder.blocks)(request)
      await using chain = await market(folder.cid, [liar, holderOf(folder.blocks, late(50))])
      for (const path of ['nope', 'a/nope', 'nope/b'])
        await expect(chain.get(`${folder.cid}/${path}`)).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' })
      const failed = () => chain.progress.filter(({ type }) => type === 'provider:failed')
      expect([failed(), [...chain.memory.values()].map(({ misfortunes, strikes }) => misfortunes + strikes)]).toEqual([
        [],
        [0, 0],
      ])
      expect((await whole(await chain.get(`${folder.cid}/a/b`))).length).toBe(3 * MIB)
      expect([...chain.memory.values()].map(({ misfortunes }) => misfortunes > 0)).toEqual([true, false])
    })

    test('a folder so large that it is sharded comes whole, is listed, and a name in it is found', async () => {
      const nameOf = (at: number): string => `${'long '.repeat(45)}${at}`
      const files = Object.fromEntries(Array.from({ length: 1_200 }, (_, at) => [nameOf(at), someBytes(50, at + 1)]))
      const folder = await folderContent(files)
      const holders = cut(folder, 2).map((part) => holderOf(part))
      await using chain = await market(folder.cid, holders)
      const got = await chain.get(folder.cid)
      if (got.type !== 'directory') throw new Error(got.type)
      const found: Record<string, string> = {}
      for await (const entry of got.entries()) found[entry.names.join('/')] = await textOf(entry)
      expect(Object.keys(found)).toHaveLength(1_200)
      for (const [name, bytes] of Object.entries(files)) expect(found[name]).toBe(Buffer.from(bytes).toString('latin1'))
      const listed = await Array.fromAsync(chain.ls(folder.cid))
      expect(listed.map(({ name }) => name).sort()).toEqual(Object.keys(files).sort())
      expect(new Set(listed.map(({ type, size }) => `${type} ${size}`))).toEqual(new Set(['file 50']))
      const one = await chain.get(`${folder.cid}/${nameOf(1_111)}`)
      expect((await whole(one)).equals(files[nameOf(1_111)]!)).toBe(true)
    })

    test('who failed is asked after the others by the next get of the client, until that is long ago', async () => {
      let agoMs = 0
      const clock = { ...systemClock, nowMs: () => Date.now() + agoMs }
      const away: Answer = () => new Response(null, { status: 500 })
      await using chain = await market(file.cid, [away, holderOf(file.blocks)], { clock })
      const tried = async (): Promise<(number | undefined)[]> => {
        const before = chain.progress.length
        expect((await whole(await chain.get(file.cid))).equals(bytes)).toBe(true)
        const news = chain.progress.slice(before)
        return news.flatMap((event) => (event.type === 'provider:trying' ? [event.provider] : []))
      }
      expect(await tried()).toEqual([1000, 1001])
      expect(await tried()).toEqual([1001])
      agoMs = 11 * 60_000
      expect(await tried()).toEqual([1000, 1001])
    })

    test('who has not heard yet of a deal that is on the chain is asked once more', async () => {
      for (const state of ['published', 'active'] as const) {
        let asked = 0
        const late: Answer = (request) =>
          asked++ < 2 ? holderOf(new Blocks())(request) : holderOf(file.blocks)(request)
        await using chain = await market(file.cid, [late], { state, clock: hastened(100) })
        if (state === 'published') expect((await whole(await chain.get(file.cid))).equals(bytes)).toBe(true)
        else await expect(chain.get(file.cid)).rejects.toMatchObject({ code: 'RETRIEVAL_FAILED' })
      }
    })

    test('who has failed for a while only is asked once more when nobody is left, and no more than that', async () => {
      let requests = 0
      const failing =
        (times: number, status: number): Answer =>
        (request) => {
          requests += 1
          return requests > times ? holderOf(file.blocks)(request) : new Response(null, { status })
        }
      // A CAR and the block alone, in each round.
      const got = async (times: number, status: number): Promise<string | Buffer> => {
        requests = 0
        await using chain = await market(file.cid, [failing(times, status)], { clock: hastened(10) })
        return await chain.get(file.cid).then(whole, ({ code }: { code: string }) => code)
      }
      expect(bytes.length).toBe((await got(2, 500)).length)
      expect(await got(99, 500)).toBe('RETRIEVAL_FAILED')
      expect(requests).toBe(4)
      expect(await got(99, 404)).toBe('RETRIEVAL_FAILED')
      expect(requests).toBe(2)
    })

    test('who has asked ends it at any time, and nothing is fetched on', async () => {
      await using chain = await market(file.cid, [holderOf(file.blocks)])
      const stopped = new AbortController()
      const got = await chain.get(file.cid, { signal: stopped.signal })
      const reading = (async () => {
        for await (const _ of got.type === 'file' ? got.stream() : []) stopped.abort()
      })()
      await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
      await expect(chain.get(file.cid, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
    })
  })
}

function carOf({ cid, order }: Content): Response {
  return new Response(
    new Blob([
      carHeader([parseCid(cid)]).slice(),
      ...order.flatMap((block) => [...carSection(block)].map((part) => part.slice())),
    ]),
  )
}

async function readInto(open: () => Promise<Retrieved>, given: Uint8Array[]): Promise<void> {
  const got = await open()
  if (got.type === 'file') for await (const part of got.stream()) given.push(part)
}

function changed(at: number, change: (block: { bytes: Uint8Array }) => Uint8Array): Trouble {
  return async function* (blocks) {
    let index = 0
    for await (const block of blocks) yield index++ === at ? { cid: block.cid, bytes: change(block) } : block
  }
}

function breaksOffAt(at: number): Trouble {
  return async function* (blocks) {
    let index = 0
    for await (const block of blocks) {
      if (index++ === at) throw new Error('the connection is gone')
      yield block
    }
  }
}

function replacedAt(at: number, other: { cid: ReturnType<typeof parseCid>; bytes: Uint8Array }): Trouble {
  return async function* (blocks) {
    let index = 0
    for await (const block of blocks) yield index++ === at ? other : block
  }
}

function leavesOut(at: number): Trouble {
  return async function* (blocks) {
    let index = 0
    for await (const block of blocks) if (index++ !== at) yield block
  }
}

function late(ms: number): Trouble {
  return async function* (blocks) {
    await systemClock.sleep(ms)
    yield* blocks
  }
}

retrieval('without a network', reachInMemory)
retrieval('over HTTP', reachOverHttp)
