/** The provider as a program's part: `runProvider` builds every part and joins them. */
import { rm } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { toHex } from '@granary/base'
import { addressesThatCount, createBudget } from '@granary/chain/limits'
import { createChainClient } from '@granary/protocol/client'
import { witnessedChain } from '@granary/protocol/light'
import type { Hash } from '@granary/protocol/messages'
import { createAlerts } from './alerts.ts'
import { createHeightBound } from './chain/bound-height.ts'
import { createChainFollower } from './chain/follow-chain.ts'
import { renewAsk } from './chain/keep-ask.ts'
import { keptTrust } from './chain/kept-trust.ts'
import { matchChain } from './chain/match-chain.ts'
import { createOutbox } from './chain/outbox.ts'
import { askLane, createOwnLane, ownerLane } from './chain/own-lane.ts'
import { readKeys } from './chain/owner-keys.ts'
import { lastKnown, promptChain } from './chain/prompt-chain.ts'
import { createProvenEnds } from './chain/proven-ends.ts'
import { applyConfig, hasMoney, registerProvider } from './chain/register-provider.ts'
import { type ReloadReport, reloadConfig } from './chain/reload-config.ts'
import { requireConfig } from './chain/require-config.ts'
import { requireProfile, requireProfiles } from './chain/require-profile.ts'
import { createSignedState } from './chain/signed-state.ts'
import { takeUpKey } from './chain/take-up-key.ts'
import { type Closer, closeAll } from './closers.ts'
import { collectStart } from './collect-start.ts'
import { changeConfig, type ProviderConfig, readConfig } from './config.ts'
import { createPieceScrub, repairFolder } from './deals/scrub-pieces.ts'
import { readDenylists } from './denylist/read-denylists.ts'
import { foldOutages } from './fold-outages.ts'
import { createProviderMetrics } from './health/provider-metrics.ts'
import { lookAtMeans, type SeenMeans } from './health/seen-means.ts'
import { createAlertSender } from './health/send-alerts.ts'
import { watchHealth } from './health/watch-health.ts'
import { homeIdOf, openHome, requireStore } from './home/open-home.ts'
import { openSectorStates } from './http/admin-app.ts'
import type { ProviderStatus } from './http/admin-operations.ts'
import { createApp, type ProviderInfo } from './http/app.ts'
import { readinessOf } from './http/health.ts'
import { listen } from './http/listen.ts'
import { publicAddress } from './http/public-address.ts'
import { serveAdmin } from './http/serve-admin.ts'
import { uploadRoutes } from './http/uploads.ts'
import { withTimeAndLevel } from './log.ts'
import { agreementOf, createMeans, sessionKeyOn } from './market/agreement-chain.ts'
import { createDeals } from './market/create-deals.ts'
import { openMarket } from './market/open-market.ts'
import { meetChain } from './meet-chain.ts'
import { createProver } from './proving/prover.ts'
import { createQueue } from './queue/create-queue.ts'
import { createLateQueue } from './queue/late-queue.ts'
import { createRetrieval } from './retrieval/create-retrieval.ts'
import type { RunningProvider, RunProviderOptions } from './run-options.ts'
import type { ProviderJobs } from './sealing/jobs.ts'
import type { Machine } from './sealing/machine.ts'
import { workVersion } from './sealing/work-version.ts'
import { createSectorStore } from './sectors/store.ts'
import { createVolumes } from './storage/create-volumes.ts'
import { diskFault } from './storage/disk-fault.ts'
import { diskReserve } from './storage/disk-reserve.ts'
import { makeFolders, providerFolders } from './storage/folders.ts'
import { createKeyedLock } from './storage/keyed-lock.ts'
import { openStore } from './storage/open-store.ts'
import { createPatientLooks } from './storage/patient-looks.ts'
import { sweepAside } from './storage/set-aside.ts'
import { createSettings } from './storage/settings.ts'
import { createTraffic } from './storage/traffic.ts'
import { requireOwnVolumes } from './storage/volume-record.ts'
import { rolesMissing } from './storage/volumes.ts'
import { watchFolders } from './storage/watch-folders.ts'
import { createWork } from './work/create-work.ts'
import { keepTidy } from './work/keep-tidy.ts'
import { makeTables } from './work/make-tables.ts'

