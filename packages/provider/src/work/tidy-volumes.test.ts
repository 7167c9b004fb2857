/** What is moved between volumes, what stays of it and for how long, with real files. */
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { TestSector } from '../../test/sealed-sectors.ts'
import { flipByte, sealOne, VolumeWorld } from '../../test/volume-world.ts'
import { makeVolume } from '../storage/volume-record.ts'
import { volumeRoles } from '../storage/volumes.ts'

const MINUTE_MS = 60_000
let root: string
let sealed: TestSector

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-tidy-'))
  sealed = await sealOne(root)
})
afterAll(() => rm(root, { recursive: true }))

function world(name: string): Promise<VolumeWorld> {
  return VolumeWorld.begin(join(root, name), sealed)
}

test('a volume that is drained is empty once its time is over, and may be detached', async () => {
  const here = await world('drained')
  here.homeRoles = []
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? volumeRoles : [] }))
  for (let count = 0; count < 3; count++) {
    await here.addPiece()
    await here.addSector()
  }
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? [] : volumeRoles }))
  await here.tidy()
  const drained = join(here.folder, 'a')
  // Who had begun to read them reads on.
  expect(readdirSync(join(drained, 'sectors'))).toHaveLength(3)
  expect(here.volumes.misplaced('sector', 'replicas')).toEqual([])
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  expect([readdirSync(join(drained, 'sectors')), readdirSync(join(drained, 'pieces'))]).toEqual([[], []])
  expect(here.lost()).toEqual([])
})

test('what is not wanted any more when its copy is whole stays where it was, alone', async () => {
  const here = await world('unwanted')
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.addSector()
  here.others = here.others.map((each) => ({ ...each, roles: volumeRoles }))
  const item = { kind: 'sector', number: 1 } as const
  const before = here.volumes.pathOf(item)
  let asked = 0
  // It ends, or is found to be damaged, just then.
  await here.volumes.move(item, 'replicas', () => asked++ === 0)
  expect([asked, here.volumes.pathOf(item)]).toEqual([2, before])
  expect(here.others.flatMap(({ path }) => readdirSync(join(path, 'sectors')))).toEqual([])
})

test('what was moved stays as long as its copy is not whole', async () => {
  const here = await world('damaged')
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.addSector()
  await here.addPiece()
  here.homeRoles = []
  here.others = here.others.map((each) => ({ ...each, roles: volumeRoles }))
  await here.tidy()
  await rm(join(here.volumes.pathOf({ kind: 'sector', number: 1 }), 'replica'))
  const [pieceCid] = here.pieces.keys()
  await writeFile(here.volumes.pathOf({ kind: 'piece', pieceCid: pieceCid! }), 'changed')
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['1'])
  expect(readdirSync(join(here.folder, 'pieces'))).toEqual([`${pieceCid}.car`])
})

/** A sector and a piece that were moved from the home to the volumes. */
async function movedFromHome(name: string): Promise<{ here: VolumeWorld; pieceCid: string }> {
  const here = await world(name)
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.addSector()
  await here.addPiece()
  here.homeRoles = []
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? volumeRoles : [] }))
  await here.tidy()
  return { here, pieceCid: [...here.pieces.keys()][0]! }
}

test('what was moved stays as long as its copy differs, be it by one bit, and an alert names both', async () => {
  const { here, pieceCid } = await movedFromHome('flipped')
  const sector = join(here.folder, 'sectors', '1')
  const piece = join(here.folder, 'pieces', `${pieceCid}.car`)
  await flipByte(join(here.volumes.pathOf({ kind: 'sector', number: 1 }), 'replica'))
  await flipByte(here.volumes.pathOf({ kind: 'piece', pieceCid }))
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['1'])
  expect(readdirSync(join(here.folder, 'pieces'))).toEqual([`${pieceCid}.car`])
  const place = here.volumes.pathOf({ kind: 'sector', number: 1 })
  expect(here.alerts.list()).toMatchObject([
    { code: 'COPY_DIFFERS', subject: sector, message: expect.stringContaining(place) },
    { code: 'COPY_DIFFERS', subject: piece },
  ])
  // One is mended where it was moved to, the other is removed by its owner.
  await flipByte(join(place, 'replica'))
  await rm(piece)
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  expect([here.alerts.list(), existsSync(sector)]).toEqual([[], false])
})

test('what is moved back removes nothing of what lay there before', async () => {
  const { here, pieceCid } = await movedFromHome('back')
  await flipByte(here.volumes.pathOf({ kind: 'piece', pieceCid }))
  here.homeRoles = volumeRoles
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.tidy()
  const [aside] = readdirSync(join(here.folder, 'pieces', 'aside'))
  expect(readFileSync(join(here.folder, 'pieces', 'aside', aside!))).toEqual(here.pieces.get(pieceCid))
})

test('what is moved back to where it lay is taken up there, and leaves nothing aside', async () => {
  const { here, pieceCid } = await movedFromHome('and-back')
  here.homeRoles = volumeRoles
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.tidy()
  const items = [{ kind: 'sector', number: 1 } as const, { kind: 'piece', pieceCid } as const]
  expect(items.map((item) => here.volumes.pathOf(item))).toEqual([
    join(here.folder, 'sectors', '1'),
    join(here.folder, 'pieces', `${pieceCid}.car`),
  ])
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  const folders = [here.folder, ...here.others.map(({ path }) => path)]
  const left = folders.flatMap((folder) => ['sectors', 'pieces'].flatMap((name) => readdirSync(join(folder, name))))
  expect(left).toEqual(['1', `${pieceCid}.car`])
  expect([here.lost(), here.alerts.list()]).toEqual([[], []])
})

