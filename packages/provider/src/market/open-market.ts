/** The market side of a registered provider: its functions with their context filled in, and the following of the chain. */

import { isAbortError } from '@granary/base'
import { createBudget } from '@granary/chain/limits'
import type { Profile } from '@granary/proofs/profile'
import type { ChainClient, DealView } from '@granary/protocol/client'
import {
  type Address,
  type DealTerms,
  dealTermsFromJson,
  type Hash,
  type Quote,
  type Signer,
  typedDealTerms,
} from '@granary/protocol/messages'
import type { Alerts } from '../alerts.ts'
import { freeCollateralOf } from '../chain/collateral.ts'
import type { ChainFollower } from '../chain/follow-chain.ts'
import type { PromptChain } from '../chain/prompt-chain.ts'
import type { ProvenEnds } from '../chain/proven-ends.ts'
import type { ProviderConfig } from '../config.ts'
import { endDeal } from '../deals/deal-ends.ts'
import { createDealFeed } from '../deals/deal-feed.ts'
import { type DealsFollower, followDeals } from '../deals/follow-deals.ts'
import { followedHeight } from '../deals/followed-height.ts'
import type { Denylist } from '../denylist/denylist.ts'
import type { Log } from '../log.ts'
import type { DealFeed } from '../sectors/port.ts'
import type { ProviderFolders } from '../storage/folders.ts'
import type { Settings } from '../storage/settings.ts'
import type { Witness } from '../storage/witness.ts'
import { openUpload, requireQuota, type UploadRequest } from '../uploads/open-upload.ts'
import { takeRoom } from '../uploads/take-room.ts'
import type { UploadRow } from '../uploads/upload-store.ts'
import { type AcceptedPiece, type AcceptPieceRequest, acceptPiece } from './accept-piece.ts'
import { agreementChain, marketOf, sessionKeyOn } from './agreement-chain.ts'
import type { Deals } from './create-deals.ts'
import { issueQuote, type QuoteRequest } from './issue-quote.ts'
import { type LoginRequest, logIn } from './log-in.ts'
import { onceABlock } from './once-a-block.ts'
import { promisedDeals } from './promised-deals.ts'
import { requireMeans } from './provider-means.ts'
import { requireClient } from './require-client.ts'
import { requireFundsOnceABlock, spendableOf } from './require-funds.ts'
import { requireServed } from './require-served.ts'
import { createOpenRenewals, type RenewalRequest, type SignedRenewal, signRenewal } from './sign-renewal.ts'
import { sweepUploads } from './sweep-uploads.ts'
import { createTokens, type Tokens } from './tokens.ts'

export interface MarketContext {
  readonly deals: Deals
  readonly settings: Settings
  readonly folders: ProviderFolders
  /** As it is now. */
  readonly config: () => ProviderConfig
  /** As they are now. */
  readonly denylists: () => readonly Denylist[]
  /** The smallest first. */
  readonly profiles: readonly Profile[]
  readonly chain: ChainClient
  /** Of the same, for what a client waits for. */
  readonly asked: PromptChain
  readonly follower: ChainFollower
  readonly ends: ProvenEnds
  /** What the chain cannot be above by now. */
  readonly heightMax: () => number
  readonly genesisHash: Hash
  readonly providerId: number
  /** How many are being proven. */
  readonly partitions: () => number
  /** The session key. */
  readonly signer: Signer
  /** A piece begins, and ceases, to be served. */
  readonly addPiece: (piece: { pieceCid: string; payloadSize: number; rootCid: string | undefined }) => Promise<void>
  readonly removePiece: (pieceCid: string) => Promise<void>
  /** There is something new to place in a sector. */
  readonly onPublished: () => void
  readonly witness: Witness
  readonly alerts: Alerts
  readonly onPlaced: (pieceCid: string) => void
  readonly release: (agreementId: string) => void
  readonly log: Log
}

export interface Market {
  readonly tokens: Tokens
  readonly feed: DealFeed
  issueQuote(request: QuoteRequest): Promise<{ quote: Quote; signature: Uint8Array }>
  logIn(request: LoginRequest): Promise<{ token: string; expiresAt: number }>
  signRenewal(request: RenewalRequest): Promise<SignedRenewal>
  openUpload(request: Omit<UploadRequest, 'spendable'>): Promise<UploadRow>
  takeRoom(uploadId: string, end: number): void
  /** That it can pay for its open uploads. @throws ClientFundsError */
  requireFunds(client: Address): Promise<void>
  acceptPiece(request: AcceptPieceRequest): Promise<AcceptedPiece>
  sweep(): Promise<void>
  /** Brings all deals to what the chain says, then keeps them there. */
  follow(): Promise<DealsFollower>
}

