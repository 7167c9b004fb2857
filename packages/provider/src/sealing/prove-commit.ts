/**
 * precommitted → committing → proving: wait for the seed, prove the replica for it, send the proof. The proof is on disk
 * and verified before the state says so; the chain is asked where the sector stands before anything is sent.
 */

import { GranaryError } from '@granary/base'
import { finalizeSector, readSector } from '@granary/proofs/seal'
import type { SectorView, TxView } from '@granary/protocol/client'
import { sectorLane } from '../sectors/lanes.ts'
import { dealIdsOf, type Sector, type SectorIn } from '../sectors/sector.ts'
import type { ReplicationResult } from './jobs.ts'
import { readProof, removeProof } from './proof-file.ts'
import { replaceReplica } from './replace-replica.ts'
import {
  profileOf,
  requireAnswer,
  type SealContext,
  SectorLostError,
  sectorDir,
  sectorOnChain,
} from './seal-context.ts'
import { unlessAway } from './unless-away.ts'

export class PiecesDamagedError extends GranaryError {
  constructor(number: number) {
    super({
      code: 'PIECE_DAMAGED',
      message: `a piece of sector ${number} is damaged, so that its layers cannot be made again`,
      hint: 'Its alert says which, and what to do; the sector goes on by itself when the piece is sound.',
      details: { sector: number },
    })
  }
}

export async function proveReplica(
  context: SealContext,
  sector: SectorIn<'precommitted'>,
  signal: AbortSignal,
): Promise<Sector> {
  const { store, head } = context
  const { number, phase } = sector
  if (await isForgotten(context, sector, signal)) return preCommitAgain(context, sector)
  const view = await openCommitment(context, sector, signal)
  if (view.activatedAt !== undefined) return enterPartition(context, sector, view)
  if (view.seed === undefined) {
    // The chain says which epoch's seed it is; its round comes with that block or one of the next.
    await head.reached(Math.max(view.seedEpoch ?? 0, head.height() + 1), signal)
    return store.get(number)
  }
  const proof = await runProver(context, sector, view.seed, signal)
  const { seedEpoch = view.preCommitEpoch, preCommitEpoch } = view
  store.measure(number, { proveMs: proof.proveMs, seedEpochs: seedEpoch - preCommitEpoch })
  return store.move(number, 'precommitted', { ...phase, state: 'committing', seed: view.seed, ...proof })
}

export async function proveCommit(
  context: SealContext,
  sector: SectorIn<'committing'>,
  signal: AbortSignal,
): Promise<Sector> {
  const { store, lanes, deals, providerId } = context
  const { number, phase } = sector
  if (await isForgotten(context, sector, signal)) return preCommitAgain(context, sector)
  const undoneAt = context.chain.height
  const view = await openCommitment(context, sector, signal)
  if (view.activatedAt !== undefined) return enterPartition(context, sector, view)
  // A chain that was restored from an older copy has drawn again: the proof is of another seed.
  if (view.seed !== phase.seed) return store.move(number, 'committing', precommittedAgain(phase))
  const { proofBytes, proveMs } = phase
  const dir = sectorDir(context, number)
  let bundle = await readProof(dir, proofBytes)
  if (bundle === undefined) {
    const proof = await runProver(context, sector, phase.seed, signal)
    bundle = await readProof(dir, proof.proofBytes)
  }
  if (bundle === undefined) requireAnswer(context, number)
  if (bundle === undefined)
    throw new SectorLostError('PROOF_FILE_LOST', `the proof of sector ${number} is not in ${dir}`)
  deals.record(dealIdsOf(sector), { type: 'porep-sent', data: { sector: number, bytes: proofBytes, proveMs } })
  const message = { provider: providerId, number, bundle }
  const accepted = await lanes.send(sectorLane(number), 'ProveCommitSector', message, { signal, undoneAt })
  return enterPartition(context, sector, await openCommitment(context, sector, signal), accepted)
}

/** The layers and the proof are of no more use once the chain has accepted the replica. */
export async function dropLayers(context: SealContext, sector: SectorIn<'proving'>): Promise<Sector> {
  const dir = sectorDir(context, sector.number)
  await finalizeSector(dir)
  await removeProof(dir)
  await context.volumes.changed({ kind: 'sector', number: sector.number })
  return context.store.move(sector.number, 'proving', { ...sector.phase, finalized: true })
}

