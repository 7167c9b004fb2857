/**
 * Makes provider.sqlite anew out of what the chain says of this provider's deals and sectors and what lies on the disk.
 * Nothing on the disk is changed but the store itself: the old one is set aside, the new one takes its place when it is
 * whole. It can be killed at any moment and run again.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { realpath, rename, rm, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { GranaryError } from '@granary/base'
import { syncFolder } from '@granary/base/node'
import { createChainClient, type DealView } from '@granary/protocol/client'
import { dealTermsFromJson, typedDealTerms } from '@granary/protocol/messages'
import { readKeys } from '../chain/owner-keys.ts'
import { providerOf } from '../chain/register-provider.ts'
import { changeConfig, type ProviderConfig, readConfig } from '../config.ts'
import { applyView } from '../deals/apply-view.ts'
import { isLive } from '../deals/deal-state.ts'
import { createDeals, type Deals } from '../market/create-deals.ts'
import { createSectorStore } from '../sectors/store.ts'
import { createVolumes } from '../storage/create-volumes.ts'
import { diskLooks } from '../storage/disk-looks.ts'
import { makeFolders, type ProviderFolders, providerFolders } from '../storage/folders.ts'
import { openStore } from '../storage/open-store.ts'
import { setAside } from '../storage/set-aside.ts'
import { createSettings } from '../storage/settings.ts'
import { readVolumeRecord, requireOwnVolumes, takeVolumeOver } from '../storage/volume-record.ts'
import { type VolumeConfig, volumeRoles } from '../storage/volumes.ts'
import { HomeRecordInvalidError, openWitness, readWitness, type Witnessed } from '../storage/witness.ts'
import { rebuildSectors, type SectorCounts } from './rebuild-sectors.ts'

export interface RebuildOptions {
  readonly home: string
  readonly passphrase: string
  /** Where the chain is now, when it is not where the configuration says. */
  readonly chainUrl?: string
  /** Paths of volumes of a home that is gone: this one has them from then on, with all that lies on them. */
  readonly takeOver?: readonly string[]
}

export interface RebuildReport {
  readonly store: string
  /** Where the store is now that was there before. */
  readonly oldStore: string | undefined
  readonly providerId: number
  readonly deals: { readonly live: number; readonly ended: number }
  readonly sectors: SectorCounts
  readonly pieces: { readonly found: number; readonly missing: readonly string[] }
  readonly nextSector: number
  /** What neither the chain nor the disk knows, in words. */
  readonly unknown: readonly string[]
}

export class NothingToRebuildError extends GranaryError {
  constructor(address: string, chainUrl: string) {
    super({
      code: 'PROVIDER_NOT_REGISTERED',
      message: `${chainUrl} knows no provider of ${address}: there is nothing to make a store from`,
      hint: 'name the chain of this home with --chain; a home that was never registered is started with `granary provider run`',
      details: { address, chainUrl },
    })
  }
}

/**
 * @throws HomeMissingError, HomeLockedError, NothingToRebuildError, CHAIN_UNREACHABLE, PASSPHRASE_WRONG; for volumes
 * VolumeFolderError VOLUME_REFUSED, VolumeForeignError VOLUME_FOREIGN
 */
