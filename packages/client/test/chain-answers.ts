/** What a chain node would answer, from data, over HTTP: the client's own chain client reads it. */
import type { ChainStatus, DealView, ProviderView, SectorView } from '@granary/protocol/client'
import type { Address, Hash } from '@granary/protocol/messages'
import { type Served, serve } from './serve.ts'

export interface ChainAnswers {
  readonly status?: Partial<ChainStatus>
  readonly providers?: readonly ProviderView[]
  readonly deals?: readonly DealView[]
  readonly sectors?: readonly SectorView[]
  /** Of every account. @default there is none */
  readonly balance?: bigint
}

export const genesisHash: Hash = `0x${'ab'.repeat(32)}`
export const owner: Address = `0x${'11'.repeat(20)}`

export const statusView: ChainStatus = {
  genesisHash,
  chainId: 'test',
  devnet: true,
  height: 100,
  timeMs: 0,
  blockTimeMs: 500,
  appHash: genesisHash,
  clock: { trust: 'local', newestRound: null, silentMs: 0, aheadMs: null, stalled: null },
  version: '0',
}

export function providerView(id: number, endpoint: string, changes: Partial<ProviderView> = {}): ProviderView {
  return {
    id,
    owner,
    payout: owner,
    sessionKey: null,
    endpoints: [endpoint],
    peerId: '',
    region: '',
    name: `p${id}`,
    ask: {
      pricePerGiBEpoch: '1000',
      pieceSizeMin: 128,
      pieceSizeMax: 8 << 20,
      durationMin: 60,
      durationMax: 1_000_000,
      profiles: ['8MiB-dev'],
      collateralShareMaxBps: 10_000,
      validUntil: 1_000,
    },
    collateral: { free: '0', locked: '0', debt: '0' },
    vesting: { locked: '0', releasable: '0', end: null, perDealGiB: null },
    registeredAt: 1,
    ...changes,
  }
}

export function sectorView(state: SectorView['state']): SectorView {
  const epochs = { ticketEpoch: 1, preCommitEpoch: 2, commitBy: 9, expiry: 1_000 }
  const commitments = { commD: genesisHash, commR: genesisHash }
  return { provider: 1_000, number: 3, profile: '8MiB-dev', state, deals: [], ...epochs, ...commitments }
}

const notFoundCodes: Readonly<Record<string, string>> = {
  deals: 'DEAL_NOT_FOUND',
  sectors: 'SECTOR_NOT_FOUND',
  providers: 'PROVIDER_NOT_FOUND',
}

export function serveChain(answers: () => ChainAnswers): Promise<Served> {
  return serve((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const { status, providers = [], deals = [], sectors = [], balance } = answers()
    const page = (items: readonly unknown[]) => ({ height: 100, items, next: null })
    const [, , kind, id] = url.pathname.split('/')
    const found =
      kind === 'status'
        ? { ...statusView, ...status }
        : kind === 'deals'
          ? id === undefined
            ? page(deals.filter((deal) => matches(deal, url.searchParams)))
            : deals.find((deal) => deal.id === Number(id))
          : kind === 'accounts' && balance !== undefined
            ? { address: id, exists: true, balance: `${balance}`, sequences: {}, locked: '0' }
            : kind === 'sectors'
              ? sectors.find(({ provider, number }) => url.pathname === `/v1/sectors/${provider}/${number}`)
              : id === undefined || url.pathname.endsWith('/partitions')
                ? page(id === undefined ? providers : [])
                : providers.find((provider) => provider.id === Number(id))
    response.writeHead(found ? 200 : 404, {
      'content-type': 'application/json',
      'granary-genesis': status?.genesisHash ?? genesisHash,
      'granary-height': status?.height ?? statusView.height,
    })
    const code = notFoundCodes[kind ?? ''] ?? 'NOT_FOUND'
    const error = { code, message: url.pathname, hint: '', retryable: false }
    response.end(JSON.stringify(found ? { height: statusView.height, ...found } : { error }))
  })
}

function matches({ terms }: DealView, query: URLSearchParams): boolean {
  return [...query].every(([name, value]) => terms[name as keyof typeof terms] === value)
}
