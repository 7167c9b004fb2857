/**
 * What of stored content is proven, from a genesis hash and the signatures of its validators alone: no answer of a node is
 * believed that does not follow from them. docs/adr/0054 says where that trust comes from, and what a proof does not show.
 */
import type { ChainClient } from '@granary/protocol/client'
import {
  chainHeaders,
  createLightClient,
  type LightClient,
  type ProvenState,
  type SeenHeader,
} from '@granary/protocol/light'
import type { Hash } from '@granary/protocol/messages'
import type { CallOptions } from '../call-options.ts'
import type { Clock, Journal, TrustStore } from '../ports.ts'
import { CidNotStoredError } from '../retrieve/errors.ts'
import { ListingFalseError } from './errors.ts'
import { type ChainTrust, type TrustBasis, trustChain } from './trust-chain.ts'
import { type VerifiedDeal, verifiedDeal } from './verified-deal.ts'

/** Multihash of a piece CID v2, fr32-sha2-256-trunc254-padded-binary-tree. */
const PIECE_MULTIHASH = 0x1011
/** A list may be of the head, whose state is named by the header after it: so many block times are waited for that header. */
const BLOCKS_WAITED_MAX = 3
/** Deals whose records are asked for at once. */
const AT_ONCE = 8

/** What is known beforehand. */
export interface VerifyOptions extends CallOptions {
  /**
   * Of the chain that is meant, as who runs its network says it. @default the chain that was believed before at this address;
   * the first time the one that the node shows, and the result says so
   */
  readonly genesisHash?: Hash | undefined
  /**
   * A header of it that is trusted, as who runs its network names it: of validators that agree by CometBFT who was away for more
   * than 32 hours needs one. @default the newest that was verified before; the first time the genesis
   */
  readonly trustedHeader?: SeenHeader | undefined
}

/** Content whose deals are proven. */
export interface Verified {
  readonly cid: string
  readonly chain: { readonly genesisHash: Hash; readonly trust: TrustBasis }
  /** Everything here is of this one state. */
  readonly state: {
    /** It is that after this block. */
    readonly height: number
    /** The signed header that names it, of the block after. */
    readonly headerHash: Hash
    /** Of that header, in milliseconds since 1970. */
    readonly timeMs: number
    readonly blockTimeMs: number
  }
  /** In the order of their ids. That there are no others is not shown. */
  readonly deals: readonly VerifiedDeal[]
  /** Deals that this client has made by its journal, and that are proven not to be in the state: the chain was rolled back. */
  readonly missing: readonly number[]
}

/** What a verification needs of its place. */
export interface VerifyPorts {
  readonly chain: ChainClient
  readonly trust: TrustStore
  /** Deals in it are verified whether the node lists them or not. */
  readonly journal: Pick<Journal, 'read'>
  readonly clock: Pick<Clock, 'nowMs' | 'sleep'>
}

/**
 * @param cidText root CID of what was put, or the CID of a piece
 * @throws GenesisMismatchError, ListingFalseError, UnprovenError, HeadTooOldError, TrustInvalidError, CidNotStoredError
 */
export async function verify(ports: VerifyPorts, cidText: string, options: VerifyOptions = {}): Promise<Verified> {
  const { chain, trust, clock } = ports
  const call: CallOptions = { signal: options.signal }
  const { parseCid } = await import('../content.ts')
  const parsed = parseCid(cidText).toV1()
  const content: Wanted = { cid: parsed.toString(), isPiece: parsed.multihash.code === PIECE_MULTIHASH }
  const { genesisHash, trustedHeader } = options
  const believed = await trustChain({ chain, trust, genesisHash, header: trustedHeader }, call)
  const { from } = believed
  const now = () => clock.nowMs()
  const headers = chainHeaders(believed, { chain, now })
  const light = createLightClient({ chain, headers, seen: 'hash' in from ? from : undefined, now })
  let state = await light.newest(call)
  // Who is believed at first is shown with the result: what has none leaves nobody believed.
  if (believed.basis !== 'first-use') await keep(ports, believed, state)
  const named = await namedDeals(ports, content, believed.genesisHash, call)
  if (named.size === 0) throw new CidNotStoredError(content.cid, chain.url)
  const listedAt = chain.height
  let found = await prove(state, named, content, { ...call, blockTimeMs: believed.blockTimeMs })
  if (found.absent.some((id) => named.get(id) === 'listed')) {
    state = await stateOf(light, listedAt, { ...call, clock, blockTimeMs: believed.blockTimeMs })
    found = await prove(state, named, content, { ...call, blockTimeMs: believed.blockTimeMs })
  }
  const invented = found.absent.find((id) => named.get(id) === 'listed')
  if (invented !== undefined) throw new ListingFalseError(chain.url, content.cid, invented, state.height)
  await keep(ports, believed, state)
  const { height, header } = state
  return {
    cid: content.cid,
    chain: { genesisHash: believed.genesisHash, trust: believed.basis },
    state: { height, headerHash: header.hash, timeMs: header.timeMs, blockTimeMs: believed.blockTimeMs },
    deals: found.deals,
    missing: found.absent,
  }
}

