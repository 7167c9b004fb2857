import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { diskLooks } from './disk-looks.ts'
import { createNameParts } from './name-parts.ts'
import { createPatientLooks, type PatientLooks } from './patient-looks.ts'

let folder: string
let looks: PatientLooks
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-looks-'))
})
afterEach(() => {
  looks.stop()
  rmSync(folder, { recursive: true })
})

test('a volume is seen as it is', () => {
  looks = createPatientLooks(() => [folder])
  const file = join(folder, 'file')
  expect([looks.exists(file), looks.text(file), looks.file(file), looks.names(file)]).toEqual([
    false,
    undefined,
    undefined,
    [],
  ])
  writeFileSync(file, 'words')
  expect([looks.exists(file), looks.text(file), looks.names(folder)]).toEqual([true, 'words', ['file']])
  expect(looks.file(file)).toBe(diskLooks.file(file))
  const { bytes, device } = diskLooks.room(folder)
  expect(looks.room(folder)).toMatchObject({ bytes, device })
  expect([looks.isWritable(folder), looks.isWritable(join(folder, 'none'))]).toEqual([true, false])
  expect(() => looks.room(join(folder, 'none'))).toThrow('ENOENT')
  expect(looks.silentMs(file)).toBe(0)
})

test('the names in a folder come in parts, and are all there, however many they are', () => {
  looks = createPatientLooks(() => [folder])
  expect([looks.names(folder), looks.names(join(folder, 'none'))]).toEqual([[], []])
  for (let at = 0; at < 2_500; at += 1) writeFileSync(join(folder, `${at}`), '')
  const all = readdirSync(folder).toSorted()
  expect(looks.names(folder).toSorted()).toEqual(all)
  const parts = createNameParts()
  const found: (readonly string[])[] = [parts.firstNames(folder)]
  while (found.at(-1)!.length > 0) found.push(parts.nextNames(folder))
  expect([found.flat().toSorted(), found.map(({ length }) => length)]).toEqual([all, [2_048, 452, 0]])
  expect([parts.firstNames(join(folder, 'none')), parts.nextNames(folder)]).toEqual([[], []])
  expect(looks.silentMs(folder)).toBe(0)
})

test('a disk that does not answer is waited for once, has nothing on it, and is there again when it answers', async () => {
  const [hanging, sound] = [join(folder, 'hanging'), join(folder, 'sound')]
  for (const each of [hanging, sound]) execFileSync('mkdir', [each])
  // To open it for reading does not return until somebody writes to it.
  const fifo = join(hanging, 'fifo')
  execFileSync('mkfifo', [fifo])
  writeFileSync(join(sound, 'file'), 'words')
  looks = createPatientLooks(() => [hanging, sound], { waitMs: 200 })
  expect(looks.exists(fifo)).toBe(true)
  expect(looks.text(fifo)).toBeUndefined()
  const startMs = performance.now()
  for (let time = 0; time < 1_000; time += 1) looks.exists(fifo)
  expect(looks.exists(fifo)).toBe(false)
  expect([looks.names(hanging), looks.isWritable(hanging), looks.room(hanging).freeBytes]).toEqual([[], false, 0])
  // Had each of these waited it would have been minutes.
  expect(performance.now() - startMs).toBeLessThan(60_000)
  expect(looks.silentMs(fifo)).toBeGreaterThan(0)
  expect([looks.text(join(sound, 'file')), looks.silentMs(sound)]).toEqual(['words', 0])
  closeSync(openSync(fifo, 'w'))
  while (looks.silentMs(fifo) > 0) await sleep(5)
  expect(looks.names(hanging)).toEqual(['fifo'])
})