export { type BackupReport, backupProvider, restoreProvider } from './home/backup.ts'
export {
  HomeExistsError,
  type InitialConfig,
  type InitProviderOptions,
  initProvider,
  requireNoHome,
} from './home/init-provider.ts'
export { type RebuildOptions, type RebuildReport, rebuildProvider } from './home/rebuild-store.ts'
export { pingRedis } from './queue/ping-redis.ts'
export { loadBitswap } from './retrieval/start-bitswap.ts'
export type { RunningProvider, RunProviderOptions } from './run-options.ts'

const VERSION = '0.1.0'
const DEVNET_SEAL_AFTER_MS = 2_000
/** Of the promised time: what is left is for sealing, which begins earlier where it needs more. */
const SEAL_AFTER_SHARE = 4
const SWEEP_EVERY_MS = 60_000
/** By then what follows a start is over. */
const COLLECT_AFTER_MS = 5_000

/** @throws HomeMissingError, ConfigError, HomeLockedError, ChainMismatchError, ListenError, DiskFaultError, CHAIN_UNREACHABLE, … */
export async function runProvider(options: RunProviderOptions): Promise<RunningProvider> {
  const closers: Closer[] = []
  const stop = (): Promise<void> => closeAll(closers)
  try {
    return { ...(await start(options, closers)), stop }
  } catch (error) {
    await stop().catch((failure: unknown) => options.log?.({ type: 'provider:not-closed', error: String(failure) }))
    throw diskFault(error, providerFolders(options.home).root) ?? error
  }
}