interface Wanted {
  readonly cid: string
  readonly isPiece: boolean
}

/** By id: who says that it is a deal of the content; of a deal of the journal, the digest of its terms. */
type NamedDeals = ReadonlyMap<number, 'listed' | { readonly agreementId: Hash }>

async function namedDeals(
  { chain, journal }: VerifyPorts,
  { cid, isPiece }: Wanted,
  genesisHash: Hash,
  options: CallOptions,
): Promise<NamedDeals> {
  const listed: number[] = []
  for await (const { id } of chain.deals(isPiece ? { pieceCid: cid } : { rootCid: cid }, options)) listed.push(id)
  const own = isPiece ? undefined : await journal.read(genesisHash, cid)
  const made = own?.slots.flatMap((slot) => ('dealId' in slot ? [slot] : [])) ?? []
  const named: [number, 'listed' | { readonly agreementId: Hash }][] = [
    ...made.map(({ dealId, agreementId }) => [dealId, { agreementId }] as [number, { readonly agreementId: Hash }]),
    ...listed.map((id) => [id, 'listed'] as [number, 'listed']),
  ]
  return new Map(named.sort(([a], [b]) => a - b))
}

/** @returns those of the content, and the ids that the state has not, or for something else */
async function prove(
  state: ProvenState,
  named: NamedDeals,
  content: Wanted,
  options: CallOptions & { readonly blockTimeMs: number },
): Promise<{ readonly deals: VerifiedDeal[]; readonly absent: number[] }> {
  const deals: VerifiedDeal[] = []
  const absent: number[] = []
  const all = [...named]
  for (let from = 0; from < all.length; from += AT_ONCE) {
    const some = all.slice(from, from + AT_ONCE)
    const proven = await Promise.all(some.map(([id]) => verifiedDeal(state, id, options)))
    for (const [index, [id, by]] of some.entries()) {
      const deal = proven[index]
      if (deal !== undefined && isOf(deal, content) && (by === 'listed' || by.agreementId === deal.agreementId))
        deals.push(deal)
      else absent.push(id)
    }
  }
  return { deals, absent }
}

function isOf({ pieceCid, rootCid }: VerifiedDeal, { cid, isPiece }: Wanted): boolean {
  return (isPiece ? pieceCid : rootCid) === cid
}

interface LaterOptions extends CallOptions {
  readonly clock: Pick<Clock, 'sleep'>
  readonly blockTimeMs: number
}

/** The state of that height or a later one; of a node that has none of those in that time, what it has. */
async function stateOf(
  light: LightClient,
  height: number,
  { clock, blockTimeMs, signal }: LaterOptions,
): Promise<ProvenState> {
  for (let waited = 0; ; waited++) {
    const state = await light.newest({ signal })
    if (state.height >= height || waited === BLOCKS_WAITED_MAX) return state
    await clock.sleep(blockTimeMs, signal)
  }
}

/** Later verifications begin there. Of two that run at the same time the one that has seen more is kept. */
async function keep({ chain, trust }: VerifyPorts, believed: ChainTrust, { header }: ProvenState): Promise<void> {
  const { genesisHash, validators, blockTimeMs } = believed
  const kept = await trust.read(chain.url)
  if (kept?.genesisHash === genesisHash && kept.header.height >= header.height) return
  await trust.write(chain.url, { genesisHash, validators, blockTimeMs, header })
}
