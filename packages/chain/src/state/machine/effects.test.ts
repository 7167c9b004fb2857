import { readFile } from 'node:fs/promises'
import { expect, test } from '@jest/globals'
import { effectsSource } from '../../../test/effects-source.ts'

test('effects.ts is the list of the files of messages; test/print-effects.ts prints it anew', async () => {
  expect(await readFile(new URL('./effects.ts', import.meta.url), 'utf8')).toBe(effectsSource())
})
