/**
 * A provider's market side over real HTTP, real files and a real database, for tests of this package. Only what the
 * chain would say stands here as figures that a test can change; main.test.ts has the chain itself.
 */

import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { toHex } from '@granary/base'
import { addressesThatCount, createBudget } from '@granary/chain/limits'
import { importFile, pieceOf, writeCar } from '@granary/content'
import type { SessionKeyView } from '@granary/protocol/client'
import type { ChainTime } from '@granary/protocol/epochs'
import {
  accountSigner,
  type DealTerms,
  dealTermsToJson,
  type Hash,
  type Quote,
  quoteFromJson,
  type Signer,
  sessionSigner,
  typedLogin,
} from '@granary/protocol/messages'
import { MemoryBlockstore } from 'blockstore-core'
import { Router } from 'express'
import { Upload } from 'tus-js-client'
import { type Alerts, createAlerts } from '../src/alerts.ts'
import { newConfig, type ProviderConfig } from '../src/config.ts'
import type { Denylist } from '../src/denylist/denylist.ts'
import { createApp, type ProviderInfo } from '../src/http/app.ts'
import type { AddressLimits } from '../src/http/limit-addresses.ts'
import { type Listener, listen } from '../src/http/listen.ts'
import { uploadRoutes } from '../src/http/uploads.ts'
import { acceptPiece } from '../src/market/accept-piece.ts'
import { createDeals, type Deals } from '../src/market/create-deals.ts'
import { issueQuote } from '../src/market/issue-quote.ts'
import { logIn } from '../src/market/log-in.ts'
import { promisedDeals } from '../src/market/promised-deals.ts'
import { type PromisedDeals, type ProviderMeans, requireMeans } from '../src/market/provider-means.ts'
import { requireFunds, spendableOf } from '../src/market/require-funds.ts'
import { requireServed } from '../src/market/require-served.ts'
import type { SignedRenewal } from '../src/market/sign-renewal.ts'
import { createTokens } from '../src/market/tokens.ts'
import { createVolumes } from '../src/storage/create-volumes.ts'
import { makeFolders, type ProviderFolders, providerFolders } from '../src/storage/folders.ts'
import { openStore } from '../src/storage/open-store.ts'
import { createSettings } from '../src/storage/settings.ts'
import type { VolumesConfig } from '../src/storage/volumes.ts'
import { openWitness } from '../src/storage/witness.ts'
import { openUpload } from '../src/uploads/open-upload.ts'
import { takeRoom } from '../src/uploads/take-room.ts'

export const genesisHash: Hash = `0x${'11'.repeat(32)}`
export const PROVIDER_ID = 1000
export const SECTOR_BYTES: number = 8 * 1024 * 1024

export interface TestCar {
  readonly bytes: Buffer
  readonly rootCid: string
  readonly pieceCid: string
  readonly pieceSize: number
  readonly payloadSize: number
}

export interface ChainFigures {
  /** Agreements of deals on the chain, which is not followed here. */
  published?: ReadonlyMap<number, Hash>
  /** What the provider says of itself; without, there is no chain to ask. */
  info?: ProviderInfo
  /** What is signed for whoever asks; without, there is no deal on a chain. */
  renewal?: SignedRenewal
  /** Of every account, if any. */
  sessionKey?: SessionKeyView
  /** What the provider does not serve. */
  denylists: readonly Denylist[]
  /** Of the key that it signs with. */
  daemonSeed: number
  height: number
  balance: bigint
  freeCollateral: bigint
}

function timeOf({ height }: ChainFigures): ChainTime {
  return { height, timeMs: 1_700_000_000_000 + height * 500, blockTimeMs: 500 }
}

export interface TestMarket {
  readonly url: string
  readonly folders: ProviderFolders
  readonly db: DatabaseSync
  readonly deals: Deals
  readonly alerts: Alerts
  readonly figures: ChainFigures
  /** As a kill would: nothing is finished, only the port and the lock are let go. */
  crash(): Promise<void>
  stagedFiles(): Promise<string[]>
  pieceFiles(): Promise<string[]>
}

export async function temporaryHome(): Promise<{ home: string; remove(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'granary-provider-'))
  return { home, remove: () => rm(home, { recursive: true, force: true }) }
}

/** The CAR of a file of `size` random bytes. */
export async function randomCar(size: number): Promise<TestCar> {
  const store = new MemoryBlockstore()
  const root = await importFile(only(randomBytes(size)), store)
  const chunks: Uint8Array[] = []
  for await (const chunk of writeCar(root, store)) chunks.push(chunk)
  const bytes = Buffer.concat(chunks)
  return { bytes, rootCid: root.toString(), ...(await pieceOf(only(bytes))) }
}

export async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