async function runProver(
  context: SealContext,
  sector: SectorIn<'precommitted' | 'committing'>,
  seed: string,
  signal: AbortSignal,
): Promise<ReplicationResult> {
  const { number, phase } = sector
  await requireLayers(context, sector, signal)
  const dir = sectorDir(context, number)
  const request = {
    kind: 'porep',
    id: `porep-${number}`,
    // It has a deadline, other than the seals that wait in this line.
    urgent: true,
    input: {
      profile: profileOf(context, sector).name,
      provider: context.providerId,
      sector: number,
      ticket: phase.ticket.randomness,
      seed,
      commD: phase.commD,
      commR: phase.commR,
      dir,
      parentsDir: context.parentsDir,
    },
  } as const
  return await unlessAway(context, [dir], signal, (either) => context.queue.run(request, { signal: either }))
}

/** They went when the chain accepted the proof that it has forgotten since, or with a swap of files that a kill ended. */
async function requireLayers(
  context: SealContext,
  sector: SectorIn<'precommitted' | 'committing'>,
  signal: AbortSignal,
): Promise<void> {
  const { ticket, commR } = sector.phase
  const found = await readSector(sectorDir(context, sector.number)).catch(() => undefined)
  if (found?.state === 'sealed') return
  requireAnswer(context, sector.number)
  // A piece that is damaged is in the replica that lies there, and nowhere else.
  if (!(await context.securePieces(sector.pieces.map(({ pieceCid }) => pieceCid))))
    throw new PiecesDamagedError(sector.number)
  await replaceReplica(context, { sector, ticket: ticket.randomness, commR, withLayers: true }, signal)
}

/**
 * A chain that had the pre-commitment and does not know it within its window, at a height at which it did: it was rolled
 * back. (A node that is only behind is told apart by its client.)
 */
async function isForgotten(
  context: SealContext,
  { number, phase }: SectorIn<'precommitted' | 'committing'>,
  signal: AbortSignal,
): Promise<boolean> {
  return context.head.height() <= phase.commitBy && (await sectorOnChain(context, number, signal)) === undefined
}

function precommittedAgain(phase: SectorIn<'committing'>['phase']): SectorIn<'precommitted'>['phase'] {
  const { ticket, commD, commR, commitBy, expiry } = phase
  return { state: 'precommitted', ticket, commD, commR, commitBy, expiry }
}

function preCommitAgain({ store }: SealContext, { number, phase }: SectorIn<'precommitted' | 'committing'>): Sector {
  const { ticket, commD, commR } = phase
  return store.move(number, phase.state, { state: 'precommitting', ticket, commD, commR })
}

/** The sector as the chain has it, as long as its proof is still worth something. */
async function openCommitment(
  context: SealContext,
  { number, phase }: SectorIn<'precommitted' | 'committing'>,
  signal: AbortSignal,
): Promise<SectorView> {
  const view = await sectorOnChain(context, number, signal)
  if (view !== undefined && view.activatedAt !== undefined) return view
  // It ends the window itself: a head beyond it, heard from another node, does not.
  if (view?.state === 'precommitted') return view
  throw new SectorLostError('COMMIT_WINDOW_MISSED', `sector ${number} was not proven by epoch ${phase.commitBy}`)
}

function enterPartition(
  { store, deals, alerts }: SealContext,
  sector: SectorIn<'precommitted' | 'committing'>,
  view: SectorView,
  accepted?: TxView,
): Sector {
  const { number, phase } = sector
  const { partition, activatedAt, expiry, commR } = view
  if (partition === undefined || activatedAt === undefined) {
    throw new SectorLostError('COMMIT_WINDOW_MISSED', `sector ${number} is ${view.state} on the chain, not active`)
  }
  const moved = store.move(number, phase.state, {
    state: 'proving',
    commR,
    partition,
    activatedAt,
    expiry,
    finalized: false,
  })
  alerts.clear('CHAIN_ROLLED_BACK', `sector ${number}`)
  const dealIds = dealIdsOf(sector)
  const proven = phase.state === 'committing' ? { bytes: phase.proofBytes } : {}
  // How long the chain's node took with it; unknown when the answer was lost and the sector found proven later.
  const measured = accepted === undefined ? proven : { ...proven, verifyMs: accepted.executionMs }
  deals.record(dealIds, { type: 'porep-accepted', epoch: activatedAt, data: { sector: number, ...measured } })
  deals.record(dealIds, { type: 'active', epoch: activatedAt, data: { sector: number } })
  for (const dealId of dealIds) deals.setState(dealId, 'active')
  return moved
}
