/** The faults of docs/reliability.md, one a kind, as they happen to a market in which puts go on. */
import { once } from 'node:events'
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { devnetPassphrase, readKey } from '@granary/chain/keystore'
import { sendMessage } from '@granary/protocol/client'
import { accountSigner } from '@granary/protocol/messages'
import { alertOver, eventually, type KeptProvider } from './kept-provider.ts'
import { type RedisServer, startRedis } from './redis.ts'
import { fillDisk, type SmallDisk, type Unmountable } from './small-disk.ts'
import type { SoakMarket } from './soak-market.ts'
import { allSound } from './soak-report.ts'
import { eventsSoFar } from './stored-market.ts'
import { succeeded } from './story.ts'

/** Each waits for a chain, for a sealing, for a challenge; on a machine that does other things too. */
const WITHIN_MS = 180_000
const FULL_MS = 40_000
const REDIS_AWAY_MS = 60_000
const KILLS = 10
const UP_MS = 3_000
const GRN = 10n ** 18n

/** provider.sqlite is put back from a copy that is two deals old. */
export async function storeFromOldCopy(market: SoakMarket, provider: KeptProvider): Promise<void> {
  const { bench } = market
  const store = join(provider.folder, 'provider.sqlite')
  const copy = join(bench.home, 'store-copy')
  await provider.stop()
  copyStore(store, copy)
  await provider.start()
  await market.reported(2, provider)
  await provider.kill()
  copyStore(copy, store)
  const { code, stdout, stderr } = await provider.refused()
  if (code === 0 || !`${stdout}${stderr}`.includes('STORE_LOST'))
    throw new Error(`a store of two deals ago was taken, exit ${code}: ${stdout}\n${stderr}`)
  succeeded(await provider.command(['rebuild', '--chain', market.chain().url]))
  await provider.start()
}

function copyStore(from: string, to: string): void {
  for (const suffix of ['', '-wal', '-shm']) {
    rmSync(`${to}${suffix}`, { force: true })
    if (existsSync(`${from}${suffix}`)) cpSync(`${from}${suffix}`, `${to}${suffix}`)
  }
}

/** The chain's folder is put back from a copy that is a deal old; who put what it has forgotten puts it again. */
export async function chainFromOldCopy(market: SoakMarket): Promise<void> {
  const { bench } = market
  const folder = join(bench.home, 'chain')
  const copy = join(bench.home, 'chain-copy')
  await market.restartChain(() => cpSync(folder, copy, { recursive: true }), 'stop')
  await market.reported(1)
  const before = market.stored.length
  await market.restartChain(() => {
    rmSync(folder, { recursive: true })
    cpSync(copy, folder, { recursive: true })
  }, 'kill9')
  await market.putAgainWhatIsForgotten()
  if (market.stored.length < before) throw new Error('deals were forgotten here')
}

/** Of two unsealed pieces one is changed and one is gone when the provider starts. */
export async function piecesDamaged(market: SoakMarket, provider: KeptProvider): Promise<void> {
  const pieces = (await market.longDealsOf(provider)).slice(-2).map(({ data }) => data.pieceCid)
  const paths = pieces.map((pieceCid) => join(provider.folder, 'pieces', `${pieceCid}.car`))
  const [flipped, lost] = paths as [string, string]
  const before = paths.map((path) => readFileSync(path))
  await provider.stop()
  const bytes = readFileSync(flipped)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(flipped, bytes)
  rmSync(lost)
  await provider.start()
  await eventually('both pieces are made again', WITHIN_MS, async () =>
    paths.every((path, n) => readFileSync(path).equals(before[n]!)),
  )
  await alertOver(provider, 'PIECE_DAMAGED', WITHIN_MS)
}

/** The owner takes the collateral and nearly all the money, and later brings it back. */
export async function moneyAway(market: SoakMarket, provider: KeptProvider): Promise<void> {
  const { client } = market
  const passphrase = await devnetPassphrase(provider.folder)
  const owner = accountSigner(await readKey(join(provider.folder, 'keystore.json'), passphrase))
  const elsewhere = accountSigner(new Uint8Array(32).fill(7))
  await client.faucet(elsewhere.address)
  // In a deal whose sector is not sealed yet: its deposit and pledge are what will be missing.
  await market.reported(1, provider)
  await (await market.nextPutOf(provider)).said(/"type":"published"/)
  const amount = BigInt((await client.provider(provider.id)).collateral.free)
  const collateral = { provider: provider.id, amount }
  await sendMessage({ chain: client, signer: owner, kind: 'WithdrawCollateral', body: collateral })
  const money = BigInt((await client.account(owner.address)).balance) - 2n * GRN
  await sendMessage({ chain: client, signer: owner, kind: 'Transfer', body: { to: elsewhere.address, amount: money } })
  await eventually('the owner is told', WITHIN_MS, async () =>
    (await provider.alerts()).some(({ code }) => code.startsWith('INSUFFICIENT')),
  )
  await sendMessage({ chain: client, signer: elsewhere, kind: 'Transfer', body: { to: owner.address, amount: money } })
  await sendMessage({ chain: client, signer: owner, kind: 'DepositCollateral', body: collateral })
  await alertOver(provider, 'INSUFFICIENT', WITHIN_MS)
}