export function openMarket(context: MarketContext): Market {
  const { asked, config, folders, genesisHash, providerId, settings, signer, alerts, log } = context
  const { checks, deals, files, gate, lock, quotes, space, timeline, uploads } = context.deals
  const sectorBytes = context.profiles.at(-1)?.sectorBytes ?? 0
  const promised = () => promisedDeals({ deals, uploads, quotes })
  const tokens = createTokens(settings)
  const block = (): number | undefined => (context.follower.heard() === undefined ? undefined : context.chain.height)
  const onChain = agreementChain({
    ...{ chain: asked, providerId, profiles: context.profiles },
    partitions: context.partitions,
  })
  const agreementsOn = {
    ...onChain,
    means: onceABlock(onChain.means, block),
    publishFee: onceABlock(onChain.publishFee, block),
  }
  const market = onceABlock(() => marketOf(asked, providerId), block)
  const renewals = createOpenRenewals()
  const served = { requireServed: (rootCid: string | undefined) => requireServed(context.denylists(), rootCid) }
  const quoteBudget = createBudget(config().limits.quotesPerAddress, Math.ceil(config().limits.quoteValidMs / 1000))
  const ends = { deals, files, removePiece: context.removePiece }

  const feed = createDealFeed({
    deals,
    timeline,
    end: (agreementId, state, reason) => {
      endDeal(ends, agreementId, state, reason === undefined ? {} : { reason }).catch((error: unknown) =>
        log({ type: 'deal:end-failed', agreementId, error: String(error) }),
      )
    },
  })
  const onPublished = ({ pieceCid, payloadSize, rootCid }: DealTerms): void => {
    context.onPublished()
    // Reading a large piece takes its time; the chain is followed meanwhile. At the next start it is looked at again.
    context.addPiece({ pieceCid, payloadSize, rootCid }).catch((error: unknown) => {
      if (!isAbortError(error)) log({ type: 'piece:not-served', pieceCid, error: String(error) })
    })
  }

  const adopt = async (view: DealView): Promise<void> => {
    const terms = dealTermsFromJson(view.terms)
    // The same key signs the same bytes alike, so the answer to these terms stays what it was.
    const signature = await signer.sign(typedDealTerms(genesisHash, terms))
    deals.adopt({ agreementId: view.agreementId, terms, signature })
    context.witness.agreed(deals.count())
    await files.bringBack(terms.pieceCid)
  }

  const revived = async (terms: DealTerms): Promise<void> => {
    await files.bringBack(terms.pieceCid)
    context.onPlaced(terms.pieceCid)
    onPublished(terms)
  }

  return {
    tokens,
    feed,
    issueQuote: async (request) => {
      requireClient(config().clients, request.client)
      return await issueQuote(
        {
          ...{ genesisHash, providerId, signer, quotes, space, promised, budget: quoteBudget },
          means: agreementsOn.means,
          market,
          sectorBytes,
          limits: config().limits,
          acceptDeals: config().acceptDeals,
          activateWithinMs: config().activateWithinMs,
        },
        request,
      )
    },
    logIn: (request) =>
      logIn(
        {
          ...{ genesisHash, providerId, tokens, time: () => asked.status() },
          sessionKey: (account, publicKey) => sessionKeyOn(asked, account, publicKey),
        },
        request,
      ),
    signRenewal: (request) =>
      signRenewal(
        {
          ...{ genesisHash, providerId, signer, renewals, ...served },
          acceptDeals: config().acceptDeals,
          clients: config().clients,
          market,
          dealOnChain: (id) => asked.deal(id),
          freeCollateral: async () => freeCollateralOf(await asked.provider(providerId)),
          offeredCollateral: () => promised().collateral,
        },
        request,
      ),
    openUpload: async (request) => {
      requireClient(config().clients, request.client)
      requireQuota({ uploads, limits: config().limits }, request)
      const [{ head }, spendable, means] = await Promise.all([
        market(),
        spendableOf(agreementsOn, request.client),
        agreementsOn.means(),
      ])
      return openUpload(
        {
          uploads,
          quotes,
          head,
          space,
          limits: config().limits,
          ...served,
          requireMeans: (quote) => requireMeans(means, promised(), quote),
        },
        { ...request, spendable },
      )
    },
    takeRoom: (uploadId, end) => takeRoom({ uploads, space, files }, uploadId, end),
    requireFunds: requireFundsOnceABlock({ uploads, quotes, chain: agreementsOn, height: context.follower.height }),
    acceptPiece: async (request) => {
      requireClient(config().clients, request.client)
      return await acceptPiece(
        {
          ...{ genesisHash, providerId, signer, deals, uploads, quotes, files, space, lock, gate, checks, ...served },
          chain: agreementsOn,
          sectorBytes,
          ordersMaxMs: config().ordersMaxMs,
          offeredBytesMax: config().limits.offeredBytes,
          witness: context.witness,
          onPlaced: context.onPlaced,
        },
        request,
      )
    },
    sweep: async () => {
      const { freeBalanceOf } = agreementsOn
      const { uploadExpiryMs: expiryMs } = config().limits
      const count = await sweepUploads({ uploads, quotes, files, lock, freeBalanceOf, expiryMs })
      if (count > 0) log({ type: 'uploads:ended', count })
    },
    follow: () =>
      followDeals({
        ...{
          ...ends,
          onPublished,
          release: context.release,
          chain: context.chain,
          ends: context.ends,
          providerId,
          quotes,
          adopt,
          revived,
          alerts,
          log,
        },
        follower: context.follower,
        folder: folders.root,
        height: followedHeight(settings, context.heightMax),
        storePath: folders.database,
      }),
  }
}
