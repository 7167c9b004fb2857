/** The story of one file, one test a row of the flow in docs/flow.md, with real processes and real HTTP between them, whoever makes the blocks. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromHex, toHex } from '@granary/base'
import type { PutResult } from '@granary/client'
import { importFile, importTree } from '@granary/content'
import { packPath } from '@granary/content/node'
import { commitPiece } from '@granary/proofs/piece'
import { profileNamed } from '@granary/proofs/profile'
import { computeCommD, parsePieceCid, pieceCidV2, porepBundleBytes } from '@granary/proofs/verify'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { MemoryBlockstore } from 'blockstore-core'
import { BUILD_MS_MAX } from './go-program.ts'
import {
  eachBlock,
  everythingOf,
  fileOf,
  put,
  type StoryMarket,
  sameBytes,
  succeeded,
  type Timed,
  timelineOf,
} from './story.ts'

/** With four validators, whose CometBFT may have to be built first. */
const STARTS_MS_MAX = BUILD_MS_MAX

/** @param start a market in which proofs are asked for often */
export function tellFlow(start: () => Promise<StoryMarket>): void {
  let market: StoryMarket
  let file: string
  let data: PutResult
  let progress: Timed[]

  beforeAll(async () => {
    market = await start()
    file = fileOf(market.bench, 'three-blocks.bin', 2.5 * 1024 * 1024)
    ;({ data, progress } = await put(market.bench, file, market.chain.url))
  }, STARTS_MS_MAX)

  afterAll(() => market?.bench.close())

  async function newest<T>(ask: (entries: Awaited<ReturnType<typeof timelineOf>>) => T | undefined): Promise<T> {
    return eachBlock(market, async () => ask(await timelineOf(market.provider.url, data.dealId)))
  }

  test('1 importTree: the root CID is that of a folder with the file under its name, wherever it is computed', async () => {
    const entry = ['three-blocks.bin', { kind: 'file', content: () => bytesOf(file) }] as const
    const root = await importTree({ kind: 'folder', entries: () => [entry] }, new MemoryBlockstore())
    expect(data).toMatchObject({ rootCid: root.toString(), path: `${root}/three-blocks.bin` })
  })

  test('2 writeCar: the same file gives the same CAR bytes each time', async () => {
    const cars = await Promise.all(
      ['one.car', 'two.car'].map(async (name) => {
        const car = join(market.bench.home, name)
        await packPath(file, car, { wrap: 'three-blocks.bin' })
        return readFileSync(car)
      }),
    )
    expect(cars[0]!.equals(cars[1]!)).toBe(true)
    expect(cars[0]!.length).toBe(data.payloadSize)
  })

  test('3 pieceOf: the piece CID is the CommP of the CAR', async () => {
    const car = join(market.bench.home, 'one.car')
    const commitment = await commitPiece(bytesOf(car))
    expect(pieceCidV2(commitment)).toBe(data.pieceCid)
    expect(commitment.paddedSize).toBe(data.pieceSize)
  })

  test('4 requestQuote: the price that was locked is the price that was quoted', async () => {
    const quoted = progress.find(({ type }) => type === 'quoted')!
    const deal = await market.client.deal(data.dealId)
    expect(BigInt(quoted.pricePerEpoch as string) * BigInt(quoted.duration as number)).toBe(
      BigInt(quoted.total as string),
    )
    expect(deal.terms.pricePerEpoch).toBe(quoted.pricePerEpoch)
    expect(everythingOf(deal)).toBe(BigInt(quoted.total as string))
  })

  test('5 uploadPiece: the upload ended with every byte acknowledged', () => {
    const last = progress.filter(({ type }) => type === 'upload:progress').at(-1)!
    expect(last.sent).toBe(data.payloadSize)
  })

  test('6 acceptPiece: the provider has the very bytes that it signed for', async () => {
    const answer = await fetch(`${market.provider.url}/piece/${data.pieceCid}`)
    const bytes = Buffer.from(await answer.arrayBuffer())
    expect(answer.status).toBe(200)
    expect(bytes.equals(readFileSync(join(market.bench.home, 'one.car')))).toBe(true)
  })

  test('7 publishDeal: one deal stands on the chain, under the agreement that both signed', async () => {
    const deals = await Array.fromAsync(market.client.deals({ rootCid: data.rootCid }))
    expect(deals.map(({ id, agreementId }) => ({ id, agreementId }))).toEqual([
      { id: data.dealId, agreementId: data.agreementId },
    ])
  })

  test("8 planSector: the sector's CommD is that of the piece and zeros around it", async () => {
    const deal = await market.client.deal(data.dealId)
    const sector = await market.client.sector(data.provider, deal.sector!.number)
    const piece = parsePieceCid(data.pieceCid)
    const profile = profileNamed(sector.profile)
    const commD = computeCommD([{ root: piece.root, paddedSize: data.pieceSize }], profile.sectorBytes)
    expect(sector.deals).toEqual([data.dealId])
    expect(sector.commD).toBe(toHex(commD))
  })

  test('9 sealSector: every layer was sealed before the commitment went to the chain', async () => {
    const timeline = await timelineOf(market.provider.url, data.dealId)
    const types = timeline.map(({ type }) => type)
    const layers = timeline.filter((entry) => entry.type === 'seal-layer')
    expect(layers.at(-1)!.layer).toBe(layers.at(-1)!.layers)
    expect(types.indexOf('precommitted')).toBeGreaterThan(types.lastIndexOf('seal-layer'))
  })

  test('10 provePoRep: the chain verified the proof after the seed was drawn, and the deal became active', async () => {
    const deal = await market.client.deal(data.dealId)
    const sector = await market.client.sector(data.provider, deal.sector!.number)
    const timeline = await timelineOf(market.provider.url, data.dealId)
    expect(deal.state).toBe('active')
    expect(deal.activatedAt).toBeGreaterThanOrEqual(sector.seedEpoch!)
    const { randomness } = await market.client.randomness({
      tag: 'TICKET',
      epoch: sector.ticketEpoch,
      provider: data.provider,
      sector: sector.number,
    })
    const implied = porepBundleBytes({
      profile: profileNamed(sector.profile),
      provider: data.provider,
      sectorNumber: sector.number,
      ...{ ticket: bytesOfHex(randomness), seed: bytesOfHex(sector.seed!), commD: bytesOfHex(sector.commD) },
    })
    expect(timeline.find((entry) => entry.type === 'porep-accepted')!.bytes).toBe(implied)
  })

  test('11 provePost: two challenges are answered within their windows', async () => {
    const answers = await newest((timeline) => {
      expect(timeline.map(({ type }) => type)).not.toContain('post-missed')
      const accepted = timeline.filter((entry) => entry.type === 'post-accepted')
      return accepted.length >= 2 ? accepted : undefined
    })
    for (const { challengeEpoch, epoch } of answers) expect(epoch).toBeGreaterThan(challengeEpoch)
  }, 150_000)

  test('12 settle: what was proven is paid, less the fee that is burnt, and nothing is made or lost', async () => {
    const paid = await newest((timeline) =>
      timeline.filter((entry) => entry.type === 'settled').findLast(({ paid }) => paid !== '0'),
    )
    const deal = await market.client.deal(data.dealId)
    expect(BigInt(deal.paid)).toBeGreaterThanOrEqual(BigInt(paid.paid))
    expect(BigInt(deal.paid) + BigInt(deal.burnt)).toBe(
      BigInt(deal.terms.pricePerEpoch) * BigInt(deal.settledThrough! - deal.activatedAt!),
    )
    expect(everythingOf(deal)).toBe(BigInt(deal.terms.pricePerEpoch) * BigInt(deal.terms.duration))
    const { payout } = await market.client.provider(data.provider)
    expect(BigInt((await market.client.account(payout)).balance)).toBeGreaterThan(0n)
  }, 120_000)

  test('13 get: the file comes back by its CID, block by block and byte by byte', async () => {
    const out = join(market.bench.home, 'out.bin')
    succeeded(await market.bench.run(['get', data.rootCid, '-o', out, '--chain', market.chain.url]))
    expect(sameBytes(out, file)).toBe(true)
  })

  test('13 gateway: one block, a range of the file, the whole of it, and its name', async () => {
    const original = readFileSync(file)
    const url = `${market.provider.url}/ipfs/${data.path}`
    const cid = await importFile(bytesOf(file), new MemoryBlockstore())
    const block = Buffer.from(await (await fetch(`${url}?format=raw`)).arrayBuffer())
    const whole = Buffer.from(await (await fetch(url)).arrayBuffer())
    const range = await fetch(url, { headers: { range: 'bytes=1048000-1049000' } })
    expect(createHash('sha256').update(block).digest()).toEqual(Buffer.from(cid.multihash.digest))
    expect(whole.equals(original)).toBe(true)
    expect(range.status).toBe(206)
    expect(Buffer.from(await range.arrayBuffer()).equals(original.subarray(1_048_000, 1_049_001))).toBe(true)
    const listing = await fetch(`${market.provider.url}/ipfs/${data.rootCid}/`)
    expect(await listing.text()).toContain('three-blocks.bin')
  })

  test('13 routing: the provider is found by the CID', async () => {
    const answer = await fetch(`${market.provider.url}/routing/v1/providers/${data.rootCid}`)
    const { Providers } = (await answer.json()) as { Providers: { ID: string; Protocols: string[] }[] }
    expect(Providers).toHaveLength(1)
    expect(Providers[0]!.Protocols).toContain('transport-ipfs-gateway-http')
  })

  test('options for a file that has a deal are said to be without effect, with --quiet and in JSON too', async () => {
    const again = ['put', file, '--chain', market.chain.url, '--label', 'late', '--renew-until', '2090-01-31']
    const words = await market.bench.run(again)
    const quiet = await market.bench.run([...again, '--quiet'])
    const json = await market.bench.run([...again, '--json'])
    expect(words).toMatchObject({ code: 0, stdout: `${data.rootCid}\n` })
    const why = '--label, --renew-until: the deal was agreed before (put --again makes another)'
    expect(words.stderr.replaceAll(/\s+/g, ' ')).toContain(`no effect ${why}`)
    expect(quiet).toEqual({ code: 0, stdout: `${data.rootCid}\n`, stderr: `no effect: ${why}\n` })
    expect(JSON.parse(json.stdout).data).toMatchObject({
      dealId: data.dealId,
      withoutEffect: ['--label', '--renew-until'],
    })
    expect((await market.client.deal(data.dealId)).terms.label).toBe('')
  })
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  yield readFileSync(path)
}

function bytesOfHex(hex: string): Uint8Array {
  return fromHex(hex)
}
