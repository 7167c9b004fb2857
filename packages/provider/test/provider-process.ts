/** Providers as processes of their own, on homes of a temporary folder, with the deals that a client makes with them. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { WireError } from '@granary/base'
import { fromHex } from '@granary/base'
import { type ChainClient, sendMessage } from '@granary/protocol/client'
import { dealTermsFromJson } from '@granary/protocol/messages'
import { randomCar, type TestCar, TestClient, termsOf } from './market-kit.ts'

export const passphrase = 'for tests only'

export interface ProviderProcess {
  readonly url: string
  readonly pid: number
  readonly log: { readonly type: string; readonly [field: string]: unknown }[]
  kill(): Promise<void>
}

interface Options {
  readonly home: string
  readonly cacheHome: string
  readonly chainUrl: string
  /** @default 0 */
  readonly sealAfterMs?: number
}

/** A provider that may not be ready yet. */
export interface StartingProvider {
  /** Rejects with the error that the provider refused to start with. */
  readonly ready: Promise<ProviderProcess>
  kill(): Promise<void>
}

/** @throws the error that the provider refused to start with */
export function startProvider(options: Options): Promise<ProviderProcess> {
  return beginProvider(options).ready
}

/** For what is to happen to it before it is ready. */
export function beginProvider({ home, cacheHome, chainUrl, sealAfterMs = 0 }: Options): StartingProvider {
  const options = { home, cacheHome, chainUrl, port: 0, passphrase, sealAfterMs, logged: true }
  const program = join(import.meta.dirname, 'run-provider.ts')
  const flags = ['--conditions=@granary/source', '--disable-warning=ExperimentalWarning']
  const child = spawn(process.execPath, [...flags, program, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const log: ProviderProcess['log'] = []
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { url?: string; error?: WireError; event?: { type: string } }
    if (said.event !== undefined) log.push(said.event)
    if (said.url !== undefined) resolve(said.url)
    if (said.error !== undefined) reject(said.error)
  })
  child.on('exit', (code) => reject(new Error(`the provider ended with ${code}: ${JSON.stringify(log.slice(-3))}`)))
  const stop = (): Promise<void> => kill(child)
  return { ready: promise.then((url) => ({ url, pid: child.pid ?? 0, log, kill: stop })), kill: stop }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

export interface TestDeal {
  readonly agreementId: string
  readonly car: TestCar
  /** What makes it a deal on the chain. */
  publish(): Promise<void>
}

/** Quote, upload, agreement, by a client with money. */
export async function agreeOnDeal(chain: ChainClient, url: string, car?: TestCar, duration = 5_000): Promise<TestDeal> {
  const [piece, { genesisHash, height }] = await Promise.all([car ?? randomCar(1_200), chain.status()])
  const info = await new TestClient(url).request('GET', '/v1/info')
  const client = new TestClient(url, { key: 41, provider: info.body.id, genesisHash })
  if (BigInt((await chain.account(client.signer.address)).balance) === 0n) await chain.faucet(client.signer.address)
  await client.logIn()
  const quote = await client.quote(piece.pieceSize, duration)
  const uploadId = await client.upload(piece.bytes, piece, quote)
  const { status, body } = await client.agree(uploadId, termsOf(piece, quote, height + 500, BigInt(Date.now())))
  if (status !== 201) throw new Error(`agree: ${status} ${JSON.stringify(body)}`)
  const providerSignature = fromHex(body.signature)
  const deals = [{ terms: dealTermsFromJson(body.terms), providerSignature }]
  return {
    agreementId: body.agreementId,
    car: piece,
    publish: async () => {
      await sendMessage({ chain, signer: client.signer, kind: 'PublishDeal', body: { deals } })
    },
  }
}

export async function storeDeal(chain: ChainClient, url: string, car?: TestCar, duration?: number): Promise<TestDeal> {
  const deal = await agreeOnDeal(chain, url, car, duration)
  await deal.publish()
  return deal
}

/** The deal as its provider tells it, once it is so. */
export async function dealIn(
  url: string,
  agreementId: string,
  state: string,
): Promise<{ sector: number; dealId: number }> {
  return until(`deal ${agreementId} is ${state}`, async () => {
    const { body } = await new TestClient(url).request('GET', `/v1/deals/${agreementId}`)
    return body.state === state ? body : undefined
  })
}

export async function alertsOf(
  url: string,
): Promise<{ code: string; subject?: string; message: string; hint: string }[]> {
  return (await new TestClient(url).request('GET', '/healthz')).body.alerts
}

export async function until<T>(what: string, ask: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const giveUpMs = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > giveUpMs) throw new Error(`did not happen within ${timeoutMs} ms: ${what}`)
    await sleep(50)
  }
}
