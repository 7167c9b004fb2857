import { expect, test } from '@jest/globals'
import { createPatientFiles, DiskSilentError, type PatientFiles } from './patient-files.ts'

/** Reads of one folder that hang until they are told otherwise. */
function hangingReads(files: PatientFiles, count: number) {
  const { promise, resolve } = Promise.withResolvers<void>()
  let begun = 0
  const hang = async (): Promise<string> => {
    begun += 1
    await promise
    return 'bytes'
  }
  const reads = Array.from({ length: count }, (_, at) => files.read(`/hanging/${at}`, hang).catch((error) => error))
  return { reads, begun: () => begun, answer: resolve }
}

test('of a folder so many reads are under way at a time, and the others in their turn', async () => {
  const files = createPatientFiles({ underWayMax: 2 })
  const { reads, begun, answer } = hangingReads(files, 5)
  expect(await files.read('/sound/0', async () => 'others')).toBe('others')
  expect(begun()).toBe(2)
  answer()
  expect([await Promise.all(reads), begun()]).toEqual([Array.from({ length: 5 }, () => 'bytes'), 5])
})

test('a read that fails lets the next one begin', async () => {
  const files = createPatientFiles({ underWayMax: 1 })
  const fail = async (): Promise<never> => {
    throw new Error('no such file')
  }
  const failing = [1, 2].map(() => expect(files.read('/a/0', fail)).rejects.toThrow('no such file'))
  await Promise.all(failing)
  expect(await files.read('/a/0', async () => 'bytes')).toBe('bytes')
})

test('none is waited for too long, nothing more is begun there, and all is as before once the disk answers', async () => {
  const files = createPatientFiles({ underWayMax: 2, waitMs: 20 })
  const { reads, begun, answer } = hangingReads(files, 5)
  for (const outcome of await Promise.all(reads)) expect(outcome).toBeInstanceOf(DiskSilentError)
  await expect(files.read('/hanging/9', async () => 'bytes')).rejects.toThrow('the disk of /hanging has not answered')
  expect(begun()).toBe(2)
  expect(await files.read('/sound/0', async () => 'others')).toBe('others')
  answer()
  await new Promise(setImmediate)
  expect(await files.read('/hanging/9', async () => 'bytes')).toBe('bytes')
})