export async function startMarket(
  home: string,
  limits: Partial<ProviderConfig['limits']> = {},
  capacityBytes?: number,
  disks: Partial<VolumesConfig> = {},
): Promise<TestMarket> {
  const folders = providerFolders(home)
  await makeFolders(folders)
  const db = openStore(folders.database)
  const base = newConfig({ chainUrl: 'http://127.0.0.1:7460', profile: '8MiB-dev', name: 'test' })
  const config = { ...base, capacityBytes, diskReserveBytes: 0, limits: { ...base.limits, ...limits } }
  const deals = createDeals(
    db,
    createVolumes(folders, () => ({ ...config, ...disks }), { homeId: 'test' }),
    () => config,
  )
  await deals.files.placeAll()
  await deals.files.recover()
  const figures: ChainFigures = {
    denylists: [],
    daemonSeed: 7,
    height: 100,
    balance: 10n ** 20n,
    freeCollateral: 10n ** 20n,
  }
  const addressOf = addressesThatCount(config.limits)
  const bytes = createBudget(config.limits.bytesPerMinute, 60)
  const listener = await listen('127.0.0.1', 0, {
    ...{ addressOf, connections: config.limits.connectionsPerAddress },
    onBytes: (address, moved) => void bytes.spend(address, moved),
  })
  const addressLimits = { ...config.limits, addressOf, bytes, onDownloadsFull: listener.endSlowest }
  const alerts = createAlerts(() => {})
  listener.serve(marketApp({ db, folders, config, deals, figures, alerts, addressLimits }))
  return {
    ...{ url: listener.url, folders, db, deals, figures, alerts },
    crash: () => crash(listener, db),
    stagedFiles: () => readdir(folders.staging),
    pieceFiles: () => readdir(folders.pieces),
  }
}

async function crash(listener: Listener, db: DatabaseSync): Promise<void> {
  await listener.close()
  db.close()
}

interface MarketParts {
  readonly db: DatabaseSync
  readonly folders: ProviderFolders
  readonly config: ProviderConfig
  readonly deals: Deals
  readonly figures: ChainFigures
  readonly alerts: Alerts
  readonly addressLimits: AddressLimits
}

function marketApp({
  db,
  folders,
  config,
  deals,
  figures,
  alerts,
  addressLimits,
}: MarketParts): ReturnType<typeof createApp> {
  const settings = createSettings(db)
  const tokens = createTokens(settings)
  const { address } = accountSigner(new Uint8Array(32).fill(8))
  const signer: Signer = {
    address,
    sign: (message) => sessionSigner(new Uint8Array(32).fill(figures.daemonSeed), address).sign(message),
  }
  const { limits } = config
  const witness = openWitness(folders.homeRecord, { homeId: 'test', agreements: 0, nextSector: 1 })
  const budget = createBudget(limits.quotesPerAddress, 60)
  const acceptDeals = true
  const served = { requireServed: (rootCid: string | undefined) => requireServed(figures.denylists, rootCid) }
  const shared = {
    ...deals,
    ...served,
    acceptDeals,
    genesisHash,
    providerId: PROVIDER_ID,
    signer,
    tokens,
    limits,
    budget,
  }
  const rules = {
    networkFeeBps: 500,
    minCollateralShareBps: 2000,
    durationMin: 1,
    durationMax: 1e6,
    activateWithinMin: 1,
  }
  const ask = {
    pricePerGiBEpoch: 10n ** 13n,
    pieceSizeMin: 256,
    pieceSizeMax: SECTOR_BYTES,
    collateralShareMaxBps: 10_000,
    durationMin: 60,
    durationMax: 1_000_000,
    validUntil: 1_000_000,
  }
  const market = async () => ({ head: figures.height, blockTimeMs: 500, ask, rules })
  // Sectors are free here: their price is provider-means.test.ts's.
  const means = async () => ({
    freeCollateral: figures.freeCollateral,
    balance: 0n,
    sectors: [{ sectorBytes: SECTOR_BYTES, locked: 0n, fees: 0n }],
    partitionDeposit: 0n,
    feesOfProofs: 0n,
  })
  const chain = {
    head: async () => timeOf(figures),
    freeBalanceOf: async () => figures.balance,
    means,
    publishFee: async () => 1000n,
  }
  const promised = () => promisedDeals(deals)
  const uploads = uploadRoutes({
    ...{ tokens, uploads: deals.uploads, files: deals.files, gate: deals.gate, checks: deals.checks },
    expiryMs: limits.uploadExpiryMs,
    open: async (request) =>
      openUpload(
        { ...shared, head: figures.height, requireMeans: requireMeansOf(await means(), promised) },
        { ...request, spendable: await spendableOf(chain, request.client) },
      ),
    takeRoom: (uploadId, end) => takeRoom(deals, uploadId, end),
    requireFunds: (client) => requireFunds({ ...deals, chain }, client),
  })
  return createApp({
    ...{ tokens, uploads, deals: deals.deals, timeline: deals.timeline },
    async info() {
      if (figures.info === undefined) throw new Error('there is no chain to ask')
      return figures.info
    },
    version: '0',
    head: () => figures.height,
    agreementOf: async (dealId) => figures.published?.get(dealId),
    limits: addressLimits,
    issueQuote: (request) =>
      issueQuote(
        { ...shared, market, means, promised, sectorBytes: SECTOR_BYTES, activateWithinMs: config.activateWithinMs },
        request,
      ),
    logIn: (request) =>
      logIn({ ...shared, time: async () => timeOf(figures), sessionKey: async () => figures.sessionKey }, request),
    async signRenewal() {
      if (figures.renewal === undefined) throw new Error('there is no chain with a deal on it')
      return figures.renewal
    },
    acceptPiece: (request) =>
      acceptPiece(
        {
          ...shared,
          chain,
          offeredBytesMax: limits.offeredBytes,
          // A million epochs.
          ordersMaxMs: 500_000_000,
          sectorBytes: SECTOR_BYTES,
          witness,
          onPlaced: () => {},
        },
        request,
      ),
    retrieval: Router(),
    alerts,
    log: () => {},
  })
}