test('where another disk is in the place of the one that something was moved from, nothing is removed', async () => {
  const here = await world('swapped')
  here.homeRoles = []
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? volumeRoles : [] }))
  await here.addSector()
  await here.addPiece()
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 1 ? volumeRoles : [] }))
  await here.tidy()
  const [pieceCid] = here.pieces.keys()
  const a = join(here.folder, 'a')
  renameSync(a, `${a}.unplugged`)
  await mkdir(a)
  await makeVolume(a, '0x02', 'there')
  await cp(sealed.dir, join(a, 'sectors', '1'), { recursive: true })
  await writeFile(join(a, 'pieces', `${pieceCid}.car`), here.pieces.get(pieceCid!)!)
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect([readdirSync(join(a, 'sectors')), readdirSync(join(a, 'pieces'))]).toEqual([['1'], [`${pieceCid}.car`]])
  expect(here.lost()).toEqual([])
})

test('a folder that two volumes name is one copy, not two', async () => {
  const here = await world('twice')
  const a = join(here.folder, 'a')
  for (const name of ['sectors', 'pieces']) {
    await rm(join(here.folder, name), { recursive: true })
    await symlink(join(a, name), join(here.folder, name))
  }
  here.restart()
  await here.addSector()
  await here.addPiece()
  here.restart()
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(here.lost()).toEqual([])
})

test('what is over soon after it was moved does not stay where it lay', async () => {
  const { here, pieceCid } = await movedFromHome('over')
  await here.retire()
  await rm(here.volumes.pathOf({ kind: 'piece', pieceCid }))
  here.pieces.delete(pieceCid)
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  const folders = ['sectors', 'pieces'].map((name) => join(here.folder, name))
  // Kept for a month: it may be the sounder one of the two.
  expect(folders.map((folder) => readdirSync(folder))).toEqual([['aside'], ['aside']])
})

test('what comes back with a volume that is drained goes on to others, and what is over goes aside', async () => {
  const here = await world('returned')
  const [a] = here.others
  here.others = here.others.map((each, at) => ({ ...each, roles: at === 0 ? volumeRoles : [] }))
  here.homeRoles = []
  for (let count = 0; count < 2; count++) await here.addSector()
  here.vanish(a!.path)
  here.restart()
  here.store.move(1, 'proving', { state: 'expired', cleaned: false })
  here.store.move(1, 'expired', { state: 'expired', cleaned: true })
  here.sectors.delete(1)
  here.comeBack()
  here.homeRoles = volumeRoles
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.tidy()
  here.nowMs += 11 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(a!.path, 'sectors'))).toEqual(['aside'])
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['2'])
  expect(here.lost()).toEqual([])
})

test('a piece that is being sealed stays where its sealing was told that it lies', async () => {
  const { here, pieceCid } = await movedFromHome('sealing')
  const piece = { dealId: 1, agreementId: '0x01', pieceCid, payloadSize: 127, paddedSize: 128, publishedAt: 1 }
  const pieces = [{ ...piece, endsBy: 900, offset: 0 }]
  here.store.adopt({ number: 90, openedAtMs: 0, pieces, phase: { state: 'sealing', ticket: null } })
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(here.folder, 'pieces'))).toEqual([`${pieceCid}.car`])
  here.store.move(90, 'sealing', { state: 'failed', code: 'TICKET_EXPIRED', message: '', cleaned: true })
  here.nowMs += 60 * MINUTE_MS
  await here.tidy()
  expect(readdirSync(join(here.folder, 'pieces'))).toEqual([])
})

test("another provider's sector under the number of one that is over is not touched", async () => {
  const here = await world('foreign')
  here.others = here.others.map((each) => ({ ...each, roles: [] }))
  await here.addSector()
  here.store.move(1, 'proving', { state: 'expired', cleaned: true })
  here.providerId = 1_001
  here.homeRoles = []
  await here.tidy()
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['1'])
  here.providerId = 1_000
  await here.tidy()
  expect(readdirSync(join(here.folder, 'sectors'))).toEqual(['aside'])
})

test('what is damaged is not moved while it is made again', async () => {
  const here = await world('being-mended')
  await here.addSector()
  const { path } = here.others[0]!
  here.homeRoles = []
  here.others = here.others.map((each) => ({ ...each, roles: each.path === path ? volumeRoles : [] }))
  here.damaged.add('sector 1')
  const before = here.volumes.pathOf({ kind: 'sector', number: 1 })
  here.others = here.others.map((each) => ({ ...each, roles: before.startsWith(each.path) ? [] : volumeRoles }))
  await here.tidy()
  expect(here.volumes.pathOf({ kind: 'sector', number: 1 })).toBe(before)
  here.damaged.clear()
  await here.tidy()
  expect(here.volumes.pathOf({ kind: 'sector', number: 1 })).not.toBe(before)
})