/** Each part that has to be closed is noted in `closers` as soon as it is open; they are closed in reverse. */
async function start(options: RunProviderOptions, closers: Closer[]): Promise<Omit<RunningProvider, 'stop'>> {
  const startedMs = Date.now()
  const everyLine = withTimeAndLevel((event) => {
    options.log?.(event)
    sender.observe(event)
    metrics.observe(event)
  })
  const sender = createAlertSender({ url: () => config.alertsUrl, log: (event) => everyLine(event) })
  closers.push(() => sender.stop())
  const metrics = createProviderMetrics(() => ownStatus())
  let seen: SeenMeans | undefined
  const alerts = createAlerts(everyLine, Date.now, () => ({
    sectors: sectors.countIn('proving'),
    deals: deals.deals.liveCount(),
    locked: seen?.money.lockedCollateral ?? '0',
  }))
  const log = foldOutages(everyLine, alerts)
  const folders = providerFolders(options.home)
  let config = await readConfig(folders.config)
  await makeFolders(folders)
  requireStore(folders)
  const db = openStore(folders.database)
  closers.push(() => db.close())
  const settings = createSettings(db)
  const homeId = homeIdOf(settings)
  const looks = createPatientLooks(() => config.volumes.map(({ path }) => path))
  closers.push(() => looks.stop())
  const volumes = createVolumes(folders, () => config, { homeId, looks })
  const deals = createDeals(db, volumes, () => config)
  const sectors = createSectorStore(db)
  const witness = await openHome({
    ...{ folders, id: homeId, named: config.volumes, volumes, looks, settings, sectors },
    deals: deals.deals,
  })
  const chainUrl = options.chainUrl ?? config.chainUrl
  const heightSeen = Number(settings.get('followedHeight') ?? -1)
  const bound = createHeightBound()
  closers.push(() => bound.stop())
  const chain = createChainClient({ url: chainUrl, heightSeen, heightMax: bound.max })
  const asked = promptChain(chain)
  const denylistsOf = ({ denylists: paths }: ProviderConfig) =>
    readDenylists({ paths, folder: folders.root, alerts, log })
  let denylists = await denylistsOf(config)
  const keys = await readKeys(folders, options.passphrase, config.owner)
  // A block, beside which the rest gets ready. What is missing then, registration says.
  const isNew = settings.get('providerId') === undefined
  const funded = isNew ? hasMoney(chain, keys.address).catch(() => false) : undefined

  const { limits } = config
  const addressOf = addressesThatCount(limits)
  const bytes = createBudget(limits.bytesPerMinute, 60)
  const { host = config.host } = options
  const listener = await listen(host, options.port || (config.port ?? 0), {
    ...{ addressOf, connections: limits.connectionsPerAddress },
    onBytes: (address, moved) => void bytes.spend(address, moved),
  })
  closers.push(() => listener.close())
  const { publicUrl = config.publicUrl } = options
  const reached = publicAddress({ host, port: listener.port, publicUrl, interfaces: networkInterfaces() })
  if (reached.guessed) log({ type: 'provider:address-found', host, endpoint: reached.url })
  const redisOf = ({ sealing }: ProviderConfig) => options.redisUrl ?? sealing.redis
  const openQueue = () =>
    createQueue<ProviderJobs>({
      ...{ folder: folders.queue, redisUrl: redisOf(config), parallel: config.sealing.parallel, alerts, log },
      machine: { ...config.sealing, marks: [] } satisfies Machine,
      offer: () => ({
        ...{ owner: keys.address, version: workVersion() },
        isHomeUsed: config.homeRoles.length > 0,
        marks: config.volumes.map(({ path, id }) => ({ path: join(path, 'volume.json'), text: id })),
      }),
    })
  const queue = createLateQueue(openQueue, alerts)
  closers.push(() => queue.stop())

  await deals.files.placeAll()
  await volumes.dropUnfinished()
  for (const folder of await volumes.heldFolders('piece'))
    await rm(repairFolder(folder), { recursive: true, force: true }).catch(() => {})
  const storedPiece = (piece: { pieceCid: string; payloadSize: number; rootCid: string | undefined }) => ({
    pieceCid: piece.pieceCid,
    path: deals.files.piecePath(piece.pieceCid),
    payloadSize: piece.payloadSize,
    ...(piece.rootCid === undefined ? {} : { rootCid: piece.rootCid }),
  })
  const scrub = createPieceScrub({
    ...{ deals: deals.deals, files: deals.files, alerts, log },
    // Beside the piece two layers of the key lie there, until it is made.
    unseal: ({ pieceCid, payloadSize }, out, signal) =>
      deals.space.during(payloadSize + 2 * sectorBytes, () => sealing.unsealPiece(pieceCid, out, signal)),
    onSound: (pieceCid) => serveAgain(pieceCid),
  })
  closers.push(() => scrub.stop())
  /** Of what is at another place, or was made again. */
  const serveAgain = (pieceCid: string): void => {
    const piece = deals.deals.servedPieces().find((each) => each.pieceCid === pieceCid)
    if (piece !== undefined) retrieval.addPiece(storedPiece(piece)).catch(() => {})
  }
  const traffic = createTraffic(db)
  closers.push(() => {
    try {
      traffic.save()
    } catch (error) {
      log({ type: 'traffic:not-saved', error: String(error) })
    }
  })
  const retrieval = await createRetrieval({
    folder: folders.root,
    pieces: () => deals.deals.servedPieces().map(storedPiece),
    chain: asked,
    url: reached.url,
    libp2pPort: options.libp2pPort === 0 ? (config.libp2pPort ?? 0) : options.libp2pPort,
    libp2pAddresses: config.libp2pAddresses,
    denylists,
    libp2pHost: host,
    onDamaged: scrub.damaged,
    restorationOf: scrub.restorationOf,
    onServed: (root, way, bytes) => {
      traffic.count(root, way, bytes)
      metrics.served(way, bytes)
    },
    log,
  })
  closers.push(() => retrieval.stop())
  const outbox = createOutbox({ db, chain, log })
  const reloading = createKeyedLock()
  const addressLimits = { ...limits, addressOf, bytes, onDownloadsFull: listener.endSlowest }
  const statusAt = (at: Pick<ProviderStatus, 'provider'> & Omit<ProviderStatus['chain'], 'url'>): ProviderStatus => ({
    ...{ provider: at.provider, address: keys.address, url: listener.url, version: VERSION },
    ...{ upMs: Date.now() - startedMs, ...readinessOf(alerts) },
    chain: { url: chainUrl, genesisHash: at.genesisHash, height: at.height },
    acceptDeals: config.acceptDeals,
    sectors: Object.fromEntries(openSectorStates.map((state) => [state, sectors.countIn(state)])),
    deals: deals.deals.counts(),
    outbox: outbox.count(),
    disk: { freeBytes: deals.space.freeBytes(), reserveBytes: diskReserve(folders.root, config.diskReserveBytes) },
    ...{ money: seen?.money ?? null, alerts: alerts.list().length },
  })
  const lastHeight = (): number => Number(settings.get('followedHeight') ?? 0)
  let ownStatus = (): ProviderStatus =>
    statusAt({
      provider: Number(settings.get('providerId') ?? 0),
      genesisHash: settings.get('genesisHash') as Hash,
      height: lastHeight(),
    })
  /** What needs no chain; all of it is taken once that answers. */
  const reloadWaiting = async (): Promise<ReloadReport> => {
    const read = await readConfig(folders.config)
    requireOwnVolumes(read.volumes, homeId, looks)
    denylists = await denylistsOf(read)
    retrieval.deny(denylists)
    return { changed: [], waiting: [] }
  }
  const admin = {
    ...{ port: config.adminPort, accessPath: folders.admin, version: VERSION, status: () => ownStatus() },
    ...{ alerts, traffic, sectors, deals: deals.deals, chain, metrics, log },
  }
  const status = await meetChain({
    ...{ chain, listener, sectors, admin, alerts, log, head: lastHeight, retrieval: retrieval.router },
    ...{ isKnown: settings.get('genesisHash') !== undefined, limits: addressLimits },
    reload: () => reloading.run('config', reloadWaiting),
    signal: options.signal ?? new AbortController().signal,
  })
  const firstHeight = settings.get('genesisHash') === undefined ? status.height : undefined
  matchChain(settings, status, chainUrl)
  const { genesisHash } = status
  const trust = await keptTrust({ settings, chain, named: config.trustedHeader, firstHeight })
  const witnesses = config.witnesses.map((url) => createChainClient({ url, genesisHash }))
  const signed = createSignedState({ chain: witnessedChain(chain, witnesses), genesisHash, ...trust })
  await bound.start(signed, heightSeen)
  const sealAfterOf = ({ sealing, activateWithinMs }: ProviderConfig): number =>
    options.sealAfterMs ??
    sealing.afterMs ??
    (status.devnet ? DEVNET_SEAL_AFTER_MS : Math.floor(activateWithinMs / SEAL_AFTER_SHARE))
  const libp2pPort = portOf(retrieval.multiaddrs)
  // As it is by now: the chain may have been waited for.
  config = await changeConfig(folders.config, {
    ...{ chainUrl, port: listener.port },
    ...(libp2pPort === undefined ? {} : { libp2pPort }),
  })
  const profile = await requireProfile(chain, config.profile)
  const profiles = await requireProfiles(chain, [config.profile, ...config.profiles])
  const { sectorBytes } = profiles.at(-1) ?? profile
  const checkConfig = (config: ProviderConfig) =>
    requireConfig({
      ...{ chain, settings, profile, sectorBytes, hasWorkers: redisOf(config) !== undefined },
      sealAfterMs: sealAfterOf(config),
      ...{ path: folders.config, config, waitingPieces: deals.deals.waitingPieces() },
    })
  await checkConfig(config)

  const lane = createOwnLane(outbox, ownerLane)
  const saying = { chain, sectorBytes, alerts, log }
  const asking = { ...saying, lane: createOwnLane(outbox, askLane) }
  const registrationPath = folders.registration
  const endpoints = [reached.url, ...retrieval.announced]
  const told = { registrationPath, endpoints, peerId: retrieval.peerId }
  const registration = { ...saying, lane, askLane: asking.lane, keys, settings, ...told }
  // Threads that are loaded while the chain's blocks are waited for: proving begins at once after them.
  const prover = createProver()
  closers.push(() => prover.stop())
  await funded
  const providerId = await registerProvider({ ...registration, config })
  const renewing = renewAsk({ ...asking, config: () => config, signer: keys.session.signer, providerId })
  closers.push(() => renewing.stop())
  const reload = (): Promise<ReloadReport> =>
    reloading.run('config', () =>
      reloadConfig({
        ...{ path: folders.config, current: () => config, alerts, log },
        check: async (read) => {
          await checkConfig(read)
          requireOwnVolumes(read.volumes, homeId, looks)
          denylists = await denylistsOf(read)
        },
        use: (next) => {
          config = next
          retrieval.deny(denylists)
        },
        apply: (next) => applyConfig({ ...registration, config: next }, providerId).finally(renewing.again),
      }),
    )

  const partitions = () => sectors.countPartitions()
  const follower = createChainFollower({ chain, from: Math.min(status.height, chain.height), heightMax: bound.max })
  takeUpKey({
    ...{ chain, follower, providerId, key: keys.session, log },
    // What the chain says of it is compared anew, and alerts about it end.
    onTaken: () => reloading.run('config', () => applyConfig({ ...registration, config }, providerId)),
  })
  const ends = createProvenEnds({ signed, providerId, alerts })
  const market = openMarket({
    heightMax: bound.max,
    ...{
      deals,
      settings,
      folders,
      profiles,
      chain,
      asked,
      follower,
      ends,
      genesisHash,
      providerId,
      witness,
      alerts,
      log,
    },
    config: () => config,
    denylists: () => denylists,
    partitions,
    signer: keys.session.signer,
    addPiece: (piece) => retrieval.addPiece(storedPiece(piece)),
    removePiece: (pieceCid) => retrieval.removePiece(pieceCid),
    onPublished: () => sealing.nudge(),
    onPlaced: (pieceCid) => scrub.suspect(pieceCid),
    release: sectors.release,
  })
  const parentsDir = join(options.cacheHome, 'parents')
  const sealing = createWork({
    ...{ db, volumes, folder: folders.root, alerts, witness, chain, follower, ends, providerId, profile, profiles },
    ...{ queue, log, prover, parentsDir },
    signer: keys.session.signer,
    deals: market.feed,
    securePieces: scrub.secure,
    maintenance: () => config.maintenance,
    ...{ sealAfterMs: sealAfterOf(config), blockTimeMs: status.blockTimeMs },
  })
  closers.push(() => sealing.stop())
  closers.push(() => follower.stop())
  follower.start()
  sealing.startProving()
  // With nothing to prove a queue that does not open is most likely a mistake in the command line: said at once.
  if (!sealing.hasReplicas()) await queue.firstTry
  const followed = await market.follow()
  closers.push(() => followed.stop())
  const sweepFolders = async () => {
    const kinds = ['piece', 'upload', 'sector'] as const
    const held = await Promise.all(kinds.map((kind) => volumes.heldFolders(kind)))
    await watchFolders(held.flat(), alerts)
    await sweepAside([folders.root, ...held.flat()], alerts)
  }
  await deals.files.recover()
  await sweepFolders()

  const isChainAway = () => alerts.list().some(({ code }) => code === 'CHAIN_UNREACHABLE')
  const ownView = lastKnown(() => asked.provider(providerId), isChainAway)
  await ownView()
  const info = async (): Promise<ProviderInfo> => ({
    view: await ownView(),
    address: keys.address,
    multiaddrs: retrieval.multiaddrs,
    profile: profiles.at(-1) ?? profile,
    freeBytes: deals.space.freeBytes(),
    ordersMax: Math.floor(config.ordersMaxMs / status.blockTimeMs),
    chain: { genesisHash, height: followed.head(), url: chainUrl },
  })
  const uploads = uploadRoutes({
    tokens: market.tokens,
    uploads: deals.uploads,
    files: deals.files,
    gate: deals.gate,
    checks: deals.checks,
    expiryMs: config.limits.uploadExpiryMs,
    open: market.openUpload,
    takeRoom: market.takeRoom,
    requireFunds: market.requireFunds,
  })
  const app = createApp({
    ...{ info, alerts, log, uploads, tokens: market.tokens, deals: deals.deals, timeline: deals.timeline },
    head: followed.head,
    version: VERSION,
    agreementOf: (dealId) => agreementOf(asked, dealId),
    limits: addressLimits,
    issueQuote: market.issueQuote,
    logIn: market.logIn,
    signRenewal: market.signRenewal,
    acceptPiece: market.acceptPiece,
    retrieval: retrieval.router,
  })
  closers.push(
    keepTidy({
      ...{ volumes, sectors, providerId, deals: deals.deals, lock: deals.lock, files: deals.files, alerts, log },
      onPieceMoved: serveAgain,
      onPiecePlaced: (pieceCid) => {
        serveAgain(pieceCid)
        scrub.suspect(pieceCid)
      },
    }),
  )
  const sweeping = setInterval(() => {
    Promise.all([market.sweep(), sweepFolders(), Promise.try(traffic.save)]).catch((error: unknown) =>
      log({ type: 'uploads:sweep-failed', error: String(error) }),
    )
  }, SWEEP_EVERY_MS)
  closers.push(() => clearInterval(sweeping))
  // Also the first to close: what is being asked should not find parts that are gone.
  closers.push(() => listener.close())
  listener.serve(app)
  sealing.start()
  scrub.start()
  if (options.redisUrl === undefined) {
    const stopping = new AbortController()
    const reserveBytes = (disk: string) => diskReserve(disk, config.diskReserveBytes)
    const making = makeTables({ queue, profiles, parentsDir, reserveBytes, log }, stopping.signal)
    closers.push(async () => {
      stopping.abort()
      await making
    })
  }
  const means = createMeans({ chain: asked, providerId, profiles, partitions })
  const health = watchHealth({
    sessionKey: async () => {
      const { publicKey } = keys.session.signer
      const key = await sessionKeyOn(asked, keys.address, toHex(publicKey))
      // Another one has been taken up since it was asked about.
      if (key !== undefined || keys.session.signer.publicKey === publicKey) return key
      return await sessionKeyOn(asked, keys.address, toHex(keys.session.signer.publicKey))
    },
    isKeyWaiting: keys.session.isWaiting,
    ask: () =>
      seen === undefined || !config.acceptDeals
        ? undefined
        : { validUntil: seen.askUntil, validMs: config.ask.validMs },
    ...{ chain: asked, heard: follower.heard, providerId, alerts, log, folder: folders.root },
    diskReserveBytes: () => diskReserve(folders.root, config.diskReserveBytes),
    rolesMissing: () => rolesMissing(config),
    means: () =>
      lookAtMeans({ chain: asked, providerId, means }, (now) => {
        seen = now
      }),
  })
  health.start()
  closers.push(() => health.stop())
  ownStatus = () => statusAt({ provider: providerId, genesisHash, height: followed.head() })
  closers.push(await serveAdmin({ ...admin, reload, work: sealing }))
  const collecting = setTimeout(collectStart, COLLECT_AFTER_MS).unref()
  closers.push(() => clearTimeout(collecting))
  log({ type: 'provider:serving', provider: providerId, url: listener.url })
  return { url: listener.url, providerId, address: keys.address, reload }
}

/** Of the first address that is listened on. */
function portOf([address]: readonly string[]): number | undefined {
  const port = address === undefined ? undefined : /\/tcp\/(\d+)/.exec(address)?.[1]
  return port === undefined ? undefined : Number(port)
}