export async function rebuildProvider(options: RebuildOptions): Promise<RebuildReport> {
  const folders = providerFolders(options.home)
  let config = await readConfig(folders.config)
  await makeFolders(folders)
  requireNotRunning(folders)
  const { address, session } = await readKeys(folders, options.passphrase, config.owner)
  const chain = createChainClient({ url: options.chainUrl ?? config.chainUrl })
  const { genesisHash } = await chain.status()
  const providerId = await providerOf(chain, address)
  if (providerId === undefined) throw new NothingToRebuildError(address, chain.url)

  const path = `${folders.database}.rebuilt`
  for (const suffix of ['', '-wal', '-shm']) await rm(`${path}${suffix}`, { force: true })
  const before = witnessBefore(folders.homeRecord)
  // Its record may be lost with the store: then its volumes say which home it is.
  const homeId = before?.homeId ?? homeOf(config.volumes) ?? randomUUID()
  config = await takeOver(folders, config, { paths: options.takeOver ?? [], owner: address, homeId })
  requireOwnVolumes(config.volumes, homeId, diskLooks)
  const db = openStore(path)
  let made: Omit<RebuildReport, 'store' | 'oldStore'>
  let witnessed: Witnessed
  try {
    const settings = createSettings(db)
    settings.set('homeId', homeId)
    settings.set('genesisHash', genesisHash)
    settings.set('providerId', String(providerId))
    const volumes = createVolumes(folders, () => config, { homeId })
    const deals = createDeals(db, volumes, () => config)
    const views = new Map<number, DealView>()
    for await (const view of chain.deals({ provider: providerId })) {
      const terms = dealTermsFromJson(view.terms)
      deals.deals.adopt({
        agreementId: view.agreementId,
        terms,
        // The same key signs the same bytes alike, so the answer to these terms stays what it was.
        signature: await session.signer.sign(typedDealTerms(genesisHash, terms)),
      })
      // What has ended loses its piece at the next start, when the store is in its place.
      const files = { dropIfUnused: async () => {} }
      await applyView(
        { deals: deals.deals, files, removePiece: async () => {}, onPublished: () => {}, release: () => {} },
        view,
      )
      views.set(view.id, view)
    }
    const store = createSectorStore(db)
    store.skipNumbersBelow(before?.nextSector ?? 0)
    const sectors = await rebuildSectors({ chain, volumes, providerId, deals, store, views })
    const records = deals.deals.inStates(['published', 'sealing', 'active', 'agreed'])
    const ended = deals.deals.count() - records.length
    const pieces = await findPieces(deals)
    witnessed = { homeId, agreements: deals.deals.count(), nextSector: store.nextNumber() }
    made = {
      providerId,
      deals: { live: records.length, ended },
      sectors: sectors.counts,
      pieces,
      nextSector: store.nextNumber(),
      unknown: [
        ...sectors.unknown,
        'deals that were signed and are not on the chain yet: one that is published later is taken over then',
        'uploads that were under way, quotes, log-ins, and what had happened to each deal and challenge until now',
      ],
    }
  } finally {
    db.close()
  }
  openWitness(folders.homeRecord, witnessed)
  const oldStore = await replaceStore(folders, path)
  return { store: folders.database, oldStore, ...made }

  /** One that cannot be read is made anew too. */
  function witnessBefore(path: string): Witnessed | undefined {
    try {
      return readWitness(path)
    } catch (error) {
      if (error instanceof HomeRecordInvalidError) return undefined
      throw error
    }
  }
}

/** The same of all that are there; undefined when they have none, or belong to two. */
function homeOf(volumes: readonly VolumeConfig[]): string | undefined {
  const homes = new Set(
    volumes.flatMap(({ path, id }) => {
      const record = readVolumeRecord(path)
      return record?.id === id && record.home !== undefined ? [record.home] : []
    }),
  )
  return homes.size === 1 ? [...homes][0] : undefined
}

/** Named in the configuration last: a rebuild that was killed says again which ones. */
async function takeOver(
  { config: path }: ProviderFolders,
  before: ProviderConfig,
  { paths, owner, homeId }: { paths: readonly string[]; owner: string; homeId: string },
): Promise<ProviderConfig> {
  let config = before
  for (const each of paths) {
    const at = await realpath(each).catch(() => resolve(each))
    const { id } = await takeVolumeOver(at, owner, homeId)
    const known = config.volumes.find((volume) => volume.id === id)
    const others = config.volumes.filter((volume) => volume.id !== id && volume.path !== at)
    const volumes = [...others, { roles: volumeRoles, weight: 1, ...known, id, path: at }]
    config = await changeConfig(path, { volumes })
  }
  return config
}

/** @throws HomeLockedError */
function requireNotRunning({ database }: ProviderFolders): void {
  if (!existsSync(database)) return
  try {
    openStore(database).close()
  } catch (error) {
    if (GranaryError.is(error) && (error.code === 'STORE_LOST' || error.code === 'STORE_VERSION')) return
    throw error
  }
}

/** Pieces of live deals: by their size; the scrub of a running provider reads them. */
async function findPieces({ deals, files }: Deals): Promise<RebuildReport['pieces']> {
  const missing: string[] = []
  let found = 0
  for (const { pieceCid, payloadSize } of deals.pieces()) {
    const needed = deals.dealsOfPiece(pieceCid).some(({ state }) => isLive(state))
    if (!needed) continue
    await files.bringBack(pieceCid)
    const size = (await stat(files.piecePath(pieceCid)).catch(() => undefined))?.size
    if (size === payloadSize) found += 1
    else missing.push(pieceCid)
  }
  return { found, missing }
}

async function replaceStore({ root, database }: ProviderFolders, rebuilt: string): Promise<string | undefined> {
  let oldStore: string | undefined
  const nowMs = Date.now()
  for (const suffix of ['-wal', '-shm', ''])
    if (existsSync(`${database}${suffix}`)) oldStore = await setAside(`${database}${suffix}`, nowMs)
  await rename(rebuilt, database)
  await syncFolder(root)
  return oldStore
}