function requireMeansOf(means: ProviderMeans, promised: () => PromisedDeals): (quote: Quote) => void {
  return (quote) => requireMeans(means, promised(), quote)
}

/** A client of the provider, as another program would be one: only by HTTP. */
export class TestClient {
  readonly signer: Signer
  readonly url: string
  readonly provider: number
  readonly genesisHash: Hash
  readonly #fetch: typeof fetch
  #token = ''

  constructor(
    url: string,
    options: {
      key?: number
      privateKey?: Uint8Array
      provider?: number
      genesisHash?: Hash
      fetch?: typeof fetch
    } = {},
  ) {
    this.url = url
    this.#fetch = options.fetch ?? fetch
    this.signer = accountSigner(options.privateKey ?? new Uint8Array(32).fill(options.key ?? 1))
    this.provider = options.provider ?? PROVIDER_ID
    this.genesisHash = options.genesisHash ?? genesisHash
  }

  get authorization(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}` }
  }

  async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const init = body === undefined ? {} : { body: JSON.stringify(body) }
    const all = { 'content-type': 'application/json', ...this.authorization, ...headers }
    const response = await this.#fetch(new URL(path, this.url), { method, headers: all, ...init })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }

  async logIn(): Promise<this> {
    const login = { client: this.signer.address, provider: this.provider, issuedAt: Math.floor(Date.now() / 1000) }
    const signature = hex(await this.signer.sign(typedLogin(this.genesisHash, login)))
    const { client, issuedAt } = login
    const { status, body } = await this.request('POST', '/v1/auth', { client, issuedAt, signature })
    if (status !== 200) throw new Error(`login: ${status} ${JSON.stringify(body)}`)
    this.#token = body.token
    return this
  }

  async quote(pieceSize: number, duration = 200): Promise<Quote> {
    const { status, body } = await this.request('POST', '/v1/quotes', {
      client: this.signer.address,
      pieceSize,
      duration,
    })
    if (status !== 200) throw new Error(`quote: ${status} ${JSON.stringify(body)}`)
    return quoteFromJson(body.quote)
  }

  /** Creates and fills an upload with the real tus client; gives its id. */
  async upload(bytes: Buffer, car: TestCar, quote: Quote): Promise<string> {
    const done = Promise.withResolvers<void>()
    const upload = new Upload(bytes, {
      endpoint: `${this.url}/v1/uploads`,
      headers: this.authorization,
      metadata: uploadMetadata(car, quote),
      chunkSize: 1024 * 1024,
      retryDelays: null,
      onSuccess: () => done.resolve(),
      onError: done.reject,
    })
    upload.start()
    await done.promise
    return String(upload.url).split('/').at(-1)!
  }

  agree(uploadId: string, terms: DealTerms): Promise<Answer> {
    return this.request('POST', '/v1/deals', { uploadId, terms: dealTermsToJson(terms) })
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of it
  readonly body: any
}

export function uploadMetadata(car: TestCar, quote: Quote): Record<string, string> {
  const { pieceSize, rootCid } = car
  return { pieceSize: String(pieceSize), rootCid, quoteId: quote.quoteId }
}

export function termsOf(car: TestCar, quote: Quote, validUntil = 1000, nonce = 1n): DealTerms {
  const { client, provider, duration, pricePerEpoch, providerCollateral, activateWithin } = quote
  const { pieceCid, pieceSize, payloadSize, rootCid } = car
  return {
    ...{ client, provider, pieceCid, pieceSize, payloadSize, rootCid, label: 'a test' },
    ...{ activateWithin, duration, pricePerEpoch, providerCollateral, validUntil, nonce },
  }
}

export function hex(bytes: Uint8Array): string {
  return toHex(bytes)
}
