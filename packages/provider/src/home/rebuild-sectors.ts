/** The sectors of a store that is made anew: what the chain says of each number, and what its folder says. */
import { toHex } from '@granary/base'
import { type ProfileName, profileNamed } from '@granary/proofs/profile'
import { placePieces } from '@granary/proofs/verify'
import type { ChainClient, DealView, SectorView } from '@granary/protocol/client'
import { dealTermsFromJson } from '@granary/protocol/messages'
import type { Deals } from '../market/create-deals.ts'
import { sectorOnChain } from '../sealing/seal-context.ts'
import type { SectorPhase, SectorPiece, SectorState, Ticket } from '../sectors/sector.ts'
import { listSectorFolders, type SectorFolder } from '../sectors/sector-folders.ts'
import { readSectorRecord } from '../sectors/sector-record.ts'
import type { SectorStore } from '../sectors/store.ts'
import type { Volumes } from '../storage/volumes.ts'

export type SectorCounts = Partial<Record<SectorState, number>>

export interface RebuildSectorsInput {
  readonly chain: ChainClient
  readonly volumes: Volumes
  readonly providerId: number
  readonly deals: Deals
  readonly store: SectorStore
  /** All deals of the provider, by their number. */
  readonly views: ReadonlyMap<number, DealView>
}

export async function rebuildSectors(
  input: RebuildSectorsInput,
): Promise<{ counts: SectorCounts; unknown: readonly string[] }> {
  const { volumes, store, deals } = input
  const all = await listSectorFolders({ volumes })
  // Of one that lies twice, since it was being moved, that which is used.
  const used = all.filter(({ number, dir }) => volumes.pathOf({ kind: 'sector', number }) === dir)
  const lying = new Map(used.map((folder) => [folder.number, folder]))
  const counts: SectorCounts = {}
  const unknown: string[] = []
  for (const number of await allNumbers(input, lying)) {
    store.skipNumbersBelow(number + 1)
    const folder = lying.get(number)
    const sector = await sectorFrom(input, number, folder)
    if (typeof sector === 'string') {
      unknown.push(`sector ${number}: ${sector}`)
      continue
    }
    if (folder === undefined && sector.phase.state === 'proving')
      unknown.push(`sector ${number}: the chain counts on it and it has no folder`)
    store.adopt({ number, openedAtMs: Date.now(), ...sector })
    const { state } = sector.phase
    counts[state] = (counts[state] ?? 0) + 1
    const dealIds = sector.pieces.map(({ dealId }) => dealId)
    deals.deals.setSector(dealIds, number)
    if (state === 'sealing' || state === 'precommitted')
      for (const { agreementId } of sector.pieces) deals.deals.setState(agreementId, 'sealing', {})
  }
  return { counts, unknown }
}

/** On the disk, in the partitions, or named by a deal. */
async function allNumbers(
  { chain, providerId, views }: RebuildSectorsInput,
  lying: ReadonlyMap<number, SectorFolder>,
): Promise<number[]> {
  const proven: number[] = []
  for (const { number: partition } of await chain.partitions(providerId))
    for await (const { number } of chain.members({ provider: providerId, partition })) proven.push(number)
  const bound = [...views.values()].flatMap(({ sector }) => (sector === undefined ? [] : [sector.number]))
  return [...new Set([...lying.keys(), ...proven, ...bound])].toSorted((a, b) => a - b)
}

type Found = {
  readonly profile: ProfileName | undefined
  readonly pieces: readonly SectorPiece[]
  readonly phase: SectorPhase
}

/** The sector as the store will have it, or the reason why it cannot be taken back, in words for the report. */
async function sectorFrom(
  input: RebuildSectorsInput,
  number: number,
  folder: SectorFolder | undefined,
): Promise<Found | string> {
  const { chain, providerId } = input
  const { sector } = folder ?? {}
  if (sector !== undefined && (sector.provider !== providerId || sector.sectorNumber !== number))
    return `its folder holds sector ${sector.sectorNumber} of provider ${sector.provider}; it was not touched`
  const view = await sectorOnChain({ chain, providerId }, number, new AbortController().signal)
  if (view === undefined) return await sealingFrom(input, folder)
  const pieces = piecesOf(input, view)
  const profile = profileNamed(view.profile).name
  const { commD, commR, expiry, partition, activatedAt } = view
  if (view.state === 'expired' || view.state === 'terminated')
    return { profile, pieces, phase: { state: view.state, cleaned: false } }
  if (partition !== undefined && activatedAt !== undefined) {
    const finalized = sector?.state === 'finalized'
    return { profile, pieces, phase: { state: 'proving', commR, partition, activatedAt, expiry, finalized } }
  }
  if (sector === undefined) return 'it is pre-committed and there is no manifest: its deals are sealed again'
  const { commitBy } = view
  const ticket = { epoch: view.ticketEpoch, randomness: toHex(sector.ticket) }
  return { profile, pieces, phase: { state: 'precommitted', ticket, commD, commR, commitBy, expiry } }
}

/** Nobody but its folder knows of it. */
async function sealingFrom(input: RebuildSectorsInput, folder: SectorFolder | undefined): Promise<Found | string> {
  const record = folder === undefined ? undefined : await readSectorRecord(folder.dir)
  if (record === undefined)
    return 'the chain does not know it, and nothing says which deals are in it; it was not touched'
  const { deals, views } = input
  const pieces: SectorPiece[] = []
  for (const { agreementId, offset } of record.pieces) {
    const dealId = deals.deals.find(agreementId)?.dealId
    const view = dealId === undefined ? undefined : views.get(dealId)
    if (view?.state !== 'published') return `its deal ${agreementId} waits for no sector any more; it was not touched`
    pieces.push(pieceFrom(view, offset))
  }
  const ticket: Ticket = record.ticket
  return { profile: record.profile, pieces, phase: { state: 'sealing', ticket } }
}

/** As the chain lists them they lie in the sector. */
function piecesOf(input: RebuildSectorsInput, { deals, profile }: SectorView): SectorPiece[] {
  const known = deals.flatMap((id) => input.views.get(id) ?? [])
  const sizes = known.map(({ terms }) => dealTermsFromJson(terms).pieceSize)
  // Offsets are those of all pieces together: without one of them, nothing can be said of the others.
  const offsets = known.length === deals.length ? placePieces(sizes, profileNamed(profile).sectorBytes) : []
  return known.map((view, index) => pieceFrom(view, offsets[index] ?? null))
}

function pieceFrom(view: DealView, offset: number | null): SectorPiece {
  const { pieceCid, payloadSize, pieceSize, activateWithin, duration } = dealTermsFromJson(view.terms)
  const { id, agreementId, publishedAt } = view
  return {
    dealId: id,
    agreementId,
    pieceCid,
    payloadSize,
    paddedSize: pieceSize,
    publishedAt,
    activateBy: publishedAt + activateWithin,
    endsBy: publishedAt + activateWithin + duration,
    offset,
  }
}
