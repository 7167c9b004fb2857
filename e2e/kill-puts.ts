/** Puts that are killed with kill −9, each at a moment of its own, and called again. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { envelope } from './harness.ts'
import type { Seeded } from './seeded.ts'
import { eachBlock, fileOf, type Market, putArguments, succeeded } from './story.ts'

/** What a put says when it has come so far. */
const moments: readonly RegExp[] = [
  /"type":"import:done"/,
  /"type":"planned"/,
  /"type":"provider:chosen"/,
  /"type":"quoted"/,
  /"type":"upload:progress"/,
  /"type":"piece:done"/,
  /"type":"agreed"/,
  /"type":"published"/,
]
/** So long after that at most. */
const JITTER_MS = 150
const FILE_BYTES = 60_000

/** Of several pieces: their deals are published together, and killed while that goes on. */
const LARGE_FILE_BYTES = 30_000_000
const publishing: readonly RegExp[] = [/"type":"agreed"/, /"type":"published"/]

export interface KilledPut {
  readonly moment: string
  /** What was known of the root before the kill; undefined: nothing was told. */
  readonly rootBefore: string | undefined
  readonly data: PutResult
  /** On the chain, of the content. */
  readonly dealIds: readonly number[]
  readonly isBack: boolean
}

export function killPut(market: Market, index: number, chance: Seeded): Promise<KilledPut> {
  const path = fileOf(market.bench, `killed-${index}.bin`, FILE_BYTES)
  return killPutOf(market, path, { index, moment: moments[index % moments.length]!, chance })
}

export function killLargePut(market: Market, index: number, chance: Seeded): Promise<KilledPut> {
  const path = fileOf(market.bench, `large-${index}.bin`, LARGE_FILE_BYTES)
  return killPutOf(market, path, { index, moment: publishing[index % publishing.length]!, chance })
}

async function killPutOf(
  market: Market,
  path: string,
  { index, moment, chance }: { readonly index: number; readonly moment: RegExp; readonly chance: Seeded },
): Promise<KilledPut> {
  const { bench, chain, client, provider } = market
  const args = [...putArguments(path, chain.url), '--no-wait', '--home', join(bench.home, `client-${index}`)]
  const putting = bench.start(args)
  const line = await putting.line(moment)
  await new Promise((resolve) => setTimeout(resolve, chance.below(JITTER_MS)))
  await putting.kill9()
  const told = /"rootCid":"(\w+)"/.exec(String(line))?.[1]

  const { data } = envelope<PutResult>(succeeded(await bench.runHere(args)))
  const deals = await Array.fromAsync(client.deals({ rootCid: data.rootCid }))
  // The provider serves it when it has seen the block with the deal and has indexed the piece: 202 until then.
  const body = await eachBlock(market, async () => {
    const answer = await fetch(`${provider.url}/ipfs/${data.path}`)
    return answer.status === 200 ? Buffer.from(await answer.arrayBuffer()) : undefined
  })
  const isBack = body.equals(readFileSync(path))
  return { moment: moment.source, rootBefore: told, data, dealIds: deals.map(({ id }) => id), isBack }
}
