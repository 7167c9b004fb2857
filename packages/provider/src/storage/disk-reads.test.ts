import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@jest/globals'
import { createKnownVolumes } from './known-volumes.ts'
import { createPatientLooks } from './patient-looks.ts'

const id = '11111111-1111-4111-8111-111111111111'

test('a disk whose files are seen and that does not read is away, until it reads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'granary-reads-'))
  const [hanging, sound] = [join(folder, 'hanging'), join(folder, 'sound')]
  for (const each of [hanging, sound]) {
    mkdirSync(join(each, 'sectors', '1'), { recursive: true })
    writeFileSync(join(each, 'volume.json'), JSON.stringify({ schemaVersion: 1, id, owner: '0x', home: 'home' }))
  }
  // To open it for reading does not return until somebody writes to it; all that is looked at answers.
  const replica = join(hanging, 'sectors', '1', 'replica')
  execFileSync('mkfifo', [replica])
  writeFileSync(join(sound, 'sectors', '1', 'replica'), new Uint8Array(8192))
  const looks = createPatientLooks(() => [hanging, sound], { tickMs: 5 })
  const config = { homeRoles: [], volumes: [hanging, sound].map((path) => ({ path, id, roles: [], weight: 1 })) }
  const home = { root: folder, sectors: folder, pieces: folder, staging: folder }
  const { all, isThere, isAway } = createKnownVolumes(home, () => config, 'home', looks)
  const [, first, second] = all()
  expect([isThere(first!), isThere(second!)]).toEqual([true, true])
  while (!isAway(first!)) await sleep(5)
  expect([isThere(first!), looks.exists(replica)]).toEqual([false, false])
  while (!isThere(second!)) await sleep(5)
  // What hangs has it open; the next read finds a file.
  renameSync(replica, join(hanging, 'pipe'))
  writeFileSync(replica, new Uint8Array(8192))
  closeSync(openSync(join(hanging, 'pipe'), 'w'))
  while (!isThere(first!)) await sleep(5)
  expect(isAway(first!)).toBe(false)
  looks.stop()
  rmSync(folder, { recursive: true })
})
