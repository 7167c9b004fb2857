import { expect, test } from '@jest/globals'
import { resumeOf } from './put-resume.ts'

const given: Parameters<typeof resumeOf>[1] = {
  ...{ hidden: false, links: 'keep', cidProfile: 'unixfs-v1-2025', wait: true, progress: 'text' },
  chain: 'http://127.0.0.1:1',
}

test('the command that goes on makes the same deals, for the same bound, with the same key', () => {
  const plain = resumeOf(['a b'], given).cmd
  expect(plain).not.toMatch(/--again|--yes|--max-price|--passphrase-file/)
  const { cmd } = resumeOf(['a b'], { ...given, again: true, yes: true, maxPrice: 5n, passphraseFile: '/k/pass' })
  expect(cmd).toContain(" --again --yes --max-price '5 attoGRN' --passphrase-file /k/pass ")
})

test('the command that goes on means the same files, on the chain that was meant', () => {
  const genesis = `0x${'1'.repeat(64)}`
  expect(resumeOf(['-a', '-'], { ...given, genesis }).cmd).toBe(
    `granary put ./-a - --chain http://127.0.0.1:1 --genesis ${genesis}`,
  )
})