/** Nothing fits on the provider's disk for a while. */
export async function diskFull(market: SoakMarket, provider: KeptProvider, disk: SmallDisk): Promise<void> {
  const filler = join(disk.outside, 'filler')
  fillDisk(filler)
  const filling = setInterval(() => fillDisk(filler), 200)
  await eventually('the owner is told', WITHIN_MS, async () =>
    (await provider.alerts()).some(({ code }) => code === 'DISK_FULL'),
  )
  await sleep(FULL_MS)
  clearInterval(filling)
  rmSync(filler)
  await alertOver(provider, 'DISK_FULL', WITHIN_MS)
  await market.reported(1, provider)
}

/**
 * A disk is pulled out, and put back when its sectors have been declared and others have been made: a put whose piece lies on it
 * waits, and no other does. All that were declared are asked back at once: each partition has one request for all that it has,
 * and no recovery is missed.
 */
export async function volumeGone(market: SoakMarket, provider: KeptProvider, volume: Unmountable): Promise<void> {
  const { client } = market
  const { height: goneAt } = await client.status()
  const unsound = async (): Promise<number> =>
    (await client.partitions(provider.id)).filter(({ sound, sectors }) => sound < sectors).length
  volume.unmount()
  await eventually('the owner is told', WITHIN_MS, async () =>
    (await provider.alerts()).some(({ code }) => code === 'VOLUME_AWAY'),
  )
  await eventually('its sectors are declared', WITHIN_MS, async () => (await unsound()) > 0)
  await market.putBeside(provider)
  const [partitions, { height: backAt }] = [await unsound(), await client.status()]
  volume.mount()
  await alertOver(provider, 'VOLUME_AWAY', WITHIN_MS)
  await eventually('its sectors are proven again', WITHIN_MS, () => allSound(market, provider))
  const events = await eventsSoFar(client, ['recovery:requested', 'recovery:missed', 'post:missed'])
  const since = events.filter((event) => event.provider === provider.id && event.height > goneAt)
  const asked = since.filter(({ type, height }) => type === 'recovery:requested' && height > backAt)
  // One that was drawn before they were declared, and is counted now, makes others faulty: they have a request of their own.
  const missed = since.filter(({ type }) => type === 'post:missed')
  if (since.some(({ type }) => type === 'recovery:missed') || asked.length > partitions + missed.length)
    throw new Error(`of ${partitions} partitions not all was asked back at once: ${JSON.stringify(since)}`)
  await market.reported(1, provider)
}

/** Up long enough between two of them to answer what was asked meanwhile. */
export async function tenKills(provider: KeptProvider): Promise<void> {
  for (let kill = 0; kill < KILLS; kill += 1) {
    await provider.kill()
    await provider.start()
    await sleep(UP_MS + (kill % 4) * 500)
  }
}

/** The queue's Redis is killed, and with it what was queued; another comes to its port a minute later. */
export async function redisGone(market: SoakMarket, provider: KeptProvider, redis: RedisServer): Promise<void> {
  const died = once(redis.process, 'exit')
  redis.process.kill('SIGKILL')
  await died
  await sleep(REDIS_AWAY_MS)
  await startRedis(market.bench, redis.port)
  await market.reported(1, provider)
}

/** One replica of a partition is not what it was. */
export async function sectorDamaged(market: SoakMarket, provider: KeptProvider): Promise<void> {
  const { client } = market
  const [stored] = await market.longDealsOf(provider)
  const { sector } = await client.deal(stored!.data.dealId)
  const replica = join(provider.folder, 'sectors', String(sector!.number), 'replica')
  const bytes = readFileSync(replica)
  writeFileSync(
    replica,
    bytes.map((byte) => byte ^ 0xff),
  )
  await eventually('the same replica is sealed again', WITHIN_MS, async () => readFileSync(replica).equals(bytes))
  await eventually('none of its sectors is faulty', WITHIN_MS, () => allSound(market, provider))
}
