import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from '@jest/globals'
import { moveAcross } from './move-across.ts'

const OTHER_DISK = '/dev/shm'
const here = mkdtempSync(join(tmpdir(), 'granary-move-'))
const hasOther = existsSync(OTHER_DISK) && statSync(OTHER_DISK).dev !== statSync(here).dev
const there = hasOther ? mkdtempSync(join(OTHER_DISK, 'granary-move-')) : here
afterAll(() => {
  for (const folder of [here, there]) rmSync(folder, { recursive: true, force: true })
})

const alike = 'files that are moved to another disk at once keep their own bytes, and leave nothing'
const onTwoDisks = hasOther ? test : test.skip
onTwoDisks(hasOther ? alike : `${alike}: ${OTHER_DISK} is no other disk here`, async () => {
  const names = Array.from({ length: 32 }, (_, number) => `file-${number}`)
  for (const name of names) writeFileSync(join(here, name), name.repeat(10_000))
  await Promise.all(names.map((name) => moveAcross(join(here, name), join(there, name))))
  const wrong = names.filter((name) => readFileSync(join(there, name), 'utf8') !== name.repeat(10_000))
  expect(wrong).toEqual([])
  expect([readdirSync(here), readdirSync(there).sort()]).toEqual([[], names.sort()])
})
