/** What the stories share: a devnet out of single processes, files of bytes that are the same each time, and the put that they watch. */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PutResult } from '@granary/client'
import { type ChainClient, createChainClient, type DealView } from '@granary/protocol/client'
import type { TimelineEntry } from '@granary/protocol/events'
import { getDeal } from '@granary/protocol/market'
import { changeParams } from './change-params.ts'
import { createWorkbench, envelope, type Finished, type Running, type Workbench } from './harness.ts'

export type Server = Running & { readonly url: string }

export interface Market {
  readonly bench: Workbench
  readonly chain: Server
  readonly provider: Server
  readonly client: ChainClient
}

/** Of which a story asks no more of the chain than an address. */
export type StoryMarket = Omit<Market, 'chain'> & { readonly chain: Pick<Server, 'url'> }

export interface Timed {
  readonly type: string
  readonly [field: string]: unknown
}

export interface MarketOptions {
  readonly kernel?: 'ts' | 'c'
  /** Proofs are asked for three times as often as on a devnet, and no piece waits for others to share its sector. @default false */
  readonly quick?: boolean
  /** Of the provider's sectors. @default that of a devnet */
  readonly profile?: string
}

/** Epochs of a period, and for an answer: there must be time for it before the next. */
export const QUICK = { params: { provingPeriod: '22' }, responseWindow: '20' }

export async function startMarket({ kernel, quick = false, profile }: MarketOptions = {}): Promise<Market> {
  const bench = createWorkbench()
  succeeded(await bench.run(['chain', 'init', '--devnet', '--home', bench.home, '--json']))
  if (quick) changeParams(bench.home, QUICK)
  const chain = await bench.startChain()
  const env = kernel === undefined ? {} : { GRANARY_KERNEL: kernel }
  const args = [...(quick ? ['--seal-after', '0s'] : []), ...(profile === undefined ? [] : ['--profile', profile])]
  const provider = await bench.startProvider({ chainUrl: chain.url, env, args })
  return { bench, chain, provider, client: createChainClient({ url: chain.url }) }
}

/** Bytes that look random and are the same in every run. */
export function fileOf(bench: Workbench, name: string, bytes: number): string {
  const path = join(bench.home, name)
  writeFileSync(path, createHash('shake256', { outputLength: bytes }).update(name).digest())
  return path
}

export function sameBytes(left: string, right: string): boolean {
  return readFileSync(left).equals(readFileSync(right))
}

/** The arguments of a put that prints its result as one document and its progress as one object a line. */
export function putArguments(file: string, chainUrl: string): string[] {
  return ['put', file, '--chain', chainUrl, '--json', '--progress', 'json']
}

export async function put(
  bench: Workbench,
  file: string,
  chainUrl: string,
): Promise<{ data: PutResult; progress: Timed[] }> {
  const finished = succeeded(await bench.run(putArguments(file, chainUrl)))
  const progress = finished.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Timed)
  return { data: envelope<PutResult>(finished).data, progress }
}

/** The result of a command that must have succeeded. */
export function succeeded(finished: Finished): Finished {
  const { code, stdout, stderr } = finished
  if (code !== 0) throw new Error(`the command ended with ${code}:\n${stdout}\n${stderr}`)
  return finished
}

export async function timelineOf(providerUrl: string, id: string | number): Promise<readonly TimelineEntry[]> {
  const answer = await fetch(`${providerUrl}/v1/deals/${id}`)
  if (!answer.ok) throw new Error(`GET /v1/deals/${id}: ${answer.status} ${await answer.text()}`)
  return getDeal.answer.parse(await answer.json()).timeline
}

/** Looks again after each block of the chain until the question has an answer. */
export async function eachBlock<T>({ client, bench }: StoryMarket, ask: () => Promise<T | undefined>): Promise<T> {
  const first = await ask()
  if (first !== undefined) return first
  for await (const _block of client.events({ types: ['block'], signal: bench.signal })) {
    const answer = await ask()
    if (answer !== undefined) return answer
  }
  throw new Error('the chain ended its events')
}

export function everythingOf(deal: DealView): bigint {
  return BigInt(deal.locked) + BigInt(deal.paid) + BigInt(deal.burnt) + BigInt(deal.refunded)
}
